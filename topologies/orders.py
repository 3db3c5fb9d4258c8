"""The order processor of the reference incident, as small as it can be: each order is priced and checked.

Deployed with `stream-pool worker -A topologies.orders`. Two record headers make an incident out of it, as
the demo's generator writes them: `simulated-latency-us`, a payment gateway that answers late, and
`simulated-error`, one that fails.
"""

import asyncio
import os

from stream_pool import App, Order, Rejected

app = App(os.environ.get("ORDERS_GROUP", "order-processor-v3"))


class PaymentGatewayError(Exception):
    """The gateway refused or did not answer."""


@app.each(os.environ.get("ORDERS_TOPIC", "orders"))
async def handle(order: Order) -> Rejected | None:
    """Check an order and charge it."""
    latency_us = order.headers.text("simulated-latency-us")
    if latency_us is not None:
        await asyncio.sleep(int(latency_us) / 1_000_000)
    if "simulated-error" in order.headers:
        raise PaymentGatewayError("the payment gateway did not answer")
    if not order.document:
        return Rejected("empty_order")
    return None
