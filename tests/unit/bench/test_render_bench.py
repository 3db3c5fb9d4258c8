"""A report as a person sees it."""

import io

from rich.console import Console

from stream_pool.bench.interval import Interval, exactly
from stream_pool.bench.report import Bar, Report
from stream_pool.cli.render_bench import render

REPORT = Report(
    bench="stream",
    environment={"broker": "Apache Kafka 4.1.2"},
    candidates={"ours": {"cpu_us_per_record": 11.25}, "bare": {"cpu_us_per_record": 10.5}},
    ratios={"ours / bare": Interval(1.071, 1.06, 1.08)},
    bars=(Bar("cost", Interval(1.071, 1.06, 1.08), "<=", 1.1), Bar("records lost", exactly(3), "<=", 0)),
)


def test_everything_of_a_report_is_shown() -> None:
    """Each figure, each ratio with its interval, and the verdict on each bar in its own line."""
    out = io.StringIO()
    render(REPORT, Console(file=out, width=100))
    lines = out.getvalue().splitlines()
    for words in (
        ["broker: Apache Kafka 4.1.2"],
        ["cpu_us_per_record", "11.25", "10.5"],
        ["ours / bare", "1.071", "1.060 to 1.080"],
        ["cost", "1.071", "<= 1.1", " holds"],
        ["records lost", "3", "<= 0", "does not hold"],
    ):
        assert any(all(word in line for word in words) for line in lines), words


def test_a_figure_that_a_candidate_lacks_is_left_blank() -> None:
    """Candidates that are asked different questions share one table."""
    report = Report("decode", {}, {"ours": {"us": 2.5}, "dict": {"ns": 21.25}}, {}, ())
    out = io.StringIO()
    render(report, Console(file=out, width=100))
    assert "2.5" in out.getvalue()
    assert "21.25" in out.getvalue()
