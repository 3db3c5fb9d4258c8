"""Which options of `stream-pool replay` go together.

| # | where | have no effect |
|---|---|---|
| 1 | `--offline`, `--compare` | what is said of a broker |
| 2 | `--compare` | `--out`, `--config`: there are two replays, each with settings of its own |
| 3 | `--compare` of two results | what is said of playing: they were played |
| 4 | one replay | `--margin` |
| 5 | to a broker | what is said of the app |
| 6 | `--dry-run` | what is said of a state: nothing is sent |
| 7 | `--dry-run` with no `--to` | what is said of a target |
| 8 | no `--speed`, since it is `max` or a `--rate` alone | `--max-gap`: there are no gaps |
| 9 | `--service-times none` | `--service-factor`: so many times nothing |
"""

from pathlib import Path
from typing import Final

from stream_pool.cli.given import Given
from stream_pool.errors import MisuseError

_STATE: Final = ("resume", "restart", "state")
_BROKER: Final = (*_STATE, "dry_run", "i_mean_production", "times")
_APP: Final = ("app", "out", "workers", "service_times", "service_factor", "drain")
_PLAYED: Final = (*_APP, "topic", "speed", "rate", "max_gap", "loop", "only")


def is_result(side: Path) -> bool:
    """Whether a side of `--compare` is what `replay --offline --json` printed, and not settings."""
    return side.suffix == ".json"


def check_options(
    given: Given, *, is_comparison: bool, is_of_results: bool, is_timed: bool, is_stretched: bool
) -> None:
    """Raises `MisuseError` where an option would have no effect.

    `is_comparison`: of two apps, or of two files, which are results where `is_of_results`. `is_timed`: there
    is a speed, and so there are gaps. `is_stretched`: records take some time.
    """
    if "to" in given and ("offline" in given or is_comparison):
        raise MisuseError("choose one of --to, --offline and --compare")
    if "resume" in given and "restart" in given:
        raise MisuseError("choose one of --resume and --restart")
    if "offline" in given or is_comparison:
        given.refuse(*_BROKER, because="for a replay --to a broker")
        if is_comparison:
            given.refuse("out", "config", because="for one replay --offline, and not for two")
        if is_of_results:
            given.refuse(*_PLAYED, because="the results are compared as they are, and nothing is played")
    else:
        given.refuse(*_APP, because="for a replay --offline")
        if "dry_run" in given:
            given.refuse(*_STATE, because="--dry-run sends nothing")
            if "to" not in given:
                given.refuse("topic", "times", "i_mean_production", because="nothing without --to")
    if not is_comparison:
        given.refuse("margin", because="for --compare")
    if not is_timed:
        given.refuse("max_gap", because="at --speed max, or by a --rate alone, nothing waits for a gap")
    if not is_stretched:
        given.refuse("service_factor", because="with --service-times none there is nothing to stretch")
