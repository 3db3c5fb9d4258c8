"""Two judgements of ours beside Burrow's rules, each on a window of one partition, oldest first.

A *quiet* topic takes no new records, so that a consumer with nothing to do is not called stopped over a
remainder (transaction markers, say) that it will never read. *Growing* lag is worse at the end than at the
start although it fell in between, which Burrow's rule for WARN forgives.
"""

from collections.abc import Sequence


def is_quiet(end_offsets: Sequence[int]) -> bool:
    """Whether nothing was produced over the window; fewer than two end offsets cannot tell."""
    return len(end_offsets) >= 2 and min(end_offsets) == max(end_offsets)


def is_growing(lags: Sequence[int]) -> bool:
    """Whether the lag rises over the window, by Kendall's tau: the surplus of rising over falling pairs.

    True where at least three quarters of the pairs rise (tau ≥ 0.5) and the last is above the first; fewer
    than four lags cannot tell. Only the order of the lags matters, so one outlier does not decide.
    """
    if len(lags) < 4 or lags[-1] <= lags[0]:
        return False
    pairs = [(earlier, later) for index, later in enumerate(lags) for earlier in lags[:index]]
    surplus = sum((later > earlier) - (later < earlier) for earlier, later in pairs)
    return 2 * surplus >= len(pairs)
