"""Two agents of one group on the same topics, and one of a group of its own."""

from script import GROUP, TOPICS, carry_out, make_app, note

from stream_pool import Order

app = make_app()


@app.each(*TOPICS)
def first(order: Order) -> None:
    """Done at once."""
    note(order, "first")


@app.each(*TOPICS)
async def second(order: Order) -> None:
    """Does what the order says."""
    await carry_out(order)


@app.each(*TOPICS, group=f"{GROUP}.audit")
def audit(order: Order) -> None:
    """In its own time."""
    note(order, "audit")
