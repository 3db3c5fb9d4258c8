"""`stream-pool worker --watch`: one worker on a terminal, drawn anew each second.

`figures.py` makes figures of two snapshots, `screen.py` draws them, `live.py` runs beside the worker.
"""
