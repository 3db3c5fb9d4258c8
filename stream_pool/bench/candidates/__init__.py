"""The client programs of the benches: each runs as a process of its own, and counts until its last mark."""
