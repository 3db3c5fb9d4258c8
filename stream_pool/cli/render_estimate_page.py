"""An estimate as one page that needs nothing else, in the report's style; no script runs in it.

What comes from payloads (names of keys, of files) is text, never markup.
"""

from collections.abc import Iterator
from importlib.metadata import version

from stream_pool.cli.estimate_sections import Section, counted, sections
from stream_pool.cli.render_estimate import sentence
from stream_pool.cli.table import Row
from stream_pool.incident.estimate import Estimate
from stream_pool.incident.estimate.measure import OURS, Measured
from stream_pool.incident.report.markup import tag, text
from stream_pool.incident.report.style import STYLE

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def to_html(made: Estimate) -> str:
    """The page."""
    verdict, _, rest = sentence(made).partition("; ")
    head = "".join(
        (
            tag("meta", charset="utf-8"),
            tag("meta", **{"http-equiv": "Content-Security-Policy", "content": _POLICY}),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", name="color-scheme", content="light dark"),
            tag("title", text(f"{made.source}: what a pool would do")),
            f"<style>{STYLE}</style>",
        )
    )
    header = tag(
        "header",
        tag("p", text(f"Estimate · {made.source}"), **{"class": "over"})
        + tag("h1", text(_capital(verdict)))
        + (tag("p", text(_capital(rest)), **{"class": "detector"}) if rest else "")
        + tag("dl", "".join(_figures(made)), **{"class": "figures"}),
    )
    parts = [_section(each) for each in sections(made)]
    if made.measured is not None:
        parts.insert(1, _bars(made.measured))
    footer = tag("footer", text(f"stream-pool {version('stream-pool')} estimate."))
    body = header + tag("main", "".join(parts)) + footer
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>{body}</body></html>\n'


def _figures(made: Estimate) -> Iterator[str]:
    profile, measured = made.profile, made.measured
    yield _figure("documents", f"{profile.accepted:,}", f"of {profile.seen:,} values")
    if measured is not None:
        ours = measured.costs[OURS]
        yield _figure("decoding one takes", f"{ours.us:,.1f} µs", f"of {measured.raw_bytes:,.0f} bytes")
        if ours.held_bytes is not None:
            share = f"{ours.held_bytes / measured.raw_bytes:.2f} of its bytes"
            yield _figure("holding one takes", f"{ours.held_bytes:,.0f} bytes", share)
    if (ratio := profile.best.hit_ratio) is not None:
        yield _figure("keys found in the pool", f"{ratio:.2%}", f"of {profile.lookups:,} lookups")
    yield _figure("different keys", counted(profile.keys), f"{counted(profile.layouts)} layouts of objects")


def _figure(name: str, value: str, more: str) -> str:
    told = text(value) + tag("span", text(more), **{"class": "more"})
    return tag("div", tag("dt", text(name)) + tag("dd", told))


def _bars(measured: Measured) -> str:
    """Time a document by decoder, as bars."""
    most = max(cost.us for cost in measured.costs.values())
    lanes = "".join(
        tag(
            "div",
            tag("span", text(f"{name}, {cost.us:,.2f} µs"), **{"class": "name"})
            + f'<svg viewBox="0 0 100 14" preserveAspectRatio="none" aria-hidden="true">'
            f'<rect class="{"s0" if name == OURS else "s8"}" width="{100 * cost.us / most:.2f}" height="14"/>'
            "</svg>",
            **{"class": "lane"},
        )
        for name, cost in sorted(measured.costs.items(), key=lambda item: item[1].us)
    )
    return tag(
        "section", tag("h2", "CPU time to decode a document") + tag("div", lanes, **{"class": "lanes"})
    )


def _section(section: Section) -> str:
    inner = tag("h2", text(_capital(section.title)))
    if section.is_code:
        inner += tag("pre", text("\n".join(section.lines)), **{"class": "code"})
    else:
        inner += "".join(tag("p", text(_capital(line))) for line in section.lines)
    if section.rows:
        inner += _table(section)
    return tag("section", inner)


def _table(section: Section) -> str:
    """A table, which on a phone is one column."""
    _, *columns = zip(*section.rows, strict=True)
    classes = ["", *("number" if _is_numeric(column) else "" for column in columns)]
    head = "".join(
        tag("th", text(name), **{"class": class_}) for name, class_ in zip(section.head, classes, strict=True)
    )
    rows = "".join(
        tag(
            "tr",
            "".join(
                tag("td", text(cell), **{"class": class_, "data-head": name})
                for cell, class_, name in zip(row, classes, section.head, strict=True)
            ),
        )
        for row in section.rows
    )
    return tag("table", tag("thead", tag("tr", head)) + tag("tbody", rows), **{"class": "stack"})


def _is_numeric(column: Row) -> bool:
    return all(cell[:1].isdigit() or cell == "-" or cell.startswith("about ") for cell in column)


def _capital(line: str) -> str:
    return line[:1].upper() + line[1:]
