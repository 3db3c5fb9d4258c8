"""Who the worker is, said by Faust's own objects in the app; what it handles it passes on by `topic.send`."""

import ssl

import faust
from aiokafka.abc import AbstractTokenProvider
from script import TOPICS, carry_out, make_app, option

from stream_pool import Order, Rejected


class Token(AbstractTokenProvider):
    """Always the same."""

    async def token(self) -> str:
        return option("token", "")


def identity():
    """As the test says."""
    context = ssl.create_default_context(cafile=option("cafile", ""))
    match option("way", ""):
        case "mutual TLS":
            context.load_cert_chain(option("certfile", ""), option("keyfile", ""), option("key_password", ""))
            return faust.SSLCredentials(context)
        case "OAUTHBEARER":
            return faust.OAuthCredentials(oauth_cb=Token(), ssl_context=context)
        case mechanism:
            return faust.SASLCredentials(
                username=option("user", ""),
                password=option("password", ""),
                mechanism=mechanism,
                ssl_context=context,
            )


app = make_app(broker_credentials=identity())
out = app.topic(option("out", "out"), value_type=bytes, value_serializer="raw")


@app.each(*TOPICS, retries=0)
async def handle(order: Order) -> Rejected | None:
    """Does what the order says, then passes it on."""
    rejected = await carry_out(order)
    await out.send(value=b"order %d" % order.offset)
    return rejected
