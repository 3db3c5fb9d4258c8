"""What a pool says about itself at one moment: figures from which metrics, events and advice are made."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PoolStats:
    """One reading of a pool.

    `hits` and `misses` count key lookups since the pool was made: each member of each object of an accepted
    document is one, and so is each call of `Pool.intern`. Short values share the table and are not counted.

    `avg_key_reuse_ratio` is `reuse_ratio`: of the key lookups in the last 60 s, the share that found their
    key pooled::

        reuse_ratio = hits in the window / (hits + misses in the window)

    where the window is the slices that `Pool.tick` closed within the last 60 s and the running one.

    `entropy_bits` is the Shannon entropy of the root objects' layouts in the slice that was closed last and
    the running one::

        entropy_bits = - sum over layouts i of p_i * log2(p_i),   p_i = documents of layout i / documents
    """

    hits: int
    """Key lookups that found their key pooled."""
    misses: int
    """Key lookups that did not."""
    evictions: int
    """Strings that had to leave the table since the pool was made."""
    size: int
    """Strings in the table; over `capacity` only while a smaller capacity is being reached."""
    capacity: int
    """Strings that the table may hold."""
    bytes: int
    """UTF-8 bytes of the strings in the table."""
    shapes: int
    """Object layouts that are shared."""
    reuse_ratio: float
    """In [0, 1]; NaN when there was no lookup in the window."""
    entropy_bits: float
    """0 when every root has the same layout; NaN when no document was decoded."""
