"""The report as one page that needs nothing else: style, data, plotly's script and the page's own are in it.

Its content security policy lets only these two scripts run, by their digests, and nothing be fetched. Styles
may stand inline, since plotly sets them. What comes from the log is text, never markup.
"""

import base64
import hashlib
from collections.abc import Iterator
from importlib import import_module

import orjson

from stream_pool import words
from stream_pool.errors import MisuseError
from stream_pool.incident.report.cited import Cited, EventRef, together
from stream_pool.incident.report.headline import headline
from stream_pool.incident.report.lanes import anomaly_lanes, hold_lanes
from stream_pool.incident.report.markup import attributes, script_json, span, tag, text
from stream_pool.incident.report.measures import Chart, Group
from stream_pool.incident.report.parts import Cell, Headline, Section, Table
from stream_pool.incident.report.plots import bands, colour_of, limits, plots, subjects
from stream_pool.incident.report.script import SCRIPT
from stream_pool.incident.report.sections import caption, charts_of, sections
from stream_pool.incident.report.story import Story
from stream_pool.incident.report.style import STYLE

_STACKED_FROM = 4
"""Columns from which a table of text is one column on a phone; one of numbers can have one more."""


def plotly_script() -> str:
    """plotly's own script, from its package. Raises `MisuseError` where that is not installed."""
    try:
        plotly = import_module("plotly.offline")
    except ImportError as error:
        raise MisuseError(
            "the page needs plotly: pip install 'stream-pool[ui]'; --markdown goes without"
        ) from error
    script: str = plotly.get_plotlyjs()
    return script


def to_html(story: Story, plotly: str, version: str) -> str:
    """The page; `plotly` is `plotly_script`'s."""
    told = headline(story)
    parts = sections(story)
    title = f"{story.extent.group}, {words.day(story.from_ms)}: incident report"
    body = "".join(
        (
            _header(story, told),
            _nav(parts),
            tag("main", "".join(_section(story, part) for part in parts) + _cited(told, parts, story)),
            tag("footer", text(f"stream-pool {version} report. Times are UTC. ") + text(_HINT)),
            tag("aside", "", id="origin", hidden="hidden", role="status"),
        )
    )
    data = script_json(orjson.dumps(plots(story), option=orjson.OPT_NON_STR_KEYS))
    head = "".join(
        (
            tag("meta", charset="utf-8"),
            tag("meta", **{"http-equiv": "Content-Security-Policy", "content": _policy(plotly, SCRIPT)}),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", name="color-scheme", content="light dark"),
            tag("title", text(title)),
            f"<style>{STYLE}</style>",
        )
    )
    scripts = (
        f'<script type="application/json" id="data">{data}</script>'
        f"<script>{plotly}</script><script>{SCRIPT}</script>"
    )
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>{body}\n{scripts}\n</body></html>\n'


_HINT = "A number shows the events that it rests on when it is pointed at, or clicked."


def _policy(*scripts: str) -> str:
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _header(story: Story, told: Headline) -> str:
    over = (
        text("Incident report · ")
        + span(Cell(words.day(story.from_ms), story.extent.first.cited))
        + text(" · ")
        + span(Cell(story.extent.group, story.extent.first.cited))
    )
    figures = "".join(tag("div", tag("dt", text(name)) + span(cell, "dd")) for name, cell in told.figures)
    return tag(
        "header",
        tag("p", over, **{"class": "over"})
        + tag("h1", "".join(map(span, told.sentence)))
        + (tag("p", "".join(map(span, told.detector)), **{"class": "detector"}) if told.detector else "")
        + (tag("dl", figures, **{"class": "figures"}) if figures else ""),
    )


def _nav(parts: tuple[Section, ...]) -> str:
    links = "".join(tag("a", text(part.title), href=f"#{part.key}") for part in parts)
    return tag("nav", links + tag("a", "Events cited", href="#cited"))


def _section(story: Story, part: Section) -> str:
    inner = tag("h2", text(part.title))
    inner += "".join(tag("p", span(cell)) for cell in part.text)
    if part.lanes:
        inner += anomaly_lanes(story)
    if part.holds:
        inner += _worker_key(story) + hold_lanes(story)
    if part.group is not None:
        inner += _charts(story, part.group)
    inner += "".join(map(_table, part.tables))
    return tag("section", inner, id=part.key)


