"""docs/logs.md has every event that the code writes, with its levels and its fields, and no other."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
CODE = ROOT / "stream_pool"
PAGE = ROOT / "docs" / "logs.md"
IN_MEMORY = CODE / "testing"
"""It is never in a process of a worker or a detector."""

LEVELS = {
    **{name: name for name in ("debug", "info", "warning", "error", "critical")},
    "exception": "error",
}
AT_THE_TOP = {"exc_info"}
"""Keywords that become fields of every line, described once."""

Event = tuple[frozenset[str], frozenset[str]]
"""Levels and fields."""


def written() -> dict[str, Event]:
    """Every event of the code: literal calls of `log`, and of `Trouble`, which writes them later."""
    events: dict[str, Event] = {}
    for path in CODE.rglob("*.py"):
        if IN_MEMORY in path.parents:
            continue
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call):
                for event, levels, fields in _events(call, path):
                    known_levels, known_fields = events.get(event, (frozenset(), frozenset()))
                    events[event] = (known_levels | levels, known_fields | fields)
    return events


def _events(call: ast.Call, path: Path) -> Iterator[tuple[str, set[str], set[str]]]:
    match call.func:
        case ast.Attribute(ast.Name("log"), method) if method in LEVELS:
            text = call.args[0]
            if isinstance(text, ast.Constant):
                yield str(text.value), {LEVELS[method]}, _keywords(call)
            else:
                assert path.name == "trouble.py", f"{path}:{call.lineno}: an event's text has values in it"
        case ast.Name("Trouble"):
            (text, _clock) = call.args
            assert isinstance(text, ast.Constant), f"{path}:{call.lineno}"
            yield str(text.value), {"warning"}, _keywords(call) | {"error", "untold"}
        case ast.Name("_Skipped"):
            (_reason, where) = call.args
            assert isinstance(where, ast.Dict), f"{path}:{call.lineno}"
            names = {str(key.value) for key in where.keys if isinstance(key, ast.Constant)}
            yield "snapshot skipped", set(), names


def _keywords(call: ast.Call) -> set[str]:
    return {keyword.arg for keyword in call.keywords if keyword.arg is not None} - AT_THE_TOP


def told() -> dict[str, Event]:
    """The rows of the page."""
    rows = re.findall(r"^\| `([^`]+)` \| ([a-z, ]+) \| ([^|]*) \|", PAGE.read_text(), flags=re.MULTILINE)
    events = {
        event: (frozenset(levels.split(", ")), frozenset(re.findall(r"`(\w+)`", fields)))
        for event, levels, fields in rows
    }
    assert len(events) == len(rows), "an event stands in the page twice"
    return events


def test_the_page_has_every_event_with_its_levels_and_fields() -> None:
    """What the code writes, and what the page says, are the same."""
    assert told() == written()


def test_there_is_something_to_hold() -> None:
    """The code is found, and the page is read."""
    assert written()["worker stops"] == ({"critical"}, {"reason", "error", "handler_error"})
    assert len(written()) > 40


def test_whoever_reads_about_operations_is_led_there() -> None:
    """From the README and from the runbook."""
    assert "(docs/logs.md)" in (ROOT / "README.md").read_text()
    assert "(logs.md)" in (ROOT / "docs" / "runbook.md").read_text()
