"""A blocking handler for each record, in a thread."""

from script import TOPICS, carry_out_blocking, make_app

app = make_app()
app.each(*TOPICS, in_thread=True)(carry_out_blocking)
