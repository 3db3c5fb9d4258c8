"""Processes of a broker: they end when told, when they fail, and when their owner is gone."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from stream_pool.broker.errors import BrokerStartError
from stream_pool.broker.kafka_home import cached_jars, fetch_jars
from stream_pool.broker.process import Kennel
from stream_pool.free_port import free_port


@pytest.fixture
def kennel() -> Iterator[Kennel]:
    made = Kennel("test")
    yield made
    made.close()


def test_a_command_runs_in_the_directory_and_its_output_is_kept(kennel: Kennel) -> None:
    """Files written before are there, output and errors go to the log, nothing comes in."""
    kennel.write("given", "hello")
    process = kennel.spawn(["sh", "-c", "cat given; cat; echo oops >&2"], log="log")
    assert process.wait(5) == 0
    assert process.log_tail() == "hellooops"


def test_a_failing_command_shows_its_last_words(kennel: Kennel) -> None:
    """The error has the exit code and the end of the output, not its beginning."""
    with pytest.raises(BrokerStartError, match=r"(?s)sh ended with 3:\n16\n.*\n40$"):
        kennel.run(["sh", "-c", "seq 40; exit 3"], log="log", timeout_s=5)


def test_a_command_that_cannot_be_run_is_an_error(kennel: Kennel) -> None:
    """No such program: told as such."""
    with pytest.raises(BrokerStartError, match=r"cannot run /no/such(?s:.*)No such file"):
        kennel.spawn(["/no/such"], log="log")


def test_a_command_that_takes_too_long_is_killed(kennel: Kennel) -> None:
    """After its time it is gone, and the error says how long it had."""
    with pytest.raises(BrokerStartError, match="not done after 0 s"):
        kennel.run(["sleep", "60"], log="log", timeout_s=0.2)


def test_a_long_command_is_reported_on(kennel: Kennel, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it runs, whoever waits hears of it again and again."""
    monkeypatch.setattr("stream_pool.broker.process._REPORT_S", 0.05)
    stop = kennel.write("go-on", "")
    heard = []

    def hear(_process: object) -> None:
        heard.append(1)
        if len(heard) == 3:
            stop.unlink()

    wait = ["sh", "-c", "while test -e go-on; do sleep 0.02; done"]
    kennel.run(wait, log="log", timeout_s=20, still_at_it=hear)
    assert len(heard) >= 3


def test_a_signal_reaches_the_command_and_shows_in_the_exit_code(kennel: Kennel) -> None:
    """128 + the number, as a shell has it."""
    process = kennel.spawn(["sleep", "60"], log="log")
    process.signal(signal.SIGKILL)
    assert process.wait(5) == 128 + signal.SIGKILL


def test_end_kills_what_does_not_heed(kennel: Kennel) -> None:
    """SIGTERM first, SIGKILL after the grace."""
    home = kennel.write("script", "trap '' TERM; touch started; exec sleep 60").parent
    process = kennel.spawn(["sh", "script"], log="log")
    _await(home / "started")
    process.end(grace_s=0.1)
    assert process.exit_code == 128 + signal.SIGKILL


def test_close_ends_all_and_leaves_no_directory(kennel: Kennel) -> None:
    """Processes are reaped, the directory is gone, and it may be said twice."""
    home = kennel.write("file", "").parent
    processes = [kennel.spawn(["sleep", "60"], log="log") for _ in range(3)]
    kennel.close()
    kennel.close()
    assert all(process.exit_code is not None for process in processes)
    assert not home.exists()


def test_nothing_starts_after_close(kennel: Kennel) -> None:
    """A thread that is still starting something learns that it is over."""
    kennel.close()
    with pytest.raises(BrokerStartError, match="stopped while starting"):
        kennel.spawn(["true"], log="log")
    with pytest.raises(BrokerStartError, match="stopped while starting"):
        kennel.write("file", "")


def test_close_from_another_thread_interrupts_a_run(kennel: Kennel) -> None:
    """A run that waits for its command ends with the command."""
    started = kennel.write("wait", "").parent
    closer = threading.Thread(target=lambda: (_await(started / "started"), kennel.close()))
    closer.start()
    with pytest.raises(BrokerStartError, match="stopped while starting"):
        kennel.run(["sh", "-c", "touch started; exec sleep 60"], log="log", timeout_s=30)
    closer.join()


def test_maven_fetches_once_for_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two at once, one fetches and the other waits; a third finds it there."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    maven = _fake_maven(tmp_path, 'echo run >> "$RUNS"; mkdir -p "$out"; sleep 0.2; touch "$out/kafka.jar"')
    monkeypatch.setenv("RUNS", str(tmp_path / "runs"))
    found: list[list[str]] = []

    def fetch() -> None:
        own = Kennel("test")
        try:
            found.append([jar.name for jar in fetch_jars(own, maven, lambda _line: None).iterdir()])
        finally:
            own.close()

    threads = [threading.Thread(target=fetch) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    fetch()
    assert found == [["kafka.jar"]] * 3
    assert (tmp_path / "runs").read_text() == "run\n"


def test_a_failed_fetch_leaves_nothing_that_looks_complete(
    kennel: Kennel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Maven's last words are the error, and the next try begins anew."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    maven = _fake_maven(tmp_path, 'mkdir -p "$out"; touch "$out/half.jar"; echo no network; exit 1')
    with pytest.raises(BrokerStartError, match="no network"):
        fetch_jars(kennel, maven, lambda _line: None)
    assert not cached_jars().exists()
    maven = _fake_maven(tmp_path, 'mkdir "$out"; touch "$out/kafka.jar"')
    assert [jar.name for jar in fetch_jars(kennel, maven, lambda _line: None).iterdir()] == ["kafka.jar"]


def test_the_command_prints_the_address_and_stops_on_sigterm() -> None:
    """`stream-pool broker embedded`: one line on standard output, exit 0, nothing left."""
    command = [sys.executable, "-m", "stream_pool.cli.main", "broker", "embedded"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        address = process.stdout.readline().strip()
        process.terminate()
        said = process.stderr.read()
        assert process.wait(10) == 0
    assert f"(embedded) at {address}" in said


def test_ports_are_below_those_of_outgoing_connections() -> None:
    """No client's outgoing connection can take the port of a broker that is down."""
    assert all(1024 < free_port() < 32_768 for _ in range(50))


def _fake_maven(directory: Path, script: str) -> str:
    maven = directory / "mvn"
    find_out = 'for word; do case "$word" in -DoutputDirectory=*) out="${word#*=}";; esac; done'
    maven.write_text(f"#!/bin/sh\n{find_out}\n{script}\n")
    maven.chmod(0o755)
    return str(maven)


def _await(path: Path) -> None:
    while not path.exists():
        threading.Event().wait(0.01)
