"""An agent on whole batches. `fault` raises a fault of the project's own, `return` ends the agent."""

from script import TOPICS, OrderFailed, make_app, note, option

from stream_pool.stream import TopicMissing

app = make_app()


@app.agent(app.batches(*TOPICS, on_error=option("on_error", "stop")))
async def process(batches):
    """Handles every order of a batch in turn."""
    async for batch in batches:
        for order in batch:
            note(order, "tried")
            match order.document.get("do"):
                case "raise":
                    raise OrderFailed(f"order {order.offset} said so")
                case "fault":
                    raise TopicMissing("a fault, for the test")
                case "return":
                    return
                case "reject":
                    batch.reject(order, "unknown_sku")
                case _:
                    note(order)
