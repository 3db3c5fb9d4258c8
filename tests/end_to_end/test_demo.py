"""`stream-pool demo` as one runs it: what it prints, how it ends, and that nothing is left."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from stream_pool.broker import Broker

ORDERS = 2_000
SHORT_STORY = """
name = "short"
orders = 2000
[[phases]]
name = "normal"
share = 0.2
duration_s = 3
depth = 6
[[phases]]
name = "incident"
share = 0.4
duration_s = 4
depth = 17
poison_ratio = 0.04
error_ratio = 0.005
handler_latency_ms = 9
[[phases]]
name = "recovery"
share = 0.4
duration_s = 4
depth = 17
unique_keys = 20
"""
MARK = "DEMO_TEST_MARK"
ENDS_WITHIN_S = 30.0

linux_only = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="reads /proc to see what is left"
)


class Demo:
    """A running demo and what belongs to it: processes by a mark in their environment, files by TMPDIR."""

    def __init__(self, directory: Path, *arguments: str) -> None:
        self.mark = uuid4().hex
        self.scratch = directory / "tmp"
        self.scratch.mkdir()
        story = directory / "short.toml"
        story.write_text(SHORT_STORY)
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "stream_pool.cli.main", "demo"),
                *("--scenario", str(story), "--orders", str(ORDERS), *arguments),
            ],
            env={**os.environ, MARK: self.mark, "TMPDIR": str(self.scratch)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def end(self, timeout_s: float = 90.0) -> tuple[int, str, str]:
        """Exit code, standard output, standard error."""
        out, err = self.process.communicate(timeout=timeout_s)
        return self.process.returncode, out, err

    def running(self) -> dict[int, str]:
        """Command lines of everything that it started and that still runs, by process id."""
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if f"{MARK}={self.mark}".encode() in (entry / "environ").read_bytes():
                    found[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ")
            except OSError:
                continue
        return found

    def wait_for(self, words: str) -> int:
        """The process id of the first one whose command line has these words, once there is one."""
        deadline = time.monotonic() + ENDS_WITHIN_S
        while time.monotonic() < deadline:
            for pid, command in self.running().items():
                if words in command and "leash.py" not in command:
                    return pid
            time.sleep(0.05)
        raise AssertionError(f"no process with {words!r}: {self.running()}")

    def left(self) -> tuple[dict[int, str], list[str]]:
        """What still runs and lies about; waits a little for processes that are on their way out."""
        deadline = time.monotonic() + ENDS_WITHIN_S
        while (running := self.running()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return running, [path.name for path in self.scratch.iterdir()]


@pytest.fixture
def demos(tmp_path: Path) -> Iterator[Any]:
    """Starts a demo with these arguments; kills it at the end of a test that failed."""
    started: list[Demo] = []

    def start(*arguments: str) -> Demo:
        started.append(Demo(tmp_path, *arguments))
        return started[-1]

    yield start
    for demo in started:
        demo.process.kill()
        demo.process.communicate()


@linux_only
async def test_the_demo_accounts_for_every_order_on_any_broker(broker: Broker, demos: Any) -> None:
    """On a broker that stays: topics of its own, gone afterwards; one object, and nothing else."""
    demo = demos("--json", "--broker", broker.bootstrap_servers)
    code, out, err = demo.end()
    assert code == 0, err
    assert out.count("\n") == 1
    result = json.loads(out)
    assert result["orders"] == ORDERS == result["processed"] + result["dead_letters"]
    assert result["lost"] == 0
    assert result["dead_letters"] == 32 + 4
    assert result["lag_max"] > ORDERS * 0.04
    assert result["pool"]["hits"] > result["pool"]["misses"] > 0
    lag = [anomaly for anomaly in result["anomalies"] if "lag" in anomaly["rule"]]
    assert lag
    assert all(anomaly["resolved_s"] > anomaly["opened_s"] > 0 for anomaly in lag)
    assert demo.left() == ({}, [])
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap_servers)
    await admin.start()
    try:
        assert [topic for topic in await admin.list_topics() if "-demo-" in topic] == []
    finally:
        await admin.close()


@linux_only
@pytest.mark.broker
def test_lines_on_the_embedded_broker(demos: Any) -> None:
    """The poorest machine, no Kafka and no terminal: phases, anomalies and the summary in order."""
    demo = demos("--broker", "embedded")
    code, out, err = demo.end()
    assert code == 0, out + err
    for expected in ("==== normal", "==== incident", "==== recovery", "!!!! ", "  ok ", "lost          0"):
        assert expected in out
    assert out.index("==== normal") < out.index("==== incident") < out.index("look further")
    assert demo.left() == ({}, [])


@linux_only
@pytest.mark.broker
@pytest.mark.parametrize(
    ("number", "code"),
    [
        pytest.param(signal.SIGINT, 130, id="1 Ctrl-C"),
        pytest.param(signal.SIGTERM, 143, id="2 termination"),
        pytest.param(signal.SIGHUP, 143, id="3 hang-up"),
        pytest.param(signal.SIGKILL, -signal.SIGKILL, id="4 kill"),
    ],
)
def test_an_end_before_the_end_leaves_nothing(demos: Any, number: signal.Signals, code: int) -> None:
    """No process and no file, however it is ended while worker and broker run."""
    demo = demos("--broker", "embedded")
    demo.wait_for("topologies.orders")
    demo.process.send_signal(number)
    ended, _, err = demo.end()
    assert ended == code
    assert "Traceback" not in err
    assert demo.left() == ({}, [])


@linux_only
@pytest.mark.broker
def test_a_worker_that_dies_is_told_with_its_last_words(demos: Any) -> None:
    """Exit code 1, the worker's exit code and the end of its log; nothing left."""
    demo = demos("--broker", "embedded", "--json")
    os.kill(demo.wait_for("topologies.orders"), signal.SIGKILL)
    code, out, err = demo.end()
    assert code == 1
    assert out == ""
    assert "worker_died: the worker ended with exit code 137" in err
    assert demo.left() == ({}, [])
