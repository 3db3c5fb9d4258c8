"""Lines of `kafka-acls.sh`, carried out without a Java virtual machine for each.

By the request `CreateAcls`, which aiokafka does not have. Understood is what the lines of `stream-pool topics
--print` are made of, and nothing else.
"""

import shlex
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Int8, Int16, Int32, Schema, String

_TOPIC, _GROUP = 2, 3
_LITERAL = 3
_OPERATIONS = {"Read": 3, "Write": 4}
_ALLOW = 3


class _Created(Response):
    API_KEY, API_VERSION = 30, 1
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("results", Array(("error_code", Int16), ("error_message", String("utf-8")))),
    )


class _Create(RequestStruct):
    API_KEY, API_VERSION = 30, 1
    RESPONSE_TYPE = _Created
    SCHEMA = Schema(
        (
            "creations",
            Array(
                ("resource_type", Int8),
                ("resource_name", String("utf-8")),
                ("resource_pattern_type", Int8),
                ("principal", String("utf-8")),
                ("host", String("utf-8")),
                ("operation", Int8),
                ("permission_type", Int8),
            ),
        )
    )


class _CreateAcls(Request[_Create]):
    API_KEY = 30

    def __init__(self, creations: list[tuple[Any, ...]]) -> None:
        self._creations = creations

    def build(self, request_struct_class: type[_Create]) -> _Create:
        return request_struct_class(self._creations)


async def grant(servers: str, lines: Iterable[str]) -> None:
    """Carry the lines out on the cluster at `servers`, whatever server they name."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        wanted = [acl for line in lines for acl in _acls(line)]
        answer = await admin._send_to_controller(_CreateAcls(wanted))
        assert [code for code, _ in answer.results] == [0] * len(wanted), answer
    finally:
        await admin.close()


def _acls(line: str) -> Iterator[tuple[Any, ...]]:
    said = _parsed(line)
    resource = (_GROUP, said.group) if said.topic is None else (_TOPIC, said.topic)
    for principal in said.principals:
        for operation in said.operations:
            yield (*resource, _LITERAL, principal, "*", _OPERATIONS[operation], _ALLOW)


def _parsed(line: str) -> Namespace:
    tool = ArgumentParser("kafka-acls.sh", allow_abbrev=False)
    tool.add_argument("--bootstrap-server", required=True)
    tool.add_argument("--add", action="store_true", required=True)
    tool.add_argument("--allow-principal", action="append", dest="principals", required=True)
    tool.add_argument("--operation", action="append", dest="operations", required=True)
    resource = tool.add_mutually_exclusive_group(required=True)
    resource.add_argument("--topic")
    resource.add_argument("--group")
    tool.add_argument("--resource-pattern-type", choices=["literal"], required=True)
    name, *arguments = shlex.split(line)
    assert name == tool.prog
    return tool.parse_args(arguments)
