"""An async handler for each record."""

from script import TOPICS, carry_out, make_app, option

app = make_app()
app.each(*TOPICS, on_error=option("on_error", "dead_letter"), retries=int(option("retries", "2")))(carry_out)
