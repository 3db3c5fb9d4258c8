"""DESIGN 2.1: the AsyncAPI document, the dataclasses and the schema files say the same."""

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from event_examples import EXAMPLES

from stream_pool.events import EVENT_TYPES, Event, encode, event_id
from stream_pool.events.asyncapi import asyncapi_document

STORED: dict[str, Any] = json.loads((Path(__file__).parents[3] / "docs" / "asyncapi.json").read_text())
REFERENCE = {
    "type": "object",
    "properties": {"$ref": {"type": "string", "pattern": "^#/"}},
    "required": ["$ref"],
    "additionalProperties": False,
}
REFERENCES = {"type": "object", "additionalProperties": REFERENCE}
BINDINGS = {"type": "object", "properties": {"kafka": {"type": "object", "required": ["bindingVersion"]}}}
SHAPE = {
    "type": "object",
    "required": ["asyncapi", "info", "channels", "operations", "components"],
    "additionalProperties": False,
    "properties": {
        "asyncapi": {"const": "3.0.0"},
        "id": {"type": "string"},
        "defaultContentType": {"type": "string"},
        "info": {
            "type": "object",
            "required": ["title", "version"],
            "additionalProperties": False,
            "properties": {
                "title": {"type": "string"},
                "version": {"type": "string"},
                "description": {"type": "string"},
                "license": {"type": "object", "required": ["name"]},
            },
        },
        "channels": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "required": ["address", "messages"],
                "properties": {
                    "address": {"type": "string"},
                    "title": {"type": "string"},
                    "messages": REFERENCES,
                    "parameters": {
                        "type": "object",
                        "additionalProperties": {
                            "type": "object",
                            "properties": {"description": {"type": "string"}},
                            "additionalProperties": False,
                        },
                    },
                    "bindings": BINDINGS,
                },
            },
        },
        "operations": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "required": ["action", "channel"],
                "properties": {
                    "action": {"enum": ["send", "receive"]},
                    "channel": REFERENCE,
                    "summary": {"type": "string"},
                    "messages": {"type": "array", "items": REFERENCE},
                },
            },
        },
        "components": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "messages": {
                    "type": "object",
                    "propertyNames": {"pattern": r"^[\w.-]+$"},
                    "additionalProperties": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["headers", "payload"],
                        "properties": {
                            "name": {"type": "string"},
                            "title": {"type": "string"},
                            "summary": {"type": "string"},
                            "description": {"type": "string"},
                            "contentType": {"type": "string"},
                            "headers": {"type": "object"},
                            "payload": REFERENCE,
                            "bindings": BINDINGS,
                        },
                    },
                },
                "schemas": {"type": "object", "propertyNames": {"pattern": r"^[\w.-]+$"}},
            },
        },
    },
}


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for child in node.values():
            yield from references(child)
    elif isinstance(node, list):
        for child in node:
            yield from references(child)


def resolve(reference: str) -> Any:
    """What a reference of the document leads to, followed to its end."""
    node: Any = STORED
    for step in reference.removeprefix("#/").split("/"):
        node = node[step]
    return resolve(node["$ref"]) if isinstance(node, dict) and set(node) == {"$ref"} else node


def test_the_document_is_that_of_the_dataclasses() -> None:
    """docs/asyncapi.json is what the code yields."""
    assert json.loads(json.dumps(asyncapi_document())) == STORED, "run tests/unit/events/write_schemas.py"


def test_the_document_has_the_shape_of_asyncapi_3() -> None:
    """The objects and members that it uses are those of the specification."""
    jsonschema.Draft202012Validator.check_schema(SHAPE)
    jsonschema.Draft202012Validator(SHAPE).validate(STORED)


def test_every_reference_leads_somewhere() -> None:
    """Within the document, which so can be read alone."""
    found = list(references(STORED))
    assert len(found) > len(EVENT_TYPES)
    for reference in found:
        assert reference.startswith("#/")
        assert isinstance(resolve(reference), dict), reference


def test_every_type_is_sent_and_received() -> None:
    """Each type is a message of the channel, of one operation that sends and of the one that receives."""
    operations = STORED["operations"].values()
    for action in ("send", "receive"):
        told = [
            resolve(message["$ref"])["name"]
            for operation in operations
            if operation["action"] == action
            for message in operation["messages"]
        ]
        assert sorted(told) == sorted(EVENT_TYPES)


@pytest.mark.parametrize("type_", EVENT_TYPES)
def test_payload_is_the_published_schema(type_: str) -> None:
    """The document holds each schema as its file does."""
    message = STORED["components"]["messages"][EVENT_TYPES[type_].__name__]
    stored = json.loads(files("stream_pool.events").joinpath(f"schemas/{type_}.json").read_text())
    assert resolve(message["payload"]["$ref"])["schema"] == stored


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: type(example).__name__)
def test_a_message_is_as_the_document_says(example: Event) -> None:
    """Headers and value of an encoded event satisfy the schemas of its message."""
    message = STORED["components"]["messages"][type(example).__name__]
    encoded = encode(example, id=event_id(example), source="/stream-pool/g/w", time_ms=1_700_000_000_000)
    headers = {name: value.decode() for name, value in encoded.headers}
    shared, own = message["headers"]["allOf"]
    for schema in (resolve(shared["$ref"]), own):
        jsonschema.Draft202012Validator(schema).validate(headers)
    payload = resolve(message["payload"]["$ref"])["schema"]
    jsonschema.Draft202012Validator(payload).validate(json.loads(encoded.value))
    other = {**headers, "ce_type": "stream-pool.tea.brewed.v1"}
    assert not jsonschema.Draft202012Validator(own).is_valid(other)
