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
    code, out, _ = run("--group", "orders-v3", "--print", "--principal", "User:me")
    assert code == ExitCode.OK
    assert out.count("kafka-topics.sh") == 3
    assert out.count("kafka-acls.sh") == out.count("--allow-principal User:me ") == 5
    assert "admin.properties" not in out
    assert "DESCRIBE on each topic that the group reads" in out


def test_who_proves_nothing_needs_no_access(run: Run) -> None:
    """By plain text every client is the same one, and no list is about it: the plan says so."""
    code, out, _ = run("--group", "orders-v3", "--print")
    assert code == ExitCode.OK
    assert "kafka-acls.sh" not in out
    (line,) = (line for line in out.splitlines() if "ANONYMOUS" in line)
    assert line.startswith("# Access: ")
    assert "--principal User:NAME" in line
    _, out, _ = run("--group", "orders-v3", "--print", "--json")
    assert json.loads(out)["principal"] == "User:ANONYMOUS"


def test_the_access_is_a_users(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of PLAIN and SCRAM; and it is said what the file is that the tools take."""
    login = {
        "SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "SASL_MECHANISM": "SCRAM-SHA-512",
        "SASL_USERNAME": "orders-worker",
        "SASL_PASSWORD": "x",
    }
    for name, value in login.items():
        monkeypatch.setenv(f"STREAM_POOL_{name}", value)
    code, out, _ = run("--group", "orders-v3", "--print")
    assert code == ExitCode.OK
    assert out.count("--allow-principal User:orders-worker ") == 5
    assert out.startswith("# admin.properties: how whoever runs these commands logs in")
    assert out.count("--command-config admin.properties ") == 8


def test_whom_only_the_brokers_know_must_be_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 2 with Kafka's default, where a guess would grant access to nobody."""
    login = {
        "SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "SASL_MECHANISM": "OAUTHBEARER",
        "SASL_OAUTH_TOKEN_FILE": "t",
    }
    for name, value in login.items():
        monkeypatch.setenv(f"STREAM_POOL_{name}", value)
    code, _, err = run("--group", "orders-v3", "--print")
    assert code == ExitCode.MISUSE
    assert "--principal is needed" in err
    assert "`sub`" in err
    code, out, _ = run("--group", "orders-v3", "--print", "--json", "--principal", "User:me")
    assert (code, json.loads(out)["principal"]) == (ExitCode.OK, "User:me")


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
