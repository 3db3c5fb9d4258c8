"""The demo for a pipe or a log file: a line an interval, and a line for everything that happens."""

from stream_pool import words
from stream_pool.cli.demo.model import Happening, View

MARKS = {"phase": "====", "opened": "!!!!", "resolved": "  ok", "pool": "pool", "lost": "!!!!"}


def status_line(view: View) -> str:
    """The figures of now."""
    pool = view.pool
    return (
        f"{words.clock(view.at_s)}      "
        f"in {words.count(view.sent_per_s)}/s  out {words.count(view.processed_per_s)}/s  "
        f"lag {words.count(view.lag_records)} = {words.seconds(view.lag_seconds)}  "
        f"p99 {words.seconds(view.p99_s)}  dead letters {words.count(view.dead_letters)}  "
        f"pool hits {words.ratio(pool.hit_ratio)} size {words.count(pool.size)}/{words.count(pool.capacity)} "
        f"evicted {words.count(pool.evictions)}"
    )


def happening_line(happening: Happening) -> str:
    """Something that happened."""
    return f"{words.clock(happening.at_s)} {MARKS[happening.kind]} {happening.text}"
