"""`stream-pool demo --offline`: its options, and the page at its end."""

import sys
from pathlib import Path

import pytest

from stream_pool.cli import main as edge
from stream_pool.errors import ExitCode
from stream_pool.words import clock


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(["--out", "log.ndjson"], id="1 a log of a demo with a broker"),
        pytest.param(["--scale", "0.1"], id="2 a scale for it"),
        pytest.param(["--offline", "--broker", "embedded"], id="3 a broker for nothing"),
        pytest.param(["--offline", "--orders", "5"], id="4 another number of orders"),
        pytest.param(["--offline", "--scenario", "any.toml"], id="5 another story"),
        pytest.param(["--offline", "--scale", "0.001"], id="6 too small"),
        pytest.param(["--offline", "--scale", "2"], id="7 too large"),
        pytest.param(["--offline", "--out", "no/such/folder/log"], id="8 a file that cannot be"),
    ],
)
def test_options_that_do_not_fit_are_misuse(
    options: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exit code 2 and a line, before anything is played."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["stream-pool", "demo", *options])
    with pytest.raises(SystemExit) as ended:
        edge.main()
    assert ended.value.code == ExitCode.MISUSE
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("at_s", "told"),
    [
        pytest.param(None, "-", id="1 unknown"),
        pytest.param(0.0, "T+00:00", id="2 the beginning"),
        pytest.param(705.9, "T+11:45", id="3 after it"),
        pytest.param(-219.9, "T-03:39", id="4 before it"),
        pytest.param(2_820.0, "T+47:00", id="5 the end"),
    ],
)
def test_times_are_told_from_the_story_s_own_zero(at_s: float | None, told: str) -> None:
    """Whole seconds, toward it."""
    assert clock(at_s) == told
