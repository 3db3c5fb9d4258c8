"""Refused: a Faust table."""

from script import make_app

app = make_app()
counts = app.Table("counts", default=int)
