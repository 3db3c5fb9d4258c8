"""The page: well-formed, closed to what a log may say and to the network, every number with its origin."""

import base64
import hashlib
import json
import re
from dataclasses import replace

import pytest
from report_logs import Log, incident
from support.pages import Node, Page, untraced

from stream_pool.errors import ExitCode, MisuseError
from stream_pool.events import MemorySampled
from stream_pool.events.raw_record import RawRecord
from stream_pool.incident.report import LetterBook, Story, in_full, plotly_script, to_html
from stream_pool.incident.report.measures import GROUPS
from stream_pool.incident.report.script import SCRIPT

PLOTLY = "/* plotly */"
HOSTILE = '</script><img src=x onerror="alert(1)">&amp;\'"<!--'


def letters(*, value: bytes = b'{"sku": 17}', redacted: bool = True) -> LetterBook:
    book = LetterBook("g.dead-letters", in_full, redacted=redacted)
    headers = (
        ("stream-pool.reason", b"depth_limit"),
        ("stream-pool.exception", b"stream_pool.LimitExceeded"),
        ("stream-pool.message", b"at 17"),
        ("stream-pool.topic", b"orders"),
        ("stream-pool.partition", b"3"),
        ("stream-pool.offset", b"814"),
    )
    book.take("g.dead-letters", 0, RawRecord(0, 1_767_225_000_000, 1, None, headers, value))
    return book


@pytest.fixture(scope="module")
def log() -> Log:
    return incident()


@pytest.fixture(scope="module")
def story(log: Log) -> Story:
    return replace(log.story(), letters=letters().letters())


@pytest.fixture(scope="module")
def page(story: Story) -> Node:
    return Page(to_html(story, PLOTLY, "0.1.0")).root


def test_every_number_names_the_events_that_it_rests_on(page: Node) -> None:
    """In sentences, figures, captions and tables; dead letters name their records."""
    assert untraced(page) == []
    assert len([node for node in page.all("td") if node.ids]) > 100


def test_every_event_that_is_named_is_in_the_log(log: Log, page: Node, story: Story) -> None:
    """By its id, at its offset; those of the charts' points too."""
    ids = [logged.id for logged in log.logged]
    for node in page.all():
        offsets = json.loads(node.attributes.get("data-offset", "[]"))
        assert [ids[offset] for offset in offsets] == node.ids
    data = json.loads(next(node for node in page.all("script") if node.attributes).content)
    assert [data["heads"][head] + tail for _, head, tail in data["events"]] == [
        ids[offset] for offset, _, _ in data["events"]
    ]
    points = [cited for chart in data["charts"] for series in chart["series"] for cited in series["c"]]
    named = {place for cited in points for place in (cited if isinstance(cited, list) else [cited])}
    assert named == set(range(len(data["events"])))


def test_every_event_of_a_table_is_listed_at_the_end(page: Node) -> None:
    """Offset and id, for who has no pointer to point with."""
    (cited,) = [node for node in page.all("section") if node.attributes["id"] == "cited"]
    listed = {row.children[1].content for row in cited.all("tr") if row.all("td")}
    assert listed >= {id_ for node in page.all("td", "dd", "p", "h1") for id_ in node.ids}


def test_every_chart_has_its_data_and_its_place(page: Node) -> None:
    """All that the table of charts has, with as many values as times and origins."""
    data = json.loads(next(node for node in page.all("script") if node.attributes).content)
    keys = [chart["key"] for chart in data["charts"]]
    wanted = [chart.key for group in GROUPS for chart in group.charts]
    assert keys == [key for key in wanted if key not in ("memory_bytes", "gc_pause")]  # there are none in it
    places = [node.attributes["id"] for node in page.all("div") if node.attributes.get("class") == "plot"]
    assert places == [f"plot-{key}" for key in keys]
    for chart in data["charts"]:
        for series in chart["series"]:
            assert len(series["x"]) == len(series["y"]) == len(series["c"]) > 0


