"""How far a command is: a bar on a terminal, lines elsewhere, nothing where it takes but a moment."""

from stream_pool.cli.progress import LINE_EVERY_S, progress


class Stream:
    """A stream that says whether it is a terminal."""

    def __init__(self, *, is_terminal: bool) -> None:
        self.is_terminal = is_terminal
        self.written = ""

    def isatty(self) -> bool:
        return self.is_terminal

    def write(self, text: str) -> int:
        self.written += text
        return len(text)

    def flush(self) -> None: ...


class Time:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.s = 100.0

    def __call__(self) -> float:
        return self.s


def test_a_terminal_has_a_bar_with_rate() -> None:
    """Which is drawn once it took longer than a moment."""
    stream, time = Stream(is_terminal=True), Time()
    with progress(stream, "verifying", "events", time) as tell:  # type: ignore[arg-type]  # the fake has what is asked of it
        time.s += 2
        tell(1, 2, 3_000)
    assert "verifying" in stream.written
    assert "1,500 events/s" in stream.written


def test_elsewhere_there_is_a_line_now_and_then() -> None:
    """With how much is done, the rate, and how long it still takes."""
    stream, time = Stream(is_terminal=False), Time()
    with progress(stream, "verifying", "events", time) as tell:  # type: ignore[arg-type]  # the fake has what is asked of it
        tell(1, 100, 1)
        time.s += LINE_EVERY_S
        tell(25, 100, 5_000)
        tell(26, 100, 5_200)
        time.s += LINE_EVERY_S
        tell(50, None, 20_000)
    assert stream.written.splitlines() == [
        "verifying: 25%, 5,000 events, 500 events/s, 30 s left",
        "verifying: 20,000 events, 1,000 events/s",
    ]


def test_what_takes_a_moment_shows_nothing() -> None:
    """It would be in the way."""
    stream = Stream(is_terminal=False)
    with progress(stream, "verifying", "events", Time()) as tell:  # type: ignore[arg-type]  # the fake has what is asked of it
        tell(2, 2, 3)
    assert stream.written == ""
