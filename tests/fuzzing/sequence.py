"""A sequence: documents that go one after the other through one pool, and what else happens to the pool.

Sequence `number` of a seed is always the same: pool, decoders and steps are drawn from these two numbers
alone. Most documents are near to one that came before.
"""

from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, Literal, NamedTuple

from fuzzing import grammar, mutator
from stream_pool.documents.limits import Limits

_SIZE_MAX: Final = 1500
_CAPACITIES: Final = (1, 2, 3, 8, 16, 64, 256, 4096, 4096, 4096, 4096, 65536)
_WIDTHS: Final = (7, 8, 9, 31, 32, 33, 40, 64, 130, 255, 256, 257, 300)
_DEPTHS: Final = (63, 64, 65, 66, 200, 999, 1023, 1024, 1025, 1100)


class Decode(NamedTuple):
    """One document for the decoder in this place."""

    decoder: int
    raw: bytes | bytearray | memoryview | str


class Disturb(NamedTuple):
    """A call of the pool's: `resize`, `intern` or `tick`."""

    what: str
    argument: Any


Step = Decode | Disturb


@dataclass(frozen=True)
class Settings:
    """Those of one decoder."""

    limits: Limits = field(default_factory=Limits)
    duplicate_keys: Literal["error", "last"] = "error"
    echo: bool = True


@dataclass(frozen=True)
class Sequence:
    """All that is needed to play it again."""

    capacity: int
    bytes_max: int
    pool_seed: int
    decoders: tuple[Settings, ...]
    steps: tuple[Step, ...]

    @property
    def cases(self) -> int:
        """Documents in it."""
        return sum(isinstance(step, Decode) for step in self.steps)


def drawn(seed: int, number: int) -> Sequence:
    """Sequence `number` of a seed."""
    rng = Random(f"stream-pool sequences {seed} {number}")
    decoders = tuple(_settings(rng) for _ in range(1 if rng.random() < 0.8 else 2))
    return Sequence(
        capacity=grammar.pick(rng, _CAPACITIES),
        bytes_max=grammar.pick(rng, (1, 100, 1000, 10_000)) if rng.random() < 0.08 else 8 << 20,
        pool_seed=rng.getrandbits(32),
        decoders=decoders,
        steps=tuple(_steps(rng, len(decoders))),
    )


def _settings(rng: Random) -> Settings:
    return Settings(
        limits=_small_limits(rng) if rng.random() < 0.15 else Limits(),
        duplicate_keys="last" if rng.random() < 0.2 else "error",
        echo=rng.random() < 0.7,
    )


def _small_limits(rng: Random) -> Limits:
    """Some of the limits where documents meet them."""
    bounds: dict[str, tuple[int, ...]] = {
        "document_bytes": (0, 1, 60, 200, 400),
        "depth": (0, 1, 2, 3, 5, 8, 100, 1024),
        "keys": (0, 1, 3, 8, 20, 50),
        "items": (0, 1, 3, 8, 20),
        "key_bytes": (0, 1, 4, 8, 12, 64),
        "string_bytes": (0, 1, 6, 12, 64, 256),
        "number_digits": (1, 2, 5, 17, 19, 20, 300, 4300),
    }
    chosen = [name for name in bounds if rng.random() < 0.3]
    return Limits(**{name: grammar.pick(rng, bounds[name]) for name in chosen})


def _steps(rng: Random, decoders: int) -> list[Step]:
    kind = rng.random()
    if kind < 0.02:
        return _documents(rng, decoders, [grammar.order(rng) for _ in range(2)], 12, 20_000)
    if kind < 0.30:
        return _documents(rng, decoders, [grammar.part_of_order(rng) for _ in range(3)], 100, _SIZE_MAX)
    grown = [grammar.grown(rng, 2 + int(rng.random() ** 2 * 24)) for _ in range(1 + int(rng.random() * 4))]
    return _documents(rng, decoders, grown, 20 + int(rng.random() * 180), _SIZE_MAX)


def _documents(
    rng: Random, decoders: int, starts: list[grammar.Tree], count: int, size_max: int
) -> list[Step]:
    """Each document from one of a few trees, which drift until they are begun anew."""
    chance = rng.random
    trees = [grammar.copied(start) for start in starts]
    seen = [grammar.written(tree) for tree in starts]
    steps: list[Step] = []
    for _ in range(count):
        if chance() < 0.012:
            steps.append(_disturbance(rng))
        at = int(chance() * len(trees))
        kind = chance()
        if kind < 0.24:
            raw = grammar.pick(rng, seen[-6:])
        elif kind < 0.66:
            trees[at] = mutator.nearly(rng, trees[at])
            raw = mutator.spelled(rng, trees[at])
        elif kind < 0.72:
            raw = mutator.spelled(rng, trees[at])
        elif kind < 0.95:
            raw = mutator.broken(rng, grammar.pick(rng, seen[-6:]), grammar.pick(rng, seen))
        elif kind < 0.992:
            trees[at] = grammar.copied(starts[at])
            raw = grammar.written(trees[at])
        else:
            raw = _outsized(rng)
        if len(raw) > size_max:
            trees[at] = grammar.copied(starts[at])
        elif kind < 0.992 and (kind < 0.72 or kind >= 0.95 or chance() < 0.2):
            seen.append(raw)
        steps.append(Decode(int(chance() * decoders), _clothed(rng, raw)))
    return steps


def _outsized(rng: Random) -> bytes:
    """Wide, deep or long."""
    kind = rng.random()
    if kind < 0.5:
        return grammar.written(grammar.wide(rng, grammar.pick(rng, _WIDTHS)))
    if kind < 0.8:
        depth = grammar.pick(rng, _DEPTHS)
        opening, closing = grammar.pick(
            rng, ((b"[", b"]"), (b'{"a":', b"}"), (b'{"a":[', b"]}"), (b"[{},[", b"]]"))
        )
        levels = max(1, depth // opening.count(b"[") if opening.startswith(b"[{") else depth)
        return opening * levels + grammar.scalar(rng) + closing * levels
    if kind < 0.9:
        digits = grammar.pick(rng, (999, 1000, 1001, 4299, 4300, 4301))
        return grammar.pick(rng, (b"[%s]", b"[0.%s]", b"[-%s]", b"[1e-%s]")) % (b"7" * digits)
    text = grammar.pick(rng, (b"x", b"\xc3\xa9", b"\xe6\xbc\xa2", b"\\n", b"\xf0\x9f\x98\x80"))
    text *= grammar.pick(rng, (64, 255, 257, 1000, 1024, 1025, 2000))
    return grammar.pick(rng, (b'["%s"]', b'{"%s":1}', b'{"a":"%s"}')) % text


def _clothed(rng: Random, raw: bytes) -> bytes | bytearray | memoryview | str:
    """The bytes as one of the other types now and then."""
    kind = rng.random()
    if kind < 0.96:
        return raw
    if kind < 0.97:
        return bytearray(raw)
    if kind < 0.98:
        return memoryview(raw)
    try:
        return raw.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return raw


def _disturbance(rng: Random) -> Disturb:
    kind = rng.random()
    if kind < 0.6:
        return Disturb("resize", grammar.pick(rng, _CAPACITIES))
    if kind < 0.8:
        strings = ("id", "sku", "", "é", "€", "never-a-key", "x" * 1025, "\ud800")
        return Disturb("intern", grammar.pick(rng, strings))
    return Disturb("tick", rng.random() * 100)
