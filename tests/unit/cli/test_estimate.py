"""`stream-pool estimate`: what it prints first, what it tells of every kind of payloads, and how it ends."""

import gzip
import json
import sys
from collections.abc import Callable
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from stream_pool.bench.corpus import read_corpus
from stream_pool.bench.interval import Interval
from stream_pool.cli.estimate import take_topic
from stream_pool.cli.estimate_sections import counted, sections
from stream_pool.cli.render_estimate import sentence, to_json, to_text
from stream_pool.cli.render_estimate_page import to_html
from stream_pool.clock import SystemClock
from stream_pool.documents import Limits
from stream_pool.errors import ExitCode
from stream_pool.incident.estimate import Estimate, Estimator, Payload, Profiler, TopicSample
from stream_pool.incident.estimate.advice import verdict
from stream_pool.incident.estimate.measure import OURS, Cost, Measured
from stream_pool.incident.estimate.profile import Distinct
from stream_pool.settings import load_settings
from stream_pool.testing.client import MemoryClient
from stream_pool.testing.log import MemoryLog

Run = Callable[..., tuple[int, str, str]]

ORDERS = read_corpus("plain", scale=0.08).documents


@pytest.fixture
def run(command: Run) -> Run:
    """Exit code, standard output and standard error of the command."""
    return partial(command, "estimate")


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    path = tmp_path / "orders.ndjson"
    path.write_bytes(b"\n".join([*ORDERS, b"nul", b"[1"]))
    return path


def estimate(
    *values: Any, time: float = 2.0, low: float | None = None, held: float | None = None, reason: str = ""
) -> Estimate:
    """Of these values, again and again, and figures that somebody made up: orjson takes `time` of ours."""
    profiler = Profiler()
    for number in range(120):
        profiler.take(f"line {number}", json.dumps(values[number % len(values)]).encode())
    costs = {
        "orjson": Cost(time, None, None if held is None else 400.0),
        OURS: Cost(1.0, None, None if held is None else 400.0 * held),
    }
    speed = {"orjson": Interval(time, time if low is None else low, time + 0.1)}
    measured = Measured(96, 100.0, costs, speed, {"jiter": "not installed"})
    profile = profiler.profile()
    return Estimate("a test", profile, measured, verdict(profile, measured, native=not reason), reason)


OTHER = "the quickest other one here"


@pytest.mark.parametrize(
    ("made", "first"),
    [
        (
            estimate({"id": 1}, time=2.0, held=0.25),
            f"worth it: you would gain 50% of the time of orjson, {OTHER} (2.00 times as fast [2.00, 2.10]); "
            "held, a document takes 1.00 of its bytes, 25% of what the thriftiest other one takes",
        ),
        (
            estimate({"samples": [0.12345] * 99}, time=1.04),
            f"you would gain 4% of the time of orjson, {OTHER} (1.04 times as fast [1.04, 1.14]); not worth "
            "it; 77% of the bytes are numbers in arrays, which are never shared; 11% of the bytes are white "
            "space, which makes keys slower to expect",
        ),
        (
            estimate(*({f"key{n}": n} for n in range(120)), time=0.8),
            f"you would lose 25% against orjson, {OTHER} (0.80 times as fast [0.80, 0.90]); not worth it; "
            "100% of the keys are not found even in a pool of 65,536: keys that do not come again",
        ),
        (
            estimate({"id": 12345678}, time=1.0, held=0.25),
            "worth it only where documents are held: one takes 1.00 of its bytes, 25% of what the thriftiest "
            f"other one takes; of decoding alone you would gain 0% of the time of orjson, {OTHER} (1.00 "
            "times as fast [1.00, 1.10])",
        ),
        (
            estimate({"id": 1}, time=1.2, low=0.9),
            f"not sure: you would gain 17% of the time of orjson, {OTHER} (1.20 times as fast [0.90, 1.30]); "
            "more --rounds, a larger --sample or a quieter machine would tell",
        ),
        (
            estimate({"id": 1}, time=0.1, reason="it was not built"),
            "not judged: the compiled core is not in use (it was not built); with its twin you would lose "
            f"900% against orjson, {OTHER} (0.10 times as fast [0.10, 0.20])",
        ),
    ],
    ids=["worth it", "4 %", "a loss", "where held", "unsure", "the twin"],
)
def test_the_verdict_is_the_first_line(made: Estimate, first: str) -> None:
    """Plainly, with what it rests on, and why where it is no."""
    assert sentence(made) == first
    assert to_text(made).splitlines()[0] == first
    assert to_json(made)["verdict"]["sentence"] == first


