"""What a spectator reads: lines, screen, summary and the object of `--json`."""

import io
import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.console import Console

from stream_pool import words
from stream_pool.cli.demo.ledger import Account
from stream_pool.cli.demo.lines import happening_line, status_line
from stream_pool.cli.demo.model import Anomaly, Happening, Pool, View
from stream_pool.cli.demo.picture import Picture
from stream_pool.cli.demo.screen import BARS, Setting, curve, screen
from stream_pool.cli.demo.stage import LineShow
from stream_pool.cli.demo.summary import Result, to_json, to_text

VIEW = View(
    at_s=65.4,
    phase="incident",
    sent=4_200,
    sent_per_s=360.0,
    processed=2_900,
    processed_per_s=215.0,
    dead_letters=12,
    dead_letter_reasons=(("depth_limit", 5), ("tombstone", 7)),
    lag_records=1_288,
    lag_seconds=3.44,
    lag_records_max=1_400,
    lag_seconds_max=3.9,
    lag_history=(0, 10, 400, 1_288),
    p99_s=0.82,
    rss_bytes=71_000_000,
    pool=Pool(990, 10, 3, 412, 4_096, 37, 0.99, 51_000.0),
    anomalies=(
        Anomaly("lag", "orders", "P2", "unknown", 13.0, 31.0),
        Anomaly("latency", "orders", "P3", "unknown", 14.0),
    ),
    happenings=(
        Happening(10.0, "phase", "incident: orders 17 levels deep"),
        Happening(13.0, "opened", "P2 lag on orders: 812, expected at most 480 (unknown)"),
    ),
)
NOTHING = View(
    at_s=0.0,
    phase="waiting for the worker",
    sent=0,
    sent_per_s=0.0,
    processed=0,
    processed_per_s=0.0,
    dead_letters=0,
    dead_letter_reasons=(),
    lag_records=None,
    lag_seconds=None,
    lag_records_max=0,
    lag_seconds_max=0.0,
    lag_history=(),
    p99_s=None,
    rss_bytes=None,
    pool=Pool(),
    anomalies=(),
    happenings=(),
)
SETTING = Setting(
    "Apache Kafka 4.1 (java) at 127.0.0.1:1", "http://127.0.0.1:2/metrics", "scaled down", 12_000, 480
)


def result(**changes: object) -> Result:
    values: dict[str, object] = {
        "broker": "Apache Kafka 4.1 (java) at 127.0.0.1:1",
        "orders": 12_000,
        "account": Account(12_000, 11_850, 150),
        "view": VIEW,
        "took_s": 40.0,
        "processed_per_s_max": 2_210.4,
        "worker_exit_code": 0,
    }
    return Result(**(values | changes))  # type: ignore[arg-type]  # a test's shorthand


def drawn(view: View, width: int = 100, rows: int = 40) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    console.print(screen(view, SETTING, rows))
    output = console.file
    assert isinstance(output, io.StringIO)
    return output.getvalue()


def test_a_status_line_has_every_promised_figure() -> None:
    """Throughput, lag in records and seconds, latency, dead letters, pool."""
    assert status_line(VIEW) == (
        "T+01:05      in 360/s  out 215/s  lag 1,288 = 3.4 s  p99 820 ms  dead letters 12  "
        "pool hits 99.00% size 412/4,096 evicted 3"
    )


def test_unknown_is_a_dash() -> None:
    """Never 0, which would be a claim."""
    assert "lag - = -  p99 -  dead letters 0  pool hits - size -/- evicted 0" in status_line(NOTHING)


def test_a_happening_line_begins_with_its_time_and_mark() -> None:
    """So a reader finds anomalies with the eye, or with grep."""
    assert happening_line(VIEW.happenings[1]).startswith("T+00:13 !!!! P2 lag on orders: 812")


@pytest.mark.parametrize("width", [80, 100, 160])
def test_the_screen_has_every_promised_figure(width: int) -> None:
    """In any width that a terminal is likely to have; no line is wider than it."""
    text = drawn(VIEW, width)
    squeezed = "".join(text.split()).replace("│", "")
    for figure in ("T+01:05", "incident", "1,288", "3.4s", "215records/s", "99.00%", "412of4,096", "820ms"):
        assert figure in squeezed, figure
    assert all(len(line) <= width for line in text.splitlines())


@pytest.mark.parametrize(("rows", "shown"), [(10, 3), (24, 3), (26, 5), (40, 19), (200, 30)])
def test_the_screen_keeps_to_its_rows(rows: int, shown: int) -> None:
    """The last happenings, one line each however long they are, as many as there is room for."""
    happenings = tuple(Happening(float(n), "pool", f"number {n} " + "long " * 40) for n in range(30))
    lines = drawn(replace(VIEW, happenings=happenings), 80, rows).splitlines()
    assert [n for n in range(30) if any(f"number {n} " in line for line in lines)] == list(
        range(30 - shown, 30)
    )
    assert len(lines) <= max(rows, 24)


def test_an_empty_screen_can_be_drawn() -> None:
    """The first frame comes before the first sample."""
    assert "waiting for the worker" in drawn(NOTHING)


@pytest.mark.parametrize(
    ("values", "bars"),
    [
        ((), ""),
        ((0, 0), "  "),
        ((0, 1, 1_000), f" {BARS[1]}{BARS[8]}"),
        ((4, 8), f"{BARS[4]}{BARS[8]}"),
        (tuple(range(100)), None),
    ],
)
def test_the_curve_shows_the_last_values(values: tuple[int, ...], bars: str | None) -> None:
    """The highest is full, anything above 0 is seen, and it never grows out of its place."""
    assert curve(values) == bars if bars is not None else len(curve(values)) == 60


