"""The edge of the command line: help, misuse, and errors as one line with an exit code."""

import sys

import pytest

from stream_pool.cli import main as edge
from stream_pool.errors import ExitCode, StreamPoolError


def run(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["stream-pool", *arguments])
    with pytest.raises(SystemExit) as ended:
        edge.main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.mark.parametrize("command", [[], *([name] for name in edge.COMMANDS)])
def test_every_command_has_help(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 0, and a word about what it does."""
    assert run([*command, "--help"], monkeypatch) == ExitCode.OK
    assert "Usage" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["no-such-command"], id="1 unknown command"),
        pytest.param(["demo", "--orders", "many"], id="2 no number"),
        pytest.param(["demo", "--no-such-option"], id="3 unknown option"),
        pytest.param(["demo", "--broker", "no-such-kind"], id="4 unknown broker"),
        pytest.param(["demo", "--scenario", "no-such-file.toml"], id="5 no scenario"),
    ],
)
def test_misuse_exits_2(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong goes to standard error, nothing to standard output."""
    assert run(arguments, monkeypatch) == ExitCode.MISUSE
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err


def test_an_error_is_one_line_with_its_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The reason is the word to search the documentation for; no traceback."""

    def fail() -> None:
        error = StreamPoolError("the topic 'orders' is not there")
        error.reason, error.exit_code = "topic_missing", ExitCode.TOPIC_MISSING
        raise error

    monkeypatch.setattr(edge, "app", fail)
    assert run([], monkeypatch) == ExitCode.TOPIC_MISSING
    assert capsys.readouterr().err == "stream-pool: topic_missing: the topic 'orders' is not there\n"
