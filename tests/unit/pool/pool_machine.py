"""A pool and a decoder under any calls in any order, against a plain model: counts, equal strings, bounds."""

from collections.abc import Callable
from math import inf, isnan
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule


class PoolMachine(RuleBasedStateMachine):
    """The pool made by one of `Pool`, and a decoder made by one of `Decoder` that shares it."""

    def __init__(self, Pool: Callable[..., Any], Decoder: Callable[..., Any]) -> None:  # noqa: N803
        super().__init__()
        self.pool = Pool(capacity=12, bytes_max=60)
        self.decoder = Decoder(pool=self.pool)
        self.lookups = 0
        self.at_s = 0.0
        self.size_max = 12
        self.held: list[str] = []

    @rule(text=st.text(st.sampled_from("abé€"), max_size=6), times=st.integers(1, 3), hold=st.booleans())
    def intern(self, text: str, times: int, hold: bool) -> None:
        for _ in range(times):
            pooled = self.pool.intern(text)
            assert pooled == text
            if hold:
                self.held.append(pooled)
        self.lookups += times

    @rule(keys=st.lists(st.sampled_from("abcdef"), unique=True), value=st.text("xyz", max_size=3))
    def decode(self, keys: list[str], value: str) -> None:
        raw = "{" + ",".join(f'"{key}":"{value}"' for key in keys) + "}"
        assert self.decoder.decode(raw) == dict.fromkeys(keys, value)
        self.lookups += len(keys)

    @rule(capacity=st.integers(1, 30))
    def resize(self, capacity: int) -> None:
        self.pool.resize(capacity)

    @rule(step_s=st.floats(0, 100))
    def tick(self, step_s: float) -> None:
        self.at_s += step_s
        self.pool.tick(self.at_s)

    @precondition(lambda self: self.held)
    @rule()
    def let_go(self) -> None:
        self.held.clear()

    @invariant()
    def figures_are_right(self) -> None:
        stats = self.pool.stats()
        assert stats.hits + stats.misses == self.lookups
        assert stats.bytes <= 60
        assert stats.size <= max(stats.capacity, self.size_max)
        assert stats.shapes <= 64
        assert isnan(stats.reuse_ratio) or 0 <= stats.reuse_ratio <= 1
        assert isnan(stats.entropy_bits) or 0 <= stats.entropy_bits < inf
        self.size_max = stats.size