def _charts(story: Story, group: Group) -> str:
    figures = "".join(_figure(story, group, chart) for chart in charts_of(story, group))
    key = _worker_key(story) if group.by == "worker" else ""
    return key + tag("div", figures, **{"class": "charts"})


def _figure(story: Story, group: Group, chart: Chart) -> str:
    cell = caption(story, chart)
    note = tag("span", text(f", {chart.note}"), **{"class": "note"}) if chart.note else ""
    told = tag("b", text(chart.title)) + note + span(cell, "span", **{"class": "tell"})
    told += _chart_key(story, group, chart)
    plot = tag("div", "", id=f"plot-{chart.key}", **{"class": "plot"})
    return tag("figure", tag("figcaption", told) + plot, **attributes(cell.cited))


def _chart_key(story: Story, group: Group, chart: Chart) -> str:
    """What the lines are, where there is more than one kind; and what a dotted one is."""
    items = []
    several = story.series.get(chart.key, ())
    if group.by == "topic" and len(several) > 1:
        items += [(colour_of(story, group, each.subject), "", each.subject) for each in several]
    if len(chart.measures) > 1:
        alone = group.by == "topic" and len(several) == 1
        for number, measure in enumerate(chart.measures):
            if story.series.get(measure.key):
                colour = f"s{number}" if alone else "s8"
                items.append((colour, "dash" if number else "", measure.name))
    if any(limits(story, chart.measures[0])):
        items.append(("s8", "dash", "limit"))
    if any(bands(story, chart.measures[0])):
        items.append(("", "band", "expected"))
    return _key(items)


def _worker_key(story: Story) -> str:
    names = subjects(story, "worker")
    return _key([(f"s{min(place, 8)}", "", name) for place, name in enumerate(names)])


def _key(items: list[tuple[str, str, str]]) -> str:
    told = "".join(
        tag("li", tag("i", "", **{"class": f"{colour} {line}".strip()}) + text(name))
        for colour, line, name in items
    )
    return tag("ul", told, **{"class": "key"}) if items else ""


def _table(table: Table) -> str:
    numeric = {number: {"class": "number"} for number in table.numeric}
    head = "".join(tag("th", text(name), **numeric.get(at, {})) for at, name in enumerate(table.head))
    rows = "".join(
        tag("tr", "".join(_td(table, at, cell) for at, cell in enumerate(row))) for row in table.rows
    )
    is_wide = len(table.head) >= _STACKED_FROM + bool(table.numeric)
    stacked = {"class": "stack"} if is_wide else {}
    thead = tag("thead", tag("tr", head)) if any(table.head) else ""
    drawn = tag("table", thead + tag("tbody", rows), **stacked)
    if not table.summary:
        return drawn
    cited = together(cell.cited for row in table.rows for cell in row)
    return tag("details", tag("summary", text(table.summary), **attributes(cited)) + drawn)


def _td(table: Table, at: int, cell: Cell) -> str:
    classes = ["number"] if at in table.numeric else []
    if table.head[at] == "evidence":
        classes.append("evidence")
    return span(cell, "td", **{"class": " ".join(classes), "data-head": table.head[at]})


def _cited(told: Headline, parts: tuple[Section, ...], story: Story) -> str:
    """Every event that a number outside the charts rests on, in the order of the log."""
    refs: set[EventRef] = set()
    for cited in _every(told, parts, story):
        refs.update(cited.events)
    rows = tuple(
        (Cell(f"{ref.offset:,}", Cited.one(ref)), Cell(ref.id, Cited.one(ref))) for ref in sorted(refs)
    )
    table = Table(("offset", "id"), rows, f"{len(rows):,} events, by offset and id", frozenset({0}))
    inner = tag("h2", "Events cited")
    inner += tag(
        "p", "What the numbers above rest on, as it stands in the log. The points of the charts name theirs."
    )
    return tag("section", inner + _table(table), id="cited")


def _every(told: Headline, parts: tuple[Section, ...], story: Story) -> Iterator[Cited]:
    for cell in (*told.sentence, *told.detector, *(cell for _, cell in told.figures)):
        yield cell.cited
    for part in parts:
        yield from (cell.cited for cell in part.text)
        for table in part.tables:
            yield from (cell.cited for row in table.rows for cell in row)
        if part.group is not None:
            yield from (caption(story, chart).cited for chart in charts_of(story, part.group))
