"""Every event type of this version, and the JSON Schema of each.

Within `.v1` members are only added, each with a default; a reader skips and counts types that it does not
know.
"""

import inspect
from typing import TypeAlias

from stream_pool.events.anomalies import AnomalyOpened, AnomalyResolved
from stream_pool.events.form import Form, Schema, form_of
from stream_pool.events.observations import (
    ClockTicked,
    DetectorConfigured,
    GcPaused,
    LagSampled,
    MemorySampled,
    ObservationsLost,
    OffsetsCommitted,
    PoolResized,
    PoolSampled,
    SignalsSampled,
    WorkerStarted,
)

Observation: TypeAlias = (
    WorkerStarted
    | PoolSampled
    | PoolResized
    | SignalsSampled
    | LagSampled
    | OffsetsCommitted
    | GcPaused
    | MemorySampled
    | ClockTicked
    | ObservationsLost
    | DetectorConfigured
)
Anomaly: TypeAlias = AnomalyOpened | AnomalyResolved
Event: TypeAlias = Observation | Anomaly

EVENT_TYPES: dict[str, type[Event]] = {
    cls.TYPE: cls
    for cls in (
        WorkerStarted,
        PoolSampled,
        PoolResized,
        SignalsSampled,
        LagSampled,
        OffsetsCommitted,
        GcPaused,
        MemorySampled,
        ClockTicked,
        ObservationsLost,
        DetectorConfigured,
        AnomalyOpened,
        AnomalyResolved,
    )
}

FORMS: dict[type[Event], Form] = {cls: form_of(cls) for cls in EVENT_TYPES.values()}


def json_schema(cls: type[Event]) -> Schema:
    """The JSON Schema (draft 2020-12) of an event's data, as it stands in `schemas/<TYPE>.json`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:stream-pool:event:" + cls.TYPE.removeprefix("stream-pool."),
        "title": cls.__name__,
        "description": inspect.cleandoc(cls.__doc__ or "").split("\n\n")[0],
        **FORMS[cls].schema,
    }
