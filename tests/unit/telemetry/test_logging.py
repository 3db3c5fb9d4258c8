"""Log lines: one format for all, the record's trace on each, the payload on none."""

import io
import json
import logging
import logging.config
from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

import pytest
import structlog

from stream_pool.telemetry.logging import configure_logging, logging_config, withhold_requests
from stream_pool.telemetry.trace_context import TraceContext, current_record

SECRET = "4111-1111-1111-1111"


class Terminal(io.StringIO):
    """A stream that says it is one."""

    def isatty(self) -> bool:
        return True


class Record:
    """What the logs ask of a record."""

    def __init__(self, trace_context: TraceContext | None, baggage: dict[str, str]) -> None:
        self.trace_context = trace_context
        self.baggage = baggage


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Handlers, levels and structlog's set-up are global: put back what was there."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def lines() -> io.StringIO:
    """A stream that logging in JSON has been set up on."""
    stream = io.StringIO()
    configure_logging("info", "auto", stream)
    return stream


def read(stream: io.StringIO) -> list[dict[str, Any]]:
    """The stream's lines, parsed."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_both_libraries_make_the_same_line(lines: io.StringIO) -> None:
    """Faust's loggers and ours have the same members."""
    structlog.get_logger("stream_pool.test").info("position lost", topic="orders", partition=3)
    logging.getLogger("faust.app").warning("lost %s", "it")
    ours, theirs = read(lines)
    assert ours.pop("timestamp").endswith("Z")
    assert theirs.pop("timestamp").endswith("Z")
    assert ours == {
        "event": "position lost",
        "level": "info",
        "logger": "stream_pool.test",
        "topic": "orders",
        "partition": 3,
    }
    assert theirs == {"event": "lost it", "level": "warning", "logger": "faust.app"}


def test_the_level_holds_for_both(lines: io.StringIO) -> None:
    """Below the level nothing is written."""
    structlog.get_logger("a").debug("x")
    logging.getLogger("b").debug("x")
    assert read(lines) == []


def test_lines_carry_the_current_record(lines: io.StringIO) -> None:
    """Trace and labels come from the record at hand; other baggage stays where it is."""
    trace = TraceContext("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", 1)
    token = current_record.set(Record(trace, {"request_id": "r-1", "tenant": "acme", "card": SECRET}))
    try:
        logging.getLogger("faust.agent").warning("hello")
    finally:
        current_record.reset(token)
    logging.getLogger("faust.agent").warning("later")
    during, later = read(lines)
    assert {name: during[name] for name in ("trace_id", "span_id", "request_id", "tenant")} == {
        "trace_id": trace.trace_id,
        "span_id": trace.span_id,
        "request_id": "r-1",
        "tenant": "acme",
    }
    assert not {"trace_id", "span_id", "request_id", "tenant"} & later.keys()
    assert SECRET not in lines.getvalue()


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_label_cannot_steer_a_terminal(log_format: Any) -> None:
    """Whoever produces a record writes its labels."""
    stream = io.StringIO()
    configure_logging("info", log_format, stream)
    token = current_record.set(Record(None, {"request_id": "r\x1b]0;owned\x07\n\x9b2J", "tenant": "Zoë"}))
    try:
        structlog.get_logger().info("hello")
    finally:
        current_record.reset(token)
    told = stream.getvalue()
    assert not [control for control in ("\x1b]", "\x07", "\x9b") if control in told]
    assert r"\x1b]0;owned\x07\n\x9b2J" in told.replace("\\\\", "\\")
    assert "Zoë" in told


def test_a_record_without_a_trace_has_none_on_its_lines(lines: io.StringIO) -> None:
    """Unknown is absent."""
    token = current_record.set(Record(None, {}))
    try:
        structlog.get_logger().info("hello")
    finally:
        current_record.reset(token)
    assert read(lines)[0].keys() == {"event", "level", "timestamp", "logger"}


def test_bound_context_is_on_every_line(lines: io.StringIO) -> None:
    """What a user binds with structlog's context variables is on ours and on Faust's lines."""
    structlog.contextvars.bind_contextvars(worker="w1")
    structlog.get_logger().info("a")
    logging.getLogger("mode").warning("b")
    assert [line["worker"] for line in read(lines)] == ["w1", "w1"]


