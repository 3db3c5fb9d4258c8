"""The edge of `stream-pool detector`: what is refused, and what is made, before anything is connected to."""

import sys

import pytest

import stream_pool.stream
from stream_pool.cli import main as edge
from stream_pool.errors import ExitCode
from stream_pool.settings import variable
from stream_pool.stream import App

MISUSES = [
    pytest.param(["detector"], "--group", id="1 no group"),
    pytest.param(["detector", "--group", " "], "--group is empty", id="2 an empty group"),
    pytest.param(["detector", "-g", "g", "--broker", "nowhere"], "STREAM_POOL_BROKER", id="3 no address"),
    pytest.param(["detector", "-g", "g", "--web-port", "70000"], "STREAM_POOL_WEB_PORT", id="4 no port"),
]


def keep_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Options become variables: they are restored when the test ends."""
    for name, value in {
        "broker": "kafka://localhost",
        "web_port": "6066",
        "detector_enabled": "true",
    }.items():
        monkeypatch.setenv(variable(name), value)


@pytest.mark.parametrize(("arguments", "says"), MISUSES)
def test_misuse_exits_2(
    arguments: list[str], says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Options become variables, so a wrong one is told as such; nothing goes to standard output."""
    keep_environment(monkeypatch)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "argv", ["stream-pool", *arguments])
    with pytest.raises(SystemExit) as ended:
        edge.main()
    assert ended.value.code == ExitCode.MISUSE
    captured = capsys.readouterr()
    assert captured.out == ""
    assert says in captured.err


def test_alone_it_keeps_no_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    """It decodes nothing: samples of a pool, and advice on its size, would be of no use to anybody."""
    ran: list[App] = []

    class Worker:
        def __init__(self, app: App) -> None:
            ran.append(app)

        def run(self) -> ExitCode:
            return ExitCode.OK

    keep_environment(monkeypatch)
    monkeypatch.setattr(stream_pool.stream, "Worker", Worker)
    monkeypatch.setattr(sys, "argv", ["stream-pool", "detector", "-g", "g"])
    with pytest.raises(SystemExit) as ended:
        edge.main()
    assert ended.value.code == ExitCode.OK
    (app,) = ran
    assert app.settings.detector_enabled
    assert app.plant.pool is None
