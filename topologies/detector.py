"""The detector alone: owns the event log of the order processor and reads no orders.

Deployed with `stream-pool worker -A topologies.detector`; `stream-pool detector --group NAME` is the same for
any group, without a file. Every worker of the group carries the same detector and stands by; one process more
that does nothing else keeps detecting when all workers are dead.
"""

import os

from stream_pool import App

app = App(os.environ.get("ORDERS_GROUP", "order-processor-v3"))