@pytest.mark.parametrize(("level", "lines_written"), [("info", 1), ("debug", 2)])
def test_libraries_tell_their_steps_only_when_asked(level: str, lines_written: int) -> None:
    """Below debug Faust's, mode's and aiokafka's INFO lines are left out, their warnings are not."""
    stream = io.StringIO()
    configure_logging(level, "json", stream)
    logging.getLogger("aiokafka.consumer").info("joined")
    logging.getLogger("mode.services").warning("odd")
    assert len(read(stream)) == lines_written


def test_requests_are_written_by_no_level() -> None:
    """They have passwords in them. Not even where somebody sets up the logs anew, as Faust's worker does."""
    withhold_requests()
    stream = io.StringIO()
    logging.config.dictConfig(logging_config("debug", "json", stream))
    logging.getLogger("aiokafka.conn").setLevel(logging.DEBUG)
    logging.getLogger("aiokafka.conn").debug("Request %s", SECRET)
    logging.getLogger("aiokafka.conn").info("Authenticated")
    logging.getLogger("aiokafka.conn").setLevel(logging.NOTSET)
    assert [line["event"] for line in read(stream)] == ["Authenticated"]


class Customer:
    """A thing whose text is a secret."""

    def __repr__(self) -> str:
        return SECRET


def fail() -> None:
    """An exception whose message and whose frame quote the payload."""
    card = SECRET
    raise KeyError(card)


VALUES = [
    pytest.param(SECRET.encode(), "<bytes>", id="1 raw bytes"),
    pytest.param(MappingProxyType({"card": SECRET}), "<mappingproxy>", id="2 a mapping that is no dict"),
    pytest.param(Customer(), "<Customer>", id="3 an object"),
    pytest.param([Customer(), 1, {"a": Customer()}], ["<Customer>", 1, {"a": "<Customer>"}], id="4 nested"),
    pytest.param((1.5, None, True), [1.5, None, True], id="5 plain values"),
]


@pytest.mark.parametrize(("value", "shown"), VALUES)
@pytest.mark.parametrize("log_format", ["json", "console"])
def test_only_plain_values_are_written(log_format: Any, value: Any, shown: Any) -> None:
    """A document that slips into a log call shows its type."""
    stream = io.StringIO()
    configure_logging("info", log_format, stream)
    structlog.get_logger().info("odd", order=value)
    assert SECRET not in stream.getvalue()
    if log_format == "json":
        assert read(stream)[0]["order"] == shown


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_handlers_exception_shows_type_and_frames_only(log_format: Any) -> None:
    """Where it failed is said; with what, is for the dead letter."""
    stream = io.StringIO()
    configure_logging("info", log_format, stream)
    try:
        fail()
    except KeyError as error:
        structlog.get_logger().warning("handler failed", handler_error=error)
    assert SECRET not in stream.getvalue()
    assert "builtins.KeyError" in stream.getvalue()
    assert "test_logging.py" in stream.getvalue()
    assert "fail" in stream.getvalue()


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_traceback_shows_no_locals(log_format: Any) -> None:
    """An error of our own is logged with its traceback, not with what the frames held."""
    stream = io.StringIO()
    configure_logging("info", log_format, stream)

    def broken() -> None:
        card = "4111-" * 4
        raise RuntimeError(len(card))

    try:
        broken()
    except RuntimeError:
        structlog.get_logger().exception("ours")
        logging.getLogger("mode").exception("theirs")
    assert stream.getvalue().count("RuntimeError") >= 2
    assert "4111-4111" not in stream.getvalue()


def test_a_terminal_gets_lines_for_people() -> None:
    """Left to itself the format is that of the stream."""
    stream = Terminal()
    configure_logging("info", "auto", stream)
    structlog.get_logger().info("hello", topic="orders")
    assert "hello" in stream.getvalue()
    with pytest.raises(json.JSONDecodeError):
        read(stream)


def test_a_terminal_can_be_told_to_take_json() -> None:
    """An explicit format wins."""
    stream = Terminal()
    configure_logging("info", "json", stream)
    structlog.get_logger().info("hello")
    assert read(stream)[0]["event"] == "hello"


def test_faust_s_line_about_an_agent_has_no_message_either(lines: io.StringIO) -> None:
    """It has the exception in its text and in its traceback."""
    try:
        raise KeyError(SECRET)
    except KeyError as error:
        logging.getLogger("faust.agents.actor").exception("%r raised: %r", "agent", error)
    (line,) = read(lines)
    assert line["event"] == "agent raised"
    assert line["handler_error"] == "builtins.KeyError"
    assert "test_logging.py" in line["handler_stack"][0]
    assert SECRET not in lines.getvalue()
