"""What each kind of observation leaves in the state. Nothing is concluded here."""

from collections.abc import Callable
from functools import partial
from typing import Any

from stream_pool.detection.epoch import DEFAULTS, begin_epoch
from stream_pool.detection.state import State
from stream_pool.detection.views import PartitionView, TopicView, WorkerView
from stream_pool.events import (
    DetectorConfigured,
    LagSampled,
    MemorySampled,
    Observation,
    ObservationsLost,
    OffsetsCommitted,
    SignalsSampled,
)


def observe(state: State, event: Observation) -> None:
    """Takes an observation in; kinds that no rule looks at leave nothing."""
    take = _TAKING.get(type(event))
    if take is not None:
        take(state, event)


def _signals(state: State, event: SignalsSampled) -> None:
    rules, now_ms = state.rules or DEFAULTS, state.clock_ms
    begin_topic, begin = partial(TopicView.begin, rules), partial(PartitionView.begin, rules)
    for signals in event.partitions:
        topic = state.topics.touch(signals.topic, now_ms, begin_topic)
        partition = state.partitions.touch((signals.topic, signals.partition), now_ms, begin)
        covered = partition.cover(signals)
        topic.window.add(signals, covered)
        state.accounts.add(signals.topic, covered)


def _commits(state: State, event: OffsetsCommitted) -> None:
    now_ms, begin = state.clock_ms, partial(PartitionView.begin, state.rules or DEFAULTS)
    for commit in event.partitions:
        state.partitions.touch((commit.topic, commit.partition), now_ms, begin).commit(commit.offset, now_ms)


def _lag(state: State, event: LagSampled) -> None:
    now_ms, begin = state.clock_ms, partial(PartitionView.begin, state.rules or DEFAULTS)
    for lag in event.partitions:
        state.partitions.touch((lag.topic, lag.partition), now_ms, begin).poll(lag, now_ms)


def _memory(state: State, event: MemorySampled) -> None:
    now_ms, rules = state.clock_ms, state.rules or DEFAULTS
    worker = state.workers.touch(event.worker, now_ms, WorkerView)
    worker.sample(event, rules.memory_limit_bytes, now_ms)


def _lost(state: State, event: ObservationsLost) -> None:
    state.counts["lost"] += event.lost


_TAKING: dict[type[Observation], Callable[[State, Any], None]] = {
    SignalsSampled: _signals,
    OffsetsCommitted: _commits,
    LagSampled: _lag,
    MemorySampled: _memory,
    ObservationsLost: _lost,
    DetectorConfigured: begin_epoch,
}