def test_a_file_is_estimated(run: Run, orders: Path) -> None:
    """A section for each thing; what is refused with its place."""
    code, out, _ = run(orders, "--rounds", 2)
    assert code == ExitCode.OK
    assert f"{len(ORDERS)} documents of {len(ORDERS) + 2} values" in out
    for title in (
        "time and memory",
        "pool",
        "contents",
        "sizes of a document",
        "paths that cost most",
        "limits",
    ):
        assert f"\n{title}\n" in out
    refused = [line.split() for line in out.splitlines() if "unexpected_end" in line]
    assert refused == [["unexpected_end", "2", "line", "161,", "byte", "3"]]
    assert "memory was not weighed" in out


def test_json_says_the_same(run: Run, orders: Path) -> None:
    """As one object, with every figure."""
    code, out, _ = run(orders, "--rounds", 2, "--json")
    told = json.loads(out)
    assert code == ExitCode.OK
    assert told["documents"]["accepted"] == len(ORDERS)
    assert told["distinct"]["keys"] == {"number": 106, "error_ratio": 0.0}
    assert told["largest"]["depth"] == 17
    assert [figures["capacity"] for figures in told["pool"]["capacities"]] == [
        256,
        1_024,
        4_096,
        16_384,
        65_536,
    ]
    assert set(told["measured"]["costs"]) >= {"json", "orjson", OURS}
    assert told["pool"]["lookups"] == sum(cost["number"] for cost in told["paths"] if is_member(cost["path"]))


def is_member(path: str) -> bool:
    return path != "$" and not path.endswith("[]")


