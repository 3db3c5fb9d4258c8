"""`stream-pool report`: what it is asked for, what it prints, and how it ends."""

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from support.whole_log import WholeLog

from stream_pool.errors import ExitCode
from stream_pool.events.raw_record import RawRecord
from stream_pool.incident.log_file import LogFileWriter

Run = Callable[..., tuple[int, str, str]]

LOG = WholeLog()
LOG.incident()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return LOG.save(tmp_path / "log.ndjson")


@pytest.fixture
def run(command: Run) -> Run:
    """Exit code, standard output and standard error of the command."""
    return partial(command, "report")


def test_a_page_is_written_and_its_verdict_printed(run: Run, path: Path, tmp_path: Path) -> None:
    """With how large it is; it has plotly's script, so it is larger than a few megabytes."""
    pytest.importorskip("plotly", reason="needs plotly (extra: ui)")
    page = tmp_path / "incident.html"
    code, out, err = run(path, "--html", page)
    assert (code, err) == (ExitCode.OK, "")
    assert out.startswith("g fell behind and failed orders from ")
    assert str(page) in out
    assert "plotly.js v" in page.read_text(encoding="utf-8")


def test_markdown_goes_without_plotly(run: Run, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To standard output."""
    monkeypatch.setitem(sys.modules, "plotly.offline", None)
    code, out, _ = run(path, "--markdown")
    assert code == ExitCode.OK
    assert out.startswith("# g fell behind and failed orders from ")


def test_the_page_needs_plotly(run: Run, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said before anything is read, and nothing is written."""
    monkeypatch.setitem(sys.modules, "plotly.offline", None)
    code, out, err = run(path, "--html", tmp_path / "incident.html")
    assert (code, out) == (ExitCode.MISUSE, "")
    assert "stream-pool[ui]" in err
    assert not (tmp_path / "incident.html").exists()


def test_json_is_one_object(run: Run, path: Path) -> None:
    """With the verdict, and every member of the story."""
    code, out, _ = run(path, "--json")
    told = json.loads(out)
    assert code == ExitCode.OK
    assert told["verdict"].startswith("g fell behind")
    assert told["extent"]["events"] == len(LOG.records)


def test_dead_letters_are_told_beside_it(run: Run, path: Path, tmp_path: Path) -> None:
    """Their form alone, unless more is asked for."""
    letters = tmp_path / "letters.ndjson"
    with LogFileWriter(letters, topic="g.dead-letters", group="g") as writer:
        headers = (("stream-pool.reason", b"no_customer"),)
        writer.write(RawRecord(0, 1_700_000_000_000, 1, None, headers, b'{"name": "Ada"}'))
    _, out, _ = run(path, "--markdown", "--dead-letters", letters)
    assert "no\\_customer" in out
    assert "Xxx" in out
    assert "Ada" not in out
    _, out, _ = run(path, "--markdown", "--dead-letters", letters, "--show-values")
    assert "Ada" in out


def test_a_damaged_file_is_told_and_ends_with_1(run: Run, path: Path) -> None:
    """The report is of what stood before."""
    path.write_bytes(path.read_bytes()[:-20])
    code, out, err = run(path, "--markdown")
    assert code == ExitCode.FINDING
    assert "cut off" in out
    assert "is damaged: line" in err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param((), "say what to write", id="1 nothing asked for"),
        pytest.param(("--markdown", "--json"), "choose one", id="2 two on one output"),
        pytest.param(("--json", "--show-values"), "--dead-letters", id="3 no letters to show"),
        pytest.param(("--json", "--broker", "b:1"), "--broker: for a topic", id="5 a broker of a file"),
        pytest.param(("--json", "--config", "c.toml"), "--config: for a topic", id="6 settings of a file"),
        pytest.param(("--html", "/no/such/folder/x.html"), "cannot be written", id="4 nowhere to write"),
    ],
)
def test_misuse_ends_with_2(run: Run, path: Path, arguments: tuple[str, ...], says: str) -> None:
    """And says what is wrong."""
    if "--html" in arguments:
        pytest.importorskip("plotly", reason="needs plotly (extra: ui)")
    code, out, err = run(path, *arguments)
    assert (code, out) == (ExitCode.MISUSE, "")
    assert says in err


def test_a_file_that_is_no_log_ends_with_2(run: Run, tmp_path: Path) -> None:
    """Whatever is in it."""
    (tmp_path / "x.ndjson").write_text("{}\n")
    code, _, err = run(tmp_path / "x.ndjson", "--markdown")
    assert code == ExitCode.MISUSE
    assert "neither a log nor a capture" in err
