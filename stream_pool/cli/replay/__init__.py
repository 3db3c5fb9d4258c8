"""`stream-pool replay`: traffic of a capture, put back where it can do no harm.

`command` parses and dispatches: to a broker (`to_broker`), through the app in memory (`offline`), or twice so
with the results side by side (`compare`).
"""
