"""Commands in this process, as the command line runs them."""

import sys
from collections.abc import Callable

import pytest

from stream_pool.cli import main as edge


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Exit code, standard output and standard error of `stream-pool` with these arguments."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["stream-pool", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            edge.main()
        out, err = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, out, err

    return run
