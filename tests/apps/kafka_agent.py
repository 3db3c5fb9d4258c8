"""Refused: an ordinary Faust agent on a Kafka topic."""

from script import TOPICS, make_app

app = make_app()


@app.agent(app.topic(*TOPICS))
async def ordinary(stream):
    """Would wait for ever."""
    async for _ in stream:
        pass
