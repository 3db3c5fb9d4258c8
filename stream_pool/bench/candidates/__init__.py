"""The client programs of the benches: each runs as a process of its own, and counts until its last mark.

Those of `bench stream` do the same work: decode each order, read the customer's id in it, count, and keep
every second how far they are.
"""
