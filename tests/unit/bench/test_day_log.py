"""The log that verification is measured on: a real one, with trouble in it, the same for the same seed."""

from collections import Counter

from stream_pool.bench.day_log import GROUP, day_log
from stream_pool.detection import State, fold, message, missing
from stream_pool.detection.account import account
from stream_pool.events import AnomalyOpened, AnomalyResolved, ClockTicked, MalformedEvent, read_record

HOURS, INTERVAL_S = 17.0, 60


def test_day_log_is_a_log_with_anomalies() -> None:
    """Folded again, its conclusions stand in it to the byte, and its ticks vouch for what is before them."""
    state, wanted, rules, ticks = State(), {}, Counter[str](), 0
    log = day_log(partitions=4, workers=2, hours=HOURS, interval_s=INTERVAL_S, seed=3)
    for place, (offset, timestamp_ms, key, headers, value) in enumerate(log):
        assert offset == place
        logged = read_record(offset, timestamp_ms, headers, value, key)
        event = logged.event
        assert not isinstance(event, MalformedEvent)
        if isinstance(event, AnomalyOpened | AnomalyResolved):
            assert wanted.pop(logged.id) == (key, headers, value)
            rules[event.rule] += 1
        elif isinstance(event, ClockTicked):
            assert (event.folded_to, event.chain) == (state.chain.folded_to, state.chain.hex)
            ticks += 1
        state, conclusions = fold(state, logged)
        for each in conclusions:
            made = message(each, GROUP)
            wanted[each.id] = (made.key, made.headers, made.value)
    assert (wanted, missing(state)) == ({}, ())
    assert ticks == HOURS * 3_600 / INTERVAL_S
    assert {"lag", "error_ratio", "latency_p99", "memory", "partition_stop"} <= rules.keys()
    assert account(state).unobserved == account(state).repeated == 0 < account(state).counted


def test_day_log_follows_from_its_seed() -> None:
    """Two runs are equal; another seed is another day."""
    one, same, other = (list(day_log(partitions=3, workers=2, hours=0.1, seed=seed)) for seed in (1, 1, 2))
    assert one == same != other
