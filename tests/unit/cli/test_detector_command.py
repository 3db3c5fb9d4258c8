"""The edge of `stream-pool detector`: what is refused before anything is connected to."""

import sys

import pytest

from stream_pool.cli import main as edge
from stream_pool.errors import ExitCode
from stream_pool.settings import variable

MISUSES = [
    pytest.param(["detector"], "--group", id="1 no group"),
    pytest.param(["detector", "--group", " "], "--group is empty", id="2 an empty group"),
    pytest.param(["detector", "-g", "g", "--broker", "nowhere"], "STREAM_POOL_BROKER", id="3 no address"),
    pytest.param(["detector", "-g", "g", "--web-port", "0"], "STREAM_POOL_WEB_PORT", id="4 no port"),
]


@pytest.mark.parametrize(("arguments", "says"), MISUSES)
def test_misuse_exits_2(
    arguments: list[str], says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Options become variables, so a wrong one is told as such; nothing goes to standard output."""
    for name, value in {
        "broker": "kafka://localhost",
        "web_port": "6066",
        "detector_enabled": "true",
    }.items():
        monkeypatch.setenv(variable(name), value)  # restored when the test ends
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "argv", ["stream-pool", *arguments])
    with pytest.raises(SystemExit) as ended:
        edge.main()
    assert ended.value.code == ExitCode.MISUSE
    captured = capsys.readouterr()
    assert captured.out == ""
    assert says in captured.err
