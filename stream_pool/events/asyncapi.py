"""The event log as an AsyncAPI 3 document, made from the same dataclasses as the events themselves.

One channel, the events topic of a group; one message a type, in CloudEvents' Kafka binary mode: attributes in
headers, JSON data in the value. Every schema is in the document, so that it can be read alone.
"""

import inspect
from typing import Any, TypeAlias, get_args

from stream_pool.events.catalog import EVENT_TYPES, Anomaly, Event, Observation, json_schema

JsonObject: TypeAlias = dict[str, Any]

ASYNCAPI_VERSION = "3.0.0"
_SCHEMA_FORMAT = "application/schema+json;version=2020-12"
_BINDING_VERSION = "0.5.0"


def asyncapi_document() -> JsonObject:
    """The document, as JSON's types, as it stands in `docs/asyncapi.json`."""
    return {
        "asyncapi": ASYNCAPI_VERSION,
        "id": "urn:stream-pool:events",
        "info": {
            "title": "stream-pool events",
            "version": "1.0.0",
            "description": (
                "What the workers and the detector of a consumer group saw and concluded: one log a group, "
                "in one partition. Readers skip types and members that they do not know; within .v1 members "
                "are only added. A producer's retry can write an event twice: both then have the same "
                "ce_id, and the first counts."
            ),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {"events": _channel()},
        "operations": {
            "observe": _operation(
                "send", get_args(Observation), "Workers and the detector write what they see."
            ),
            "conclude": _operation(
                "send", get_args(Anomaly), "The detector writes what follows from the log."
            ),
            "fold": _operation(
                "receive", EVENT_TYPES.values(), "The detector, and anybody else, reads the log."
            ),
        },
        "components": {
            "messages": {cls.__name__: _message(cls) for cls in EVENT_TYPES.values()},
            "schemas": {
                "CloudEventHeaders": _HEADERS,
                **{
                    cls.__name__: {"schemaFormat": _SCHEMA_FORMAT, "schema": json_schema(cls)}
                    for cls in EVENT_TYPES.values()
                },
            },
        },
    }


def _channel() -> JsonObject:
    return {
        "address": "{group}.events",
        "title": "The log of a consumer group",
        "parameters": {"group": {"description": "The consumer group, which is also the app's name."}},
        "messages": {
            cls.__name__: {"$ref": f"#/components/messages/{cls.__name__}"} for cls in EVENT_TYPES.values()
        },
        "bindings": {"kafka": {"partitions": 1, "bindingVersion": _BINDING_VERSION}},
    }


def _operation(action: str, classes: Any, summary: str) -> JsonObject:
    return {
        "action": action,
        "channel": {"$ref": "#/channels/events"},
        "summary": summary,
        "messages": [{"$ref": f"#/channels/events/messages/{cls.__name__}"} for cls in classes],
    }


def _message(cls: type[Event]) -> JsonObject:
    summary, _, more = inspect.cleandoc(cls.__doc__ or "").partition("\n\n")
    key = "The anomaly's id." if cls in get_args(Anomaly) else "The name of the worker that wrote it."
    return {
        "name": cls.TYPE,
        "title": cls.__name__,
        "summary": summary.replace("\n", " "),
        **({"description": more.replace("\n", " ")} if more else {}),
        "contentType": "application/json",
        "headers": {
            "allOf": [
                {"$ref": "#/components/schemas/CloudEventHeaders"},
                {"type": "object", "properties": {"ce_type": {"const": cls.TYPE}}},
            ]
        },
        "payload": {"$ref": f"#/components/schemas/{cls.__name__}"},
        "bindings": {
            "kafka": {"key": {"type": "string", "description": key}, "bindingVersion": _BINDING_VERSION}
        },
    }


def _text(description: str, **more: str) -> JsonObject:
    return {"type": "string", "description": description, **more}


_HEADERS: JsonObject = {
    "type": "object",
    "description": "CloudEvents 1.0 attributes in Kafka's binary mode, as UTF-8.",
    "required": ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "content-type"],
    "properties": {
        "ce_specversion": _text("The version of CloudEvents.", const="1.0"),
        "ce_id": _text(
            "Unique in the log: worker/incarnation/sequence-kind, or an anomaly's id-opened or -resolved."
        ),
        "ce_source": _text("/stream-pool/<worker>; /stream-pool/<group>/detector of an anomaly."),
        "ce_type": _text("stream-pool.<noun>.<past participle>.v1"),
        "ce_time": _text("When it was written, or concluded by the log's own clock.", format="date-time"),
        "ce_subject": _text("What an anomaly is about: a topic, topic/partition, or a worker."),
        "ce_traceparent": _text("W3C trace context, by the Distributed Tracing extension."),
        "content-type": _text("Of the value.", const="application/json"),
    },
}
