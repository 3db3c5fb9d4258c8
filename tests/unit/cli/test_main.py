"""The edge of the command line: help, misuse, and errors as one line with an exit code."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stream_pool.cli import commands
from stream_pool.cli import main as edge
from stream_pool.errors import ExitCode, StreamPoolError


def run(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["stream-pool", *arguments])
    with pytest.raises(SystemExit) as ended:
        edge.main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.mark.parametrize("command", [[], *([name] for name in commands.COMMANDS)])
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

    monkeypatch.setattr(commands, "app", fail)
    assert run([], monkeypatch) == ExitCode.TOPIC_MISSING
    assert capsys.readouterr().err == "stream-pool: topic_missing: the topic 'orders' is not there\n"


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(["-m", "stream_pool.cli.main"], id="1 as a module"),
        pytest.param(["-c", "from stream_pool.cli.main import main; main()"], id="2 as a command"),
    ],
)
def test_ctrl_c_while_the_commands_are_imported_ends_quietly(start: list[str], tmp_path: Path) -> None:
    """Exit code 130, and no traceback."""
    (tmp_path / "typer.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    path = os.pathsep.join([str(tmp_path), str(Path(edge.__file__).parents[2])])
    environment = os.environ | {"PYTHONPATH": path}
    ended = subprocess.run([sys.executable, *start], env=environment, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")
