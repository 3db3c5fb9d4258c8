"""What is read from a worker's log of its group."""

import json
import subprocess
from pathlib import Path
from unittest.mock import create_autospec

import pytest

from stream_pool.bench.client import BenchClientError, Client
from stream_pool.bench.members import assignments, until_shared


def _assigned(group: str, *partitions: str) -> str:
    return json.dumps({"event": "partitions assigned", "group": group, "partitions": partitions}) + "\n"


def _client(tmp_path: Path, said: str, exit_code: int | None = None) -> Client:
    """A worker that has said this, and runs where it has no exit code."""
    process = create_autospec(subprocess.Popen, instance=True)
    process.poll.return_value = exit_code
    log = tmp_path / "log"
    log.write_text(said)
    return Client(process, tmp_path / "results", log)


def test_assignments_are_those_of_the_group_in_order(tmp_path: Path) -> None:
    """Other lines, other groups, what is no JSON and a line that is still being written are left out."""
    lines = [
        "a word from the interpreter\n",
        _assigned("g", "orders-1", "orders-0"),
        _assigned("g.detector", "g.events-0"),
        json.dumps({"event": "worker started", "group": "g"}) + "\n",
        _assigned("g", "orders-2"),
        _assigned("g", "orders-3")[:-10],
    ]
    client = _client(tmp_path, "".join(lines))
    assert assignments(client, "g") == [["orders-0", "orders-1"], ["orders-2"]]


async def test_partitions_are_shared_once_the_last_assignment_of_each_is_its_share(tmp_path: Path) -> None:
    """A worker that had all of them first, and then half, has its share."""
    client = _client(tmp_path, _assigned("g", "orders-0", "orders-1") + _assigned("g", "orders-0"))
    await until_shared([client, client], "g", 2)


async def test_a_worker_that_ends_is_not_waited_for(tmp_path: Path) -> None:
    """Its last words are in the error."""
    client = _client(tmp_path, "could not start\n", exit_code=1)
    with pytest.raises(BenchClientError, match=r"did not share 2 partitions(?s:.*)could not start"):
        await until_shared([client], "g", 2)