def test_settings_are_such_as_a_worker_takes(
    run: Run, orders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As variables and as a file, to the same limits, within which every document is."""
    lines = to_text(estimate(*map(json.loads, ORDERS))).splitlines()
    at = lines.index("settings, as variables")
    variables = dict(line.split("=") for line in lines[at + 1 : lines.index("", at)])
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    by_variables = load_settings().limits
    for name in variables:
        monkeypatch.delenv(name)
    file = tmp_path / "settings.toml"
    file.write_text("\n".join(lines[lines.index("settings, as a file") + 1 :]))
    monkeypatch.setenv("STREAM_POOL_CONFIG_FILE", str(file))
    assert load_settings().limits == by_variables != Limits()
    assert by_variables.depth == 34


def test_what_was_refused_for_a_limit_is_told_beside_the_settings() -> None:
    """Commented out: somebody has to want it."""
    deep: Any = 1
    for _ in range(70):
        deep = [deep]
    lines = to_text(estimate({"id": 1}, deep)).splitlines()
    assert "# STREAM_POOL_LIMIT_DEPTH=70 would take what this limit refused here" in lines


def test_a_file_that_breaks_off_is_estimated_up_to_there(run: Run, tmp_path: Path) -> None:
    """And exits 1, with the line."""
    whole = gzip.compress(b"".join(order + b"\n" for order in ORDERS * 2))
    path = tmp_path / "cut.ndjson.gz"
    path.write_bytes(whole[: len(whole) // 2])
    code, out, err = run(path, "--rounds", 2)
    assert code == ExitCode.FINDING
    assert " documents of " in out
    assert "cannot be unpacked" in err


def test_few_documents_are_told_and_not_judged(run: Run, tmp_path: Path) -> None:
    """Whatever the machine says of so few."""
    path = tmp_path / "few.ndjson"
    path.write_bytes(b"\n".join(ORDERS[:20]))
    code, out, _ = run(path, "--rounds", 2)
    assert code == ExitCode.OK
    assert out.startswith("too few documents to judge: 20 of 20 values are documents, and it takes 100")
    assert "paths that cost most" in out


def test_a_sample_is_as_large_as_asked_for(run: Run, orders: Path) -> None:
    """The rest of the file is not read; how much that is is told."""
    _, out, _ = run(orders, "--sample", 10, "--rounds", 2, "--json")
    assert json.loads(out)["documents"]["seen"] == 10


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["missing.ndjson"], "no file missing.ndjson. A topic of this name is written topic:missing.ndjson"),
        (["empty.ndjson"], "there is no document to estimate from"),
        (["orders.ndjson", "--spread"], "--spread: for a topic"),
        (["orders.ndjson", "--broker", "kafka://b:1"], "--broker: for a topic"),
        (["orders.ndjson", "--config", "c.toml"], "--config: for a topic"),
        (["orders.ndjson", "--html", "nowhere/page.html"], "there is no folder"),
    ],
)
def test_misuse(
    run: Run, orders: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], problem: str
) -> None:
    """Exit code 2, and why, before anything is measured."""
    monkeypatch.chdir(orders.parent)
    Path("empty.ndjson").touch()
    code, out, err = run(*arguments)
    assert (code, out) == (ExitCode.MISUSE, "")
    assert problem in err


async def test_a_topic_is_told_by_what_was_read_of_it() -> None:
    """How much of it, and of when."""
    log = MemoryLog(SystemClock())
    log.create_topic("orders", 2)
    for number in range(300):
        log.append(
            "orders", number % 2, b'{"id":%d}' % number, timestamp_ms=1_767_225_600_000 + number * 1_000
        )
    estimator = Estimator()
    told = await take_topic(TopicSample(MemoryClient(log, "reader"), "orders", 100), estimator)
    times = "2026-01-01T00:03:20.000Z to 2026-01-01T00:04:59.000Z"
    assert told == f"topic orders: the newest of 300 records, of {times}"
    assert estimator.seen == 100


class Page(HTMLParser):
    """What a page has in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.text = ""
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not any(name in ("src", "href") or name.startswith("on") for name, _ in attrs)
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_has_every_section_and_nothing_of_a_payload_runs_in_it() -> None:
    """No script, nothing fetched; keys are text."""
    made = estimate({"<script>alert(1)</script>": "<b>", "id": 1})
    page = Page(to_html(made))
    assert page.tags.isdisjoint({"script", "b", "img", "link"})
    assert '["<script>alert(1)</script>"]' in page.text
    for section in sections(made):
        assert section.title[1:] in page.text
        assert all(cell in page.text for row in section.rows for cell in row)
    assert "jiter is left out: not installed" in page.text.lower()


def test_the_page_is_written(run: Run, orders: Path, tmp_path: Path) -> None:
    """Beside what is printed."""
    code, out, _ = run(orders, "--sample", 150, "--rounds", 2, "--html", tmp_path / "page.html")
    page = Page((tmp_path / "page.html").read_text())
    assert code == ExitCode.OK
    assert out.splitlines()[0].split("; ")[0][1:] in page.text


@pytest.mark.parametrize(
    ("distinct", "most", "told"),
    [
        (Distinct(1_234, 0.0), None, "1,234"),
        (Distinct(1_234, 0.03), None, "about 1,200"),
        (Distinct(1_234, 0.03), 1_100, "about 1,100"),
        (Distinct(7, 0.0), 9, "7"),
    ],
)
def test_an_estimated_number_has_two_digits(distinct: Distinct, most: int | None, told: str) -> None:
    """It knows no more; and there are never more different things than things."""
    assert counted(distinct, most) == told


def test_standard_input_is_estimated(run: Run, monkeypatch: pytest.MonkeyPatch, orders: Path) -> None:
    """As a pipe from kcat gives it."""
    with orders.open() as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        code, out, _ = run("-", "--rounds", 2, "--json")
    assert code == ExitCode.OK
    assert json.loads(out)["source"] == "standard input"
    assert json.loads(out)["documents"]["accepted"] == len(ORDERS)


def test_payloads_are_taken_one_by_one() -> None:
    """What is refused is no document to be timed."""
    estimator = Estimator()
    for value in (b"{}", None, b"{"):
        estimator.take(Payload("here", value))
    assert estimator.seen == 3
