"""Tells what a handler sees of its order's headers."""

from script import TOPICS, make_app, note, tell

from stream_pool import Order

app = make_app()


@app.each(*TOPICS)
def handle(order: Order) -> None:
    """The headers, the trace and the baggage."""
    trace = order.trace_context
    tell(
        names=list(order.headers),
        values={name: order.headers[name].hex() for name in order.headers},
        text={name: order.headers.text(name) for name in order.headers},
        trace_id=trace.trace_id if trace is not None else None,
        span_id=trace.span_id if trace is not None else None,
        baggage=dict(order.baggage),
        key=order.key.hex() if order.key is not None else None,
        timestamp=order.timestamp,
    )
    note(order)
