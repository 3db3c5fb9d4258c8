"""The report as Markdown and as an object: whole, cited, and nothing in it but text."""

import orjson
from report_logs import Log, incident

from stream_pool.events import AnomalyOpened, AnomalyResolved, LagSampled, SignalsSampled
from stream_pool.incident.report import headline, sections, to_data, to_markdown


def test_markdown_has_every_section_and_every_id() -> None:
    """Numbers name offsets, whose ids stand at the end."""
    log = incident()
    told = to_markdown(log.story())
    assert told.startswith("# g fell behind from")
    for each in sections(log.story()):
        assert f"\n## {each.title}\n" in told
    body, _, listed = told.partition("## Events cited")
    rows = [line.strip("| ").split(" | ") for line in listed.splitlines()[4:]]
    assert rows
    for offset, id_ in rows:
        assert log.logged[int(offset)].id == id_.replace("\\_", "_")
    assert "15 s after \\[" in body


def test_the_title_of_markdown_is_cited_below_it() -> None:
    """Each of its numbers, the span as well."""
    log = incident()
    title, _, lines = to_markdown(log.story()).partition("\n")
    assert "[" not in title
    (cited,) = [line for line in lines.splitlines() if line.startswith("The title rests on: ")]
    pieces = cited.removeprefix("The title rests on: ").removesuffix(".").split("; ")
    opened, resolved = (
        next(logged.offset for logged in log.logged if isinstance(logged.event, type_))
        for type_ in (AnomalyOpened, AnomalyResolved)
    )
    peak = max(log.logged, key=lambda logged: _lag_of(logged.event)).offset
    signals = [logged.offset for logged in log.logged if isinstance(logged.event, SignalsSampled)]
    assert dict(piece.removesuffix("\\]").split(" \\[") for piece in pieces) == {
        "23:51:19": f"{opened}",
        "to 23:54:00": f"{resolved}",
        "3 min": f"{opened}, {resolved}",
        "1,200 records": f"{peak}",
        "48 of 480 failed": f"{signals[0]} to {signals[-1]}: {len(signals)} events",
    }


def _lag_of(event: object) -> int:
    return sum(part.lag_records or 0 for part in event.partitions) if isinstance(event, LagSampled) else -1


def test_the_title_of_a_quiet_log_is_cited_too() -> None:
    """It has times and figures as well."""
    log = Log()
    first = log.tick(0)
    last = log.lag(6, 3)
    told = to_markdown(log.story())
    assert f"2025-12-31 \\[{first.offset}\\]" in told
    assert f"; 23:50:06 \\[{first.offset}, {last.offset}\\]; 3 records \\[{last.offset}\\].\n" in told


def test_nothing_in_a_log_becomes_markdown() -> None:
    """Bars would make columns, brackets links, angle brackets HTML."""
    log = Log()
    log.opened(0, "a|b", "<img>\n# x", evidence={"[l](u)": "*|*"})
    told = to_markdown(log.story())
    assert "<img>" not in told
    assert "\n# x" not in told
    rows = [line for line in told.splitlines() if line.startswith("| P2")]
    assert [row.replace("\\|", "").count("|") for row in rows] == [7]


def test_nothing_in_a_log_steers_a_terminal() -> None:
    """Markdown is printed."""
    log = Log()
    log.opened(0, subject="a\x1b[2Jb")
    told = to_markdown(log.story())
    assert "\x1b" not in told
    assert "a\\\\x1b\\[2Jb" in told


def test_the_object_has_the_whole_story() -> None:
    """Events are {offset, id}, members by their names."""
    log = incident()
    told = orjson.loads(to_data(log.story()))
    assert told["verdict"] == headline(log.story()).text
    (opening,) = [logged for logged in log.logged if logged.id == "lag-orders-79.0-opened"]
    assert told["episodes"][0]["ref"] == {"offset": opening.offset, "id": opening.id}
    assert told["series"]["lag_records"][0]["points"][0]["cited"]["count"] == 1
    assert told["reference"] is None


def test_the_sentences_of_the_object_are_cited_piece_by_piece() -> None:
    """Together they are the sentences; what has a number names its events."""
    log = incident()
    told = orjson.loads(to_data(log.story()))
    for name in ("verdict", "detector"):
        cells = told[f"{name}_cells"]
        assert "".join(cell["text"] for cell in cells) == told[name]
        for cell in cells:
            cited = cell["cited"]
            assert bool(cited["events"]) >= any(map(str.isdigit, cell["text"])), cell
            assert all(log.logged[ref["offset"]].id == ref["id"] for ref in cited["events"])
    assert [cell["text"] for cell in told["verdict_cells"] if len(cell["cited"]["events"]) == 2] == [
        " (3 min)"
    ]
