"""`stream-pool topics` without a broker: what it prints for a group alone, and what it refuses."""

import json
import sys
from collections.abc import Callable

import pytest

from stream_pool.cli import main as edge
from stream_pool.errors import ExitCode

pytestmark = pytest.mark.usefixtures("bare_environment")

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Exit code, standard output and standard error of the command."""

    def run_(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setenv("STREAM_POOL_LOG_LEVEL", "error")  # the command sets it: it is restored at the end
        monkeypatch.setattr(sys, "argv", ["stream-pool", "topics", *arguments])
        with pytest.raises(SystemExit) as ended:
            edge.main()
        out, err = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, out, err

    return run_


def test_a_group_alone_has_three_topics_and_its_detectors_access(run: Run) -> None:
    """For whoever makes topics ahead, and has not the app."""
    code, out, _ = run("--group", "orders-v3", "--print", "--json")
    assert code == ExitCode.OK
    told = json.loads(out)
    own = ["orders-v3.events", "orders-v3.snapshots", "orders-v3.dead-letters"]
    assert [topic["name"] for topic in told["topics"]] == own
    groups = [each["name"] for each in told["access"] if each["resource"] == "group"]
    assert groups == ["orders-v3", "orders-v3.detector"]


def test_the_same_as_commands(run: Run) -> None:
    """Kafka's own, one for each topic."""
    code, out, _ = run("--group", "orders-v3", "--print")
    assert code == ExitCode.OK
    assert out.count("kafka-topics.sh") == 3
    assert "DESCRIBE on each topic that the group reads" in out


REFUSED = [
    pytest.param((), id="1 neither"),
    pytest.param(("--group", "g", "--app", "a"), id="2 both"),
    pytest.param(("--group", " "), id="3 a group without a name"),
]


@pytest.mark.parametrize("arguments", REFUSED)
def test_an_app_or_a_group_is_named(run: Run, arguments: tuple[str, ...]) -> None:
    """One of the two: exit 2."""
    code, _, err = run(*arguments, "--print")
    assert code == ExitCode.MISUSE
    assert "name an app with --app, or a consumer group with --group" in err
