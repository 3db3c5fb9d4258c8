"""Which services a worker starts, in which order. They stop in the reverse one.

Faust's own consumer stays off: with it would come a leader topic, a second group and acknowledgements
before the work is done. Its producer stays on, for the occasional `topic.send`.

    outlet      producers, event writer, dead letters      first up, last down
    web server
    agents      Faust's
    intake      our consumers: feeds the agents, so it drains before they go
    recorder    samples, lag, pool
    detector    the log's clock, and its owner             last up, first down
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from faust.app.base import BootStrategy
from mode import ServiceT

if TYPE_CHECKING:
    from stream_pool.stream.app import App


class Boot(BootStrategy):
    """The service graph of a stream-pool app."""

    enable_kafka_consumer = False

    def server(self) -> Iterable[ServiceT]:
        app = cast("App", self.app)
        return [
            *self.sensors(),
            app.plant.outlet,
            *self.kafka_producer(),
            *self.web_server(),
            *self.agents(),
            app.plant.intake,
            app.plant.recorder,
            *([app.plant.detector] if app.settings.detector_enabled else []),
        ]
