"""The pages of a worker, on Faust's own web server: `/metrics`, `/health/live`, `/health/ready`."""

from typing import TYPE_CHECKING, Any

from aiohttp.web import Response

from stream_pool.stream.snapshots import health_facts, worker_snapshot
from stream_pool.telemetry import Exporter, Health, HealthLimits, live, ready
from stream_pool.telemetry.health import HTTP_UNAVAILABLE

if TYPE_CHECKING:
    from stream_pool.stream.app import App


def add_pages(app: "App") -> None:
    """Declare the pages. Nothing is served before the worker starts."""
    exporter = Exporter(lambda: worker_snapshot(app))
    limits = HealthLimits()

    @app.page("/metrics", name="stream-pool-metrics")
    async def metrics(_view: Any, request: Any) -> Any:
        if not app.plant.outlet.is_open:
            return Response(status=HTTP_UNAVAILABLE, text="the worker starts")
        exposition = exporter.scrape(request.headers.get("Accept"))
        return Response(body=exposition.body, headers={"Content-Type": exposition.content_type})

    @app.page("/health/live", name="stream-pool-live")
    async def health_live(view: Any, _request: Any) -> Any:
        return _answer(view, live(health_facts(app)))

    @app.page("/health/ready", name="stream-pool-ready")
    async def health_ready(view: Any, _request: Any) -> Any:
        return _answer(view, ready(health_facts(app), limits))


def _answer(view: Any, health: Health) -> Any:
    return view.json(health.body(), status=health.http_status)
