"""`stream-pool capture`: what is misuse, before any broker is asked; and how outcomes are told."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from stream_pool.cli import main as edge
from stream_pool.cli.render_capture import Outcome, to_json, to_text, warnings
from stream_pool.errors import ExitCode
from stream_pool.incident.capture import Captured
from stream_pool.incident.capture_file import CaptureHeader, Lost
from stream_pool.incident.redaction import Redactor, parse_rules


@pytest.mark.usefixtures("bare_environment")
@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        pytest.param([], "--out names the file", id="1 no file"),
        pytest.param(["--out", "c", "--from", "soon"], "'soon' is no time", id="2 no time"),
        pytest.param(["--out", "c", "--partitions", "0-3"], "numbers with commas", id="3 no partitions"),
        pytest.param(["--out", "c", "--events"], "--events needs --group", id="4 whose events"),
        pytest.param(
            ["--out", "c", "--group", "g"], "--group goes with --events", id="5 a group for nothing"
        ),
        pytest.param(["--out", "c", "--redact", "order"], "is no rule", id="6 no rule"),
        pytest.param(["--out", "c", "--redact", "a: hide"], "is no action", id="7 no action"),
        pytest.param(["--out", "c", "--from", "5", "--to", "5"], "nothing is between", id="9 no offsets"),
        pytest.param(["--out", "c", "--from", "-1h", "--to", "-2h"], "nothing is between", id="10 no time"),
        pytest.param(
            ["--out", "c", "--redact", ".".join(["longname"] * 40) + ": hide"],
            "'hide' is no action",
            id="13 a rule too long for a name of a file",
        ),
        pytest.param(["--preview", "2"], "give some rules", id="8 a preview of nothing"),
        pytest.param(
            ["--preview", "2", "--out", "c"], "--out: --preview writes", id="11 a preview to a file"
        ),
        pytest.param(["--preview", "2", "--resume"], "--resume: --preview writes", id="12 or on with it"),
    ],
)
def test_misuse_exits_2(
    arguments: list[str],
    problem: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """In a line that says what would do; nothing is written."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["stream-pool", "capture", "--topic", "t", *arguments])
    with pytest.raises(SystemExit) as ended:
        edge.main()
    assert ended.value.code == ExitCode.MISUSE
    assert problem in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("bare_environment")
@pytest.mark.parametrize(
    ("content", "salt", "problem"),
    [
        pytest.param("# nothing\n", "", "gives no rule", id="1 a file without a rule"),
        pytest.param("a: hash\nb\n", "", "'b' is no rule", id="2 a file with something else"),
        pytest.param("a: hash\n", "short", "is too short: 16 bytes", id="3 a salt that can be guessed"),
    ],
)
def test_rules_in_a_file(
    content: str,
    salt: str,
    problem: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """Are read as they are, with the salt."""
    (path := tmp_path / "rules").write_text(content)
    monkeypatch.setenv("STREAM_POOL_REDACTION_SALT", salt)
    command = ["capture", "--topic", "t", "--out", str(tmp_path / "c"), "--redact", str(path)]
    monkeypatch.setattr(sys, "argv", ["stream-pool", *command])
    with pytest.raises(SystemExit) as ended:
        edge.main()
    assert ended.value.code == ExitCode.MISUSE
    assert problem in capsys.readouterr().err


HEADER = CaptureHeader(
    "c1", "orders", {0: (12, 814), 1: (5, 5)}, None, None, 0, others={"g.events": {0: (0, 9)}}
)
LOST = Lost("orders", 0, 400, 512, "retention deleted them")


def captured(*, is_whole: bool = True, already: int = 0) -> Captured:
    return Captured(Path("c.zst"), HEADER, 1_600, already, (LOST,), is_whole, 123_456, 2.0)


def test_an_outcome_in_lines() -> None:
    """What, where from, what not."""
    redactor = Redactor(parse_rules(["a: mask", "b: mask"]), b"0123456789abcdef")
    redactor.value(b'{"a":1}')
    redactor.value(b"x")
    outcome = Outcome(captured(is_whole=False, already=7), redactor)
    assert to_text(outcome).splitlines() == [
        "captured 1,600 records of orders in 2.0 s: c.zst, 123,456 bytes",
        "  7 were there already",
        "  orders-0: offsets 12 to 813",
        "  orders-1: nothing",
        "  g.events-0: offsets 0 to 8",
        "  lost: orders-0, offsets 400 to 511: retention deleted them",
        "  redacted: a: mask: 1 times",
        "  redacted: b: mask: 0 times",
        "  redacted whole, being no JSON: 1 values",
        "stopped before the end: the same command with --resume goes on",
    ]
    assert list(warnings(outcome)) == ["warning: b: mask: this rule matched nothing"]


def test_no_resumption_is_promised_under_a_salt_that_is_forgotten() -> None:
    """It is said which setting would have kept it."""
    outcome = Outcome(captured(is_whole=False), None, goes_on=False)
    last = to_text(outcome).splitlines()[-1]
    assert last.startswith("stopped before the end: --resume cannot go on, since the salt")
    assert "STREAM_POOL_REDACTION_SALT" in last


def test_a_capture_of_nothing_is_warned_of() -> None:
    """Most often something else was meant."""
    nothing = replace(captured(), records=0)
    assert list(warnings(Outcome(nothing, None))) == ["warning: no record: the topic has none there"]
    assert not list(warnings(Outcome(replace(nothing, already=7), None)))
    assert not list(warnings(Outcome(replace(nothing, is_whole=False), None)))


def test_an_outcome_as_an_object() -> None:
    """It is JSON, and says the same."""
    told = json.loads(json.dumps(to_json(Outcome(captured(), None))))
    assert told["lost"] == [
        {"topic": "orders", "partition": 0, "from": 400, "to": 512, "why": "retention deleted them"}
    ]
    assert (told["took_s"], told["records_per_second"], told["file_bytes"]) == (2.0, 800, 123_456)
    assert told["partitions"] == {"0": [12, 814], "1": [5, 5]}
    assert (told["whole"], told["redaction"]) == (True, None)
    assert list(warnings(Outcome(captured(), None))) == []
