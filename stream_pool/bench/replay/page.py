"""How large the report of the reference incident is, as one page that needs nothing else."""

from stream_pool.bench.command import run_command
from stream_pool.bench.interval import exactly
from stream_pool.bench.replay.setup import Figure, Setup
from stream_pool.bench.report import Bar
from stream_pool.incident.captures import reference_capture

LIMIT_MB = 6.0


def page(setup: Setup) -> Figure:
    """Write the page. Raises `BenchClientError`."""
    with setup.file("incident.html") as html:
        ended = run_command("report", reference_capture(), "--html", html)
        size_mb = html.stat().st_size / 1e6
    setup.say(f"page: {size_mb:.1f} MB in {ended.wall_s:.1f} s")
    return Figure(
        candidates={"report": {"page_mb": size_mb, "wall_s": ended.wall_s}},
        bars=(Bar("page of the reference incident, MB", exactly(size_mb), "<=", LIMIT_MB),),
    )
