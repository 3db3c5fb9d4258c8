"""How late things came, as a few exact quantiles of however many there were."""

from typing import Final

KEPT: Final = 8_192


class Timing:
    """Keeps every one of the first `KEPT` values, then every second, then every fourth, and so on."""

    def __init__(self) -> None:
        self.max_s = 0.0
        self._kept: list[float] = []
        self._every = 1
        self._left = 1

    def add(self, seconds: float) -> None:
        """One more."""
        if seconds > self.max_s:
            self.max_s = seconds
        self._left -= 1
        if self._left:
            return
        self._left = self._every
        self._kept.append(seconds)
        if len(self._kept) == KEPT:
            del self._kept[1::2]
            self._every *= 2

    def quantile(self, share: float) -> float | None:
        """What a share of them (0 to 1) did not exceed; None where there were none."""
        if not self._kept:
            return None
        ordered = sorted(self._kept)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)]
