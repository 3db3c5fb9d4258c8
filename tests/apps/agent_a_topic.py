"""The same handler declared once for each topic: an agent each."""

from script import TOPICS, carry_out, make_app

app = make_app()
for topic in TOPICS:
    app.each(topic)(carry_out)
