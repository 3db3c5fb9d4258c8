"""`stream-pool demo`: an incident in under a minute, on a broker of its own.

plan      how much traffic, and which windows and thresholds are scaled to fit it     pure
ledger    which records were sent, finished, put to the dead letters, lost            pure
model     the event log folded into what is shown                                    pure
traffic   sends a scenario's records at their pace
tail      reads the event log and the dead letters
worker    the worker's process
run       all of it together, and the end of all of it
screen, lines, summary    what a terminal, a pipe and the end of the run get to see   pure
"""
