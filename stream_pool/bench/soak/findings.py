"""What a soak has come to, as a report with bars."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stream_pool.bench.interval import exactly
from stream_pool.bench.ledger import records
from stream_pool.bench.report import Bar, Report
from stream_pool.bench.soak.books import Books
from stream_pool.bench.soak.faults import Struck
from stream_pool.bench.soak.log import Account, is_identical
from stream_pool.bench.soak.memory import Growth
from stream_pool.bench.soak.plan import Kind, Pace
from stream_pool.detection.verdict import Verdict

GROWN_AT_MOST = 1.1
"""Memory of the last round, of that of the first after the warm-up. A trend that is lost in its own noise
passes the other bar; a worker that has grown does not pass this one."""

SHOWN = 5
"""Of what must not be: so many are said."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that is known at the end. `capacity` is in records a second, `sent_s` how long
    was sent."""

    pace: Pace
    capacity: float
    sent_s: float
    acknowledged: int
    unacknowledged: int
    struck: Sequence[Struck]
    books: Books
    verdict: Verdict
    account: Account
    memory: Growth
    exit_codes: Sequence[int]
    hung: int


def report(outcome: Outcome, where: Mapping[str, Any]) -> Report:
    """Figures and bars. How memory goes is judged only where the soak is long enough to tell."""
    books, memory = outcome.books, outcome.memory
    bars = [
        Bar("records lost", exactly(records(books.lost)), "<=", 0),
        Bar("strangers among the dead letters", exactly(len(books.strangers)), "<=", 0),
        Bar("poison without a dead letter", exactly(len(books.unburied)), "<=", 0),
        Bar("log identical", exactly(is_identical(outcome.verdict)), ">=", 1),
        Bar("events lost without a word", exactly(outcome.account.unsaid), "<=", 0),
        Bar("workers killed at their end", exactly(outcome.hung), "<=", 0),
        Bar("exit codes other than 0", exactly(sum(code != 0 for code in outcome.exit_codes)), "<=", 0),
    ]
    if outcome.pace.is_judged:
        grown = exactly(memory.last_mb / memory.first_mb)
        bars += [
            Bar("memory of the spared worker, MB an hour", memory.mb_an_hour, "contains", 0),
            Bar("its memory in the last round, of that in the first", grown, "<=", GROWN_AT_MOST),
        ]
    return Report("soak", where, {"group": _figures(outcome)}, {}, tuple(bars))


def troubles(outcome: Outcome) -> list[str]:
    """What must not be, in words: for whoever has to find the cause."""
    books = outcome.books
    found = [f"lost: partition {run.partition}, [{run.start}, {run.end})" for run in books.lost[:SHOWN]]
    found += [
        f"stranger: partition {letter.partition}, offset {letter.offset}: {letter.reason}"
        for letter in books.strangers[:SHOWN]
    ]
    found += [
        f"no dead letter: partition {place[0]}, offset {place[1]}" for place in sorted(books.unburied)[:SHOWN]
    ]
    if not is_identical(outcome.verdict):
        found.append(f"log not identical: {outcome.verdict}")
    if any(outcome.exit_codes):
        found.append(f"exit codes: {list(outcome.exit_codes)}")
    return found


def _figures(outcome: Outcome) -> dict[str, float]:
    books, slope = outcome.books, outcome.memory.mb_an_hour
    return {
        "sent_s": outcome.sent_s,
        "faults": len(outcome.struck),
        "capacity_per_second": outcome.capacity,
        "sent_per_second": outcome.acknowledged / outcome.sent_s,
        "load": outcome.acknowledged / outcome.sent_s / outcome.capacity,
        "records": books.records,
        "handled": books.handled_records - books.repeats,
        "repeats": books.repeats,
        "dead_letters": len({letter.run for letter in books.letters}),
        "poison": len(books.poison),
        "never_acknowledged": outcome.unacknowledged,
        **_times(outcome.struck),
        "events": outcome.account.events,
        "events_lost_and_said": outcome.account.said_lost,
        **{f"opened: {rule}": count for rule, count in sorted(outcome.account.opened.items())},
        "memory_mb_first": outcome.memory.first_mb,
        "memory_mb_last": outcome.memory.last_mb,
        "memory_blocks": outcome.memory.blocks,
        "memory_mb_an_hour": slope.value,
        "memory_mb_an_hour_low": slope.low,
        "memory_mb_an_hour_high": slope.high,
        "memory_mb_a_day": slope.value * 24,
    }


def _times(struck: Sequence[Struck]) -> dict[str, float]:
    """How long consumption was away: median and worst of each kind."""
    times: dict[str, float] = {}
    for kind in Kind:
        back_s = [each.back_s for each in struck if each.fault.kind is kind]
        if back_s:
            times[f"{kind}: back_s_median"] = statistics.median(back_s)
            times[f"{kind}: back_s_max"] = max(back_s)
    return times
