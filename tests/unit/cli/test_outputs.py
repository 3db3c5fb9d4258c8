"""What a command may write over: nothing but an older file of the same kind."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from support.traffic import START_MS, captured, write_capture
from support.whole_log import WholeLog

from stream_pool.cli import main as edge
from stream_pool.cli.outputs import check_log, check_page
from stream_pool.errors import ExitCode, MisuseError


@pytest.fixture
def run(bare_environment: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*arguments: object) -> tuple[object, str]:
        monkeypatch.setattr(sys, "argv", ["stream-pool", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            edge.main()
        return ended.value.code, capsys.readouterr().err

    return run


def test_a_log_is_never_written_over_a_file(tmp_path: Path) -> None:
    """Where nothing is, or no file, it may be."""
    there = tmp_path / "log.ndjson"
    there.touch()
    with pytest.raises(MisuseError, match="already"):
        check_log(there)
    for free in (None, tmp_path / "other", Path("/dev/null")):
        check_log(free)


@pytest.mark.parametrize(
    ("content", "may"),
    [(b"<!DOCTYPE html>\n<html>", True), (b"", True), (b'{"stream_pool_log":1}', False), (b"\xff", False)],
)
def test_a_page_replaces_pages_alone(tmp_path: Path, content: bytes, may: bool) -> None:
    """By how the file begins, not by its name."""
    path = tmp_path / "x.html"
    path.write_bytes(content)
    if may:
        check_page(path)
    else:
        with pytest.raises(MisuseError, match="no page"):
            check_page(path)


def test_a_capture_is_not_replaced_by_the_log_of_its_replay(run: Any, tmp_path: Path) -> None:
    """Nor through a link."""
    capture = write_capture(tmp_path / "c.ndjson", [captured(0, 5, START_MS)])
    before = capture.read_bytes()
    (tmp_path / "link").hardlink_to(capture)
    for out in (capture, tmp_path / "link"):
        command = ("replay", capture, "--offline", "-A", "topologies.orders", "--out", out)
        assert run(*command)[0] == ExitCode.MISUSE
        assert capture.read_bytes() == before


def test_a_log_is_not_replaced_by_its_report(run: Any, tmp_path: Path) -> None:
    """Nor documents by their estimate."""
    told = WholeLog()
    told.incident()
    log = told.save(tmp_path / "log.ndjson")
    documents = tmp_path / "documents.ndjson"
    documents.write_text("\n".join(json.dumps({"n": n}) for n in range(3)))
    for command, path in (("report", log), ("estimate", documents)):
        before = path.read_bytes()
        code, said = run(command, path, "--html", path)
        assert (code, "no page" in said) == (ExitCode.MISUSE, True)
        assert path.read_bytes() == before
