"""One of our own commands as a user starts it, with a meter at its progress: `capture …`, `replay …`.

The marks before the last are met where the command tells how far it is. The last is read when the command has
ended, closed files and connections among it; where it failed there is no result.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from stream_pool.bench.meter import Job, Meter
from stream_pool.cli import progress as progress_module
from stream_pool.cli.progress import Tell
from stream_pool.errors import ExitCode

job = Job.from_environment()
meter = Meter(job)
end = job.marks[-1]
progress = progress_module.progress


@contextmanager
def metered(
    stream: TextIO, what: str, things: str, clock: Callable[[], float] | None = None
) -> Iterator[Tell]:
    """The command's own progress, and the meter behind it."""
    with progress(stream, what, things) as tell:

        def tell_both(done: int, total: int | None, number: int) -> None:
            tell(done, total, number)
            if meter.next_mark <= number and meter.next_mark != end:
                meter.read(number)

        yield tell_both


if __name__ == "__main__":
    progress_module.progress = metered  # before the commands take its name into theirs
    from stream_pool.cli.main import main

    try:
        main()
    except SystemExit as ended:
        if ended.code != ExitCode.OK:
            raise
    if meter.next_mark != end:
        sys.exit(f"it ended before its mark of {meter.next_mark:,} records")
    meter.read(end)
