"""A digest of every callback that a loop ran: two runs with the same digest ran the same way.

The idea: `loop.trace = digest = TraceDigest()` at the start, compare `digest.hex()` at the end. Limits:
it holds for one version of Python (`asyncio` itself differs between them).
"""

from hashlib import blake2b


class TraceDigest:
    """Sums up times and labels of callbacks, in order."""

    def __init__(self) -> None:
        self._hash = blake2b(digest_size=16)
        self.callbacks = 0

    def __call__(self, now: float, label: str) -> None:
        self.callbacks += 1
        self._hash.update(f"{now!r} {label}\n".encode())

    def hex(self) -> str:
        return self._hash.hexdigest()
