"""The detector as a fold over the event log: the same log gives the same anomalies, live, restarted or
refolded.

Nothing enters but the logged events, one by one, in the order of the log. The clock is the log's
(`log_clock`). A tick closes a window: rules are judged then and only then, so time passes even
when every worker is silent. Ticks that come early (a second owner's, before it is fenced) close none.

Anomaly events that come back from the log conclude nothing; they only tick off what was concluded before.
Where the epoch is not ours they say what is open (`epoch`).
Arithmetic is IEEE addition, multiplication and division; nothing depends on the order of a hash.
"""

from stream_pool.detection.alarm import Alarm, Level, Reading, Step
from stream_pool.detection.conclusion import Conclusion, conclude, opened, resolved
from stream_pool.detection.epoch import take_over
from stream_pool.detection.observing import observe
from stream_pool.detection.readings import readings
from stream_pool.detection.rules import Rules
from stream_pool.detection.state import MAX_PENDING, State
from stream_pool.events import (
    Anomaly,
    AnomalyOpened,
    AnomalyResolved,
    ClockTicked,
    LoggedEvent,
    MalformedEvent,
    UnknownEvent,
    event_id,
)


def fold(state: State, logged: LoggedEvent) -> tuple[State, tuple[Conclusion, ...]]:
    """The state after one more event of the log, and what follows from it.

    The state that was passed in is used up: keep the one that comes back. Never raises, whatever the log
    holds.
    """
    state.chain.add(logged)
    state.clock.see(logged)
    event = logged.event
    if isinstance(event, UnknownEvent):
        state.counts["unknown"] += 1
        return state, ()
    if isinstance(event, MalformedEvent):
        state.counts["malformed"] += 1
        return state, ()
    if isinstance(event, AnomalyOpened | AnomalyResolved):
        state.pending.pop(event_id(event), None)
        if state.rules is None:
            take_over(state, event)
        return state, ()
    if state.repeats.is_repeat(event, state.clock_ms):
        state.counts["repeated"] += 1
        return state, ()
    state.counts["taken"] += 1
    if isinstance(event, ClockTicked):
        return state, _tick(state, logged)
    observe(state, event)
    return state, ()


def _tick(state: State, logged: LoggedEvent) -> tuple[Conclusion, ...]:
    rules = state.rules
    if rules is None:
        return ()
    window_ms = int(rules.window_s * 1000)
    if state.closed_ms is not None and 10 * (state.clock_ms - state.closed_ms) < 9 * window_ms:
        return ()
    is_whole = state.closed_ms is not None
    state.closed_ms = state.clock_ms
    for table in (state.partitions, state.topics, state.workers):
        table.expire(state.clock_ms - int(rules.expire_after_s * 1000))
    found = readings(state, rules)
    if not is_whole:
        return ()
    found = sorted(found + _gone(state, found), key=lambda reading: (reading.rule, reading.subject))
    conclusions = tuple(
        conclude(event, logged, state.clock_ms)
        for reading in found
        if (event := _judge(state, rules, logged, reading)) is not None
    )
    for conclusion in conclusions:
        state.pending[conclusion.id] = conclusion
    while len(state.pending) > MAX_PENDING:
        state.pending.popitem(last=False)
    return conclusions


def _gone(state: State, found: list[Reading]) -> list[Reading]:
    """Readings for the anomalies that nobody reports on any more, which would stay open for ever."""
    gone = []
    for key in state.alarms.keys() - {(reading.rule, reading.subject) for reading in found}:
        anomaly = state.alarms[key].opened
        if anomaly is None:
            del state.alarms[key]
            continue
        gone.append(
            Reading(
                rule=anomaly.rule,
                subject=anomaly.subject,
                severity=anomaly.severity,
                level=Level.GONE,
                value=None,
                expected_high=anomaly.expected_high,
            )
        )
    return gone


def _judge(state: State, rules: Rules, logged: LoggedEvent, reading: Reading) -> Anomaly | None:
    key = (reading.rule, reading.subject)
    alarm = state.alarms.get(key) or Alarm()
    step = alarm.step(reading.level, rules.open_after, rules.resolve_after)
    anomaly: Anomaly | None = None
    if step is Step.OPEN:
        anomaly = alarm.opened = opened(reading, logged, state.clock_ms)
    elif step is Step.RESOLVE and alarm.opened is not None:
        anomaly, alarm.opened = resolved(alarm.opened, reading, logged, state.clock_ms), None
    if alarm.is_idle:
        state.alarms.pop(key, None)
    else:
        state.alarms[key] = alarm
    return anomaly
