"""A committed offset with its time: what the rules of `evaluate_partition` are about."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit of one partition.

    `offset` is the position of the next record, `at_ms` the time of the commit (Unix epoch), `lag` the
    records behind the end at that time, None where the end was not known.
    """

    offset: int
    at_ms: int
    lag: int | None = None
