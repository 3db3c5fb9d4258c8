"""What a library repeats is said three times a minute, and the rest is counted."""

import logging

from stream_pool.telemetry.repeated_lines import RepeatedLines


class Desk:
    """A filter on a clock that is set, and what it let through."""

    def __init__(self, *names: str) -> None:
        self.now_s = 100.0
        self.filter = RepeatedLines(names, lambda: self.now_s)
        self.told: list[str] = []

    def say(self, message: str, *args: object, name: str = "aiokafka.cluster") -> None:
        record = logging.LogRecord(name, logging.ERROR, "f", 1, message, args, None)
        if self.filter.filter(record):
            self.told.append(record.getMessage())


def test_1_three_a_minute_of_a_kind_and_the_rest_counted() -> None:
    """A kind is the message before its arguments are filled in."""
    desk = Desk("aiokafka", "mode")
    for number in range(10):
        desk.say("topic %s not found", number)
    assert desk.told == ["topic 0 not found", "topic 1 not found", "topic 2 not found"]
    desk.now_s += 60.0
    desk.say("topic %s not found", "t")
    assert desk.told[3:] == ["topic t not found (and 7 more like it before)"]


def test_2_every_kind_for_itself() -> None:
    """A flood of one kind hides no other."""
    desk = Desk("aiokafka")
    for _ in range(10):
        desk.say("a")
    desk.say("b")
    assert desk.told == ["a", "a", "a", "b"]


def test_3_others_say_what_they_like() -> None:
    """Our own lines are never withheld; nor any where no name is given."""
    for desk in (Desk("aiokafka"), Desk()):
        for _ in range(10):
            desk.say("a", name="stream_pool.stream.source")
        assert len(desk.told) == 10


def test_4_bounded() -> None:
    """A library that puts its arguments into the message costs no memory without end."""
    desk = Desk("aiokafka")
    for number in range(10_000):
        desk.say(f"failed at {number}")
    assert len(desk.told) == 10_000
    assert len(desk.filter._kinds) <= 500
