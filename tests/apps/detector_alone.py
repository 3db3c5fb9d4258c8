"""The detector alone, as in topologies/detector.py, for the test's group."""

from script import make_app

app = make_app()