def test_the_object_has_the_promised_members() -> None:
    """Those of the documentation, by name; times of anomalies in seconds."""
    promised = to_json(result())
    assert json.loads(json.dumps(promised)) == promised
    assert promised == {
        "broker": "Apache Kafka 4.1 (java) at 127.0.0.1:1",
        "orders": 12_000,
        "processed": 11_850,
        "dead_letters": 150,
        "lost": 0,
        "unfinished": 0,
        "repeated": 0,
        "lag_max": 1_400,
        "lag_seconds_max": 3.9,
        "records_per_second": 296.2,
        "records_per_second_max": 2_210.4,
        "pool": {"hits": 990, "misses": 10, "evictions": 3, "size": 412, "capacity": 4_096},
        "anomalies": [
            {
                "rule": "lag",
                "subject": "orders",
                "severity": "P2",
                "diagnosis": "unknown",
                "opened_s": 13.0,
                "resolved_s": 31.0,
            },
            {
                "rule": "latency",
                "subject": "orders",
                "severity": "P3",
                "diagnosis": "unknown",
                "opened_s": 14.0,
                "resolved_s": None,
            },
        ],
    }


@pytest.mark.parametrize(
    ("changes", "complete"),
    [
        pytest.param({}, True, id="1 all accounted for"),
        pytest.param({"account": Account(12_000, 11_849, 150, lost=1)}, False, id="2 one lost"),
        pytest.param({"account": Account(11_999, 11_849, 150)}, False, id="3 one never sent"),
        pytest.param(
            {"account": Account(12_000, 11_849, 150, unfinished=1)}, False, id="4 one never finished"
        ),
        pytest.param({"worker_exit_code": 9}, False, id="5 the worker was forced to stop"),
        pytest.param({"account": Account(12_000, 11_850, 150, repeated=7)}, True, id="6 repeats are no loss"),
    ],
)
def test_a_run_is_complete_when_nothing_is_lost(changes: dict[str, object], complete: bool) -> None:
    """It decides the exit code."""
    assert result(**changes).complete is complete


def test_the_page_tells_the_end_and_how_to_look_further() -> None:
    """Each anomaly with its beginning and end, and the commands to go on with."""
    page = to_text(result(account=Account(12_000, 11_850, 150, repeated=7), worker_exit_code=9))
    for expected in (
        "12,000 orders in 40 s through Apache Kafka 4.1 (java)",
        "processed     11,850 (296/s, 2,210/s at most)",
        "dead letters  150 (depth_limit 5, tombstone 7)",
        "lost          0",
        "highest lag   1,400 records, 3.9 s",
        "99.00% of 1,000 lookups hit; 412 entries of 4,096, 3 evicted",
        "P2 lag on orders: opened T+00:13, resolved T+00:31 (unknown)",
        "P3 latency on orders: opened T+00:14, still open (unknown)",
        "7 records were finished more than once",
        "the worker ended with exit code 9",
        "./scripts/demo --json",
    ):
        assert expected in page
    late = Account(12_000, 11_800, 150, unfinished=50)
    assert "50 records were not finished in time" in to_text(result(account=late))
    assert "none" in to_text(result(view=NOTHING))


def test_lines_tell_each_happening_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Views come more often than seconds: figures once a second, happenings when they are new."""
    show = LineShow()
    show(VIEW, SETTING)
    show(VIEW, SETTING)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["12,000", "T+00:10", "T+00:13", "T+01:05"]
    assert "scaled down" in lines[0]


@pytest.mark.parametrize(
    ("value", "text"),
    [(10_266.0, "10,266"), (812.4, "812"), (1.93874, "1.94"), (0.0425532, "0.0426"), (0.0, "0")],
)
def test_a_value_has_three_digits_that_count(value: float, text: str) -> None:
    """Records, seconds and ratios alike."""
    assert words.figure(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(None, "-"), (1.0, "100%"), (0.99999, "99.99%"), (0.5, "50.00%"), (0.0, "0.00%")]
)
def test_a_ratio_is_never_rounded_up_to_all(value: float | None, text: str) -> None:
    """100 % means every one."""
    assert words.ratio(value) == text


@pytest.mark.parametrize(
    ("at_s", "text"), [(-0.4, "T+00:00"), (0.0, "T+00:00"), (59.9, "T+00:59"), (3_601.0, "T+60:01")]
)
def test_times_count_from_the_first_record(at_s: float, text: str) -> None:
    """Minutes and seconds; what came just before counts as the beginning."""
    assert words.clock(at_s) == text


def test_the_picture_is_of_the_most_telling_moment(tmp_path: Path) -> None:
    """Most anomalies open, then most lag; it needs no font from elsewhere; what is shown is shown."""
    shown: list[View] = []
    picture = Picture(lambda view, _setting: shown.append(view))
    quiet = replace(VIEW, anomalies=(), phase="quiet", lag_records=9_999)
    worse = replace(VIEW, phase="worst", lag_records=2_000)
    for view in (quiet, VIEW, worse, replace(VIEW, phase="better"), quiet):
        picture(view, SETTING)
    picture.write(tmp_path / "demo.svg")
    assert len(shown) == 5
    text = (tmp_path / "demo.svg").read_text()
    assert "worst" in text
    assert "better" not in text
    assert "@font-face" not in text
    assert not re.search(r"(href|src)=|url\(['\"]?http", text)
    ElementTree.fromstring(text)


def test_nothing_shown_is_no_picture(tmp_path: Path) -> None:
    """A demo that ended before its first screen."""
    Picture(lambda view, _setting: None).write(tmp_path / "demo.svg")
    assert not (tmp_path / "demo.svg").exists()
