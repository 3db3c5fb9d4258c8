"""Faust's own ways inside this App: a timer, a task, an agent on a plain channel, `topic.send`, a page."""

from script import TOPICS, make_app, note, option, tell

from stream_pool import Order

app = make_app(producer_request_timeout=float(option("send_timeout_s", "60")))
numbers = app.channel()
out = app.topic(option("out", "out"), value_type=bytes, value_serializer="raw")


@app.each(*TOPICS)
async def handle(order: Order) -> None:
    """Passes the order on."""
    await out.send(key=b"key", value=b"order %d" % order.offset)
    note(order)


@app.task
async def once() -> None:
    """Runs at the start."""
    tell(task=True)


@app.timer(interval=0.2)
async def often() -> None:
    """Runs again and again."""
    await numbers.send(value=1)


@app.agent(numbers)
async def add(stream):
    """Reads the plain channel."""
    async for number in stream:
        tell(number=number)


@app.page("/hello/")
async def hello(view, request):
    """A page of the user's."""
    return view.json({"hello": app.conf.id})
