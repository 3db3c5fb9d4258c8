"""An epoch: a stretch of the log that is judged by one set of rules. A `DetectorConfigured` opens it.

| | same rules again | other rules | a fold that is not ours, or rules that cannot be read |
|---|---|---|---|
| judgements | go on | from the next tick by the new rules | none until the next epoch of ours |
| open anomalies | stay open | stay open, and resolve by the new rules | as the log tells them |
| windows counted towards opening or resolving | go on | count anew | count anew |
| windows of signals, of commits and ends | go on | anew where their length changed | anew where it changed |
| since when a worker is over its memory limit | goes on | anew where the limit changed | |
| clock, chain, repeats, account of records, workers | go on | go on | go on |

After an epoch that was not ours the first tick only begins a window, as at the beginning of the log. What
was opened in it and is not resolved goes on as if we had opened it: a change of the fold's version leaves no
anomaly open for ever. So does what stands before the first epoch of a log whose beginning is gone.
"""

from stream_pool.detection.alarm import Alarm
from stream_pool.detection.rules import FOLD_VERSION, Rules
from stream_pool.detection.state import MAX_ALARMS, State
from stream_pool.events import Anomaly, AnomalyOpened, DetectorConfigured, EventFormError

DEFAULTS = Rules()


def begin_epoch(state: State, event: DetectorConfigured) -> None:
    """Changes the state into one of the epoch that an event opens."""
    before, after = state.rules, _rules_of(event)
    if after == before:
        return
    state.rules = after
    if after is None:
        state.closed_ms = None
    _count_anew(state)
    _begin_anew(state, before, after)


def take_over(state: State, event: Anomaly) -> None:
    """Takes an anomaly event of an epoch that is not ours for what it says."""
    key = (event.rule, event.subject)
    alarm = state.alarms.get(key, Alarm())
    if isinstance(event, AnomalyOpened):
        is_news = alarm.opened is None and f"{event.anomaly_id}-resolved" not in state.pending
        if is_news and (key in state.alarms or len(state.alarms) < MAX_ALARMS):
            state.alarms[key] = Alarm(opened=event)
    elif alarm.opened is not None and alarm.opened.anomaly_id == event.anomaly_id:
        del state.alarms[key]


def _rules_of(event: DetectorConfigured) -> Rules | None:
    if event.fold_version != FOLD_VERSION:
        return None
    try:
        return Rules.from_mapping(event.rules)
    except EventFormError:
        return None


def _count_anew(state: State) -> None:
    for key, alarm in list(state.alarms.items()):
        alarm.windows = 0
        if alarm.is_idle:
            del state.alarms[key]


def _begin_anew(state: State, before: Rules | None, after: Rules | None) -> None:
    old, new = before or DEFAULTS, after or DEFAULTS
    if (new.window_s, new.status_windows) != (old.window_s, old.status_windows):
        for partition in state.partitions.values():
            partition.begin_anew(new)
    if before is None or (new.window_s, new.signal_windows) != (old.window_s, old.signal_windows):
        for topic in state.topics.values():
            topic.begin_anew(new, keep_filling=before is not None)
    if new.memory_limit_bytes != old.memory_limit_bytes:
        for worker in state.workers.values():
            worker.over_since_ms = None
