"""The report as Markdown: the same sections, without the charts. Numbers name their events in brackets, by
offset; the ids stand at the end."""

import re
from collections.abc import Iterable
from dataclasses import replace

from stream_pool import words
from stream_pool.incident.report.cited import Cited
from stream_pool.incident.report.headline import headline
from stream_pool.incident.report.parts import Cell, Section, Table
from stream_pool.incident.report.sections import caption, charts_of, sections
from stream_pool.incident.report.story import Story

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")
_OFFSETS_AT_MOST = 3


def to_markdown(story: Story) -> str:
    """The document, in the Markdown of GitHub."""
    told = headline(story)
    cited: set[tuple[int, str]] = set()
    day = Cell(words.day(story.from_ms), story.extent.first.cited)
    lines = [
        f"# {_text(told.text)}",
        "",
        f"Incident report, {_cell(day, cited)}, {_text(story.extent.group)}. Times are UTC. "
        "In brackets: the offsets of the events that a number rests on, whose ids stand at the end.",
        "",
        f"The title rests on: {_title(told.sentence, cited)}.",
        "",
    ]
    if told.detector:
        lines += [_sentence(told.detector, cited), ""]
    lines += [f"- {name}: {_cell(cell, cited)}" for name, cell in told.figures]
    for section in sections(story):
        lines += ["", f"## {section.title}", "", *_section(story, section, cited)]
    lines += ["", "## Events cited", "", "| offset | id |", "|---|---|"]
    lines += [f"| {offset} | {_text(id_)} |" for offset, id_ in sorted(cited)]
    return "\n".join(lines).rstrip() + "\n"


def _section(story: Story, section: Section, cited: set[tuple[int, str]]) -> Iterable[str]:
    for cell in section.text:
        yield _cell(cell, cited)
        yield ""
    if section.group is not None:
        for chart in charts_of(story, section.group):
            yield f"- {chart.title}: {_cell(caption(story, chart), cited)}"
        yield ""
    for table in section.tables:
        yield from _table(table, cited)
        yield ""


def _table(table: Table, cited: set[tuple[int, str]]) -> Iterable[str]:
    if table.summary:
        yield f"{_text(table.summary)}:"
        yield ""
    yield "| " + " | ".join(table.head) + " |"
    yield "|" + "|".join("---:" if at in table.numeric else "---" for at in range(len(table.head))) + "|"
    for row in table.rows:
        yield "| " + " | ".join(_cell(cell, cited) for cell in row) + " |"


def _title(cells: Iterable[Cell], cited: set[tuple[int, str]]) -> str:
    """The numbers of the title, in which brackets could not be read."""
    return "; ".join(
        _cell(replace(cell, text=cell.text.strip(" ()")), cited) for cell in cells if _has_number(cell)
    )


def _sentence(cells: Iterable[Cell], cited: set[tuple[int, str]]) -> str:
    return "".join(_cell(cell, cited) for cell in cells)


def _cell(cell: Cell, cited: set[tuple[int, str]]) -> str:
    told = _text(cell.text)
    if cell.more:
        told += f" ({_text(cell.more)})"
    if not _has_number(cell):
        return told
    cited.update(cell.cited.events)
    where = _offsets(cell.cited) or ", ".join(map(_text, cell.places))
    return f"{told} \\[{where}\\]" if where else told


def _has_number(cell: Cell) -> bool:
    return any(character.isdigit() for character in cell.text + cell.more)


def _offsets(cited: Cited) -> str:
    offsets = [ref.offset for ref in cited.events]
    if len(offsets) <= _OFFSETS_AT_MOST and cited.count == len(offsets):
        return ", ".join(map(str, offsets))
    return f"{offsets[0]} to {offsets[-1]}: {cited.count:,} events" if offsets else ""


def _text(content: str) -> str:
    """Text that no Markdown can be made of and no terminal obeys, on one line."""
    one_line = content.replace("\n", " ").replace("\r", " ")
    return _SPECIAL.sub(r"\\\1", words.printable(one_line))