def test_limits_and_bands_are_drawn_where_there_are_any(page: Node) -> None:
    """A limit as long as its rules held, a band as long as an anomaly was open."""
    data = json.loads(next(node for node in page.all("script") if node.attributes).content)
    lag = next(chart for chart in data["charts"] if chart["key"] == "lag_records")
    assert lag["limits"] == [{"from": 0, "to": 240_000, "value": 50}]
    assert lag["bands"] == [
        {"from": 79_000, "to": 240_000, "low": None, "high": 50.0, "severity": "P2", "label": "P2 lag"}
    ]


def hostile() -> Story:
    """A log whose every text is as bad as it can be."""
    log = Log()
    log.rules(0)
    log.signals(1, 0, 10, topic=HOSTILE, worker=HOSTILE)
    log.add(MemorySampled(HOSTILE, HOSTILE, 1, 5, None), 2, HOSTILE)
    log.commits(3, HOSTILE, HOSTILE, 0)
    log.opened(4, HOSTILE, HOSTILE, cause=HOSTILE, evidence={HOSTILE: HOSTILE})
    log.tick(10)
    book = LetterBook(HOSTILE, in_full, redacted=False)
    headers = tuple((f"stream-pool.{name}", HOSTILE.encode()) for name in ("reason", "topic", "message"))
    book.take(HOSTILE, 0, RawRecord(0, 0, 1, None, headers, HOSTILE.encode()))
    return replace(log.collector.story(HOSTILE, HOSTILE), letters=book.letters())


def test_nothing_in_a_log_becomes_part_of_the_page() -> None:
    """No element, no script, no attribute: text stays text."""
    page = Page(to_html(hostile(), PLOTLY, HOSTILE)).root
    assert len(page.all("script")) == 3
    assert page.all("img") == []
    assert not any(name.startswith("on") for node in page.all() for name in node.attributes)
    shown = [node.text for node in page.all("#text") if HOSTILE in node.text]
    assert len(shown) > 10
    data = json.loads(next(node for node in page.all("script") if node.attributes).content)
    assert HOSTILE in {series["name"].removesuffix(" resident") for series in data["charts"][-1]["series"]}


def test_a_page_needs_nothing_from_elsewhere(page: Node) -> None:
    """No address in it leads out of it."""
    for node in page.all():
        for name in ("src", "href", "data", "action", "srcset", "poster"):
            assert node.attributes.get(name, "#").startswith("#")
    texts = [node.content for node in page.all("style", "script")]
    assert not any(re.search(r"https?:|@import|url\(", text) for text in texts)


def test_only_its_two_scripts_may_run(page: Node) -> None:
    """By their digests; nothing may be fetched."""
    (policy,) = [node.attributes["content"] for node in page.all("meta") if "http-equiv" in node.attributes]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    digests = [
        base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in (PLOTLY, SCRIPT)
    ]
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == " ".join(f"'sha256-{digest}'" for digest in digests)
    assert "connect-src" not in rules
    executed = [node.content for node in page.all("script") if not node.attributes]
    assert executed == [PLOTLY, SCRIPT]


def test_a_log_of_one_event_is_a_page_too() -> None:
    """What there is nothing of is left out, or says so."""
    log = Log()
    log.tick(0)
    page = Page(to_html(log.story(), PLOTLY, "0.1.0")).root
    assert untraced(page) == []
    sections = [node.attributes["id"] for node in page.all("section")]
    assert sections == ["timeline", "detection", "workers", "changes", "log", "cited"]
    assert "Nothing was found wrong with g" in page.all("h1")[0].content


def test_dead_letters_are_shown_as_they_may_be(page: Node, story: Story) -> None:
    """What an exception says is kept back with the values."""
    (section,) = [node for node in page.all("section") if node.attributes["id"] == "letters"]
    assert "depth_limit" in section.content
    assert "orders/3/814" in section.content
    assert "at 17" not in section.content
    shown = replace(story, letters=letters(redacted=False).letters())
    assert "at 17" in to_html(shown, PLOTLY, "0.1.0")


def test_without_plotly_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """And how to go without."""
    monkeypatch.setitem(__import__("sys").modules, "plotly.offline", None)
    with pytest.raises(MisuseError, match=r"stream-pool\[ui\].*--markdown") as refused:
        plotly_script()
    assert refused.value.exit_code == ExitCode.MISUSE
