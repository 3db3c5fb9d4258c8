"""One way for every log line, structlog's or the standard library's: JSON for machines, colour on a terminal.

`configure_logging` sets up both; `logging_config` is the standard library's half alone, as the dictionary
that Faust and `logging.config` take, for whoever starts the worker another way. Lines of faust, mode and
aiokafka go through the same processors as ours.

What a line may carry: `trace_id`, `span_id`, `request_id` and the other record labels wherever a record is
current, and never a payload's values. So a value that is no plain one is written as the name of its type, the
locals of a traceback are never rendered, and a handler's exception, given as `handler_error=`, is written as
its type and frames without the message (the dead letter has that).
"""

import json
import logging
import logging.config
import sys
import traceback
from pathlib import PurePath
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from stream_pool import words
from stream_pool.telemetry.repeated_lines import RepeatedLines
from stream_pool.telemetry.trace_context import current_record

LogFormat = Literal["auto", "json", "console"]
RECORD_LABELS = ("request_id", "tenant", "business_event_type", "schema_version")
HANDLER_ERROR = "handler_error"
CHATTY = ("aiokafka", "faust", "mode")
"""Libraries whose every step is an INFO line: below `debug` only their warnings are written, and not each."""

_PLAIN = (str, int, float, type(None), PurePath)


def configure_logging(
    level: str = "info", log_format: LogFormat = "auto", stream: TextIO | None = None
) -> None:
    """Set up structlog and the standard library's root logger. `stream` is standard error unless given.

    Start Faust's worker with `override_logging=False` after this, or it installs its own handlers.
    """
    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    logging.config.dictConfig(logging_config(level, log_format, stream))


def logging_config(
    level: str = "info", log_format: LogFormat = "auto", stream: TextIO | None = None
) -> dict[str, Any]:
    """The standard library's part, for `logging.config.dictConfig` or Faust's `logging_config`."""
    target = sys.stderr if stream is None else stream
    console = target.isatty() if log_format == "auto" else log_format == "console"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _shared(),
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    *(_for_people() if console else _for_machines()),
                ],
            }
        },
        "filters": {"repeated": {"()": RepeatedLines, "names": () if level == "debug" else CHATTY}},
        "handlers": {
            "stream": {
                "class": "logging.StreamHandler",
                "stream": target,
                "formatter": "line",
                "filters": ["repeated"],
            }
        },
        "loggers": {name: {"level": "DEBUG" if level == "debug" else "WARNING"} for name in CHATTY},
        "root": {"handlers": ["stream"], "level": level.upper()},
    }


def withhold_requests() -> None:
    """Keep aiokafka from writing each request that it sends, as it does at `debug`, with passwords and
    payloads in it: for good, whoever sets up the logs, and whatever the levels are."""
    logging.getLogger("aiokafka.conn").addFilter(_is_no_request)


def _is_no_request(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        add_record,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        take_agent_error,
        render_handler_error,
        withhold_values,
    ]


def _for_people() -> list[Processor]:
    return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]


def _for_machines() -> list[Processor]:
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(_to_json)]


def _to_json(event: EventDict, **_: Any) -> str:
    return json.dumps(event, ensure_ascii=False, default=_type_name)


def add_record(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The trace and the labels of the record that is being handled, where there is one."""
    record = current_record.get()
    if record is None:
        return event
    if record.trace_context is not None:
        event.setdefault("trace_id", record.trace_context.trace_id)
        event.setdefault("span_id", record.trace_context.span_id)
    for label in RECORD_LABELS:
        if label in record.baggage:
            event.setdefault(label, words.printable(record.baggage[label]))
    return event


def take_agent_error(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Faust's own line about an agent that raised quotes the exception's message, in its text too."""
    if event.get("exc_info") and str(event.get("logger")).startswith("faust.agents"):
        event["event"] = "agent raised"
        event[HANDLER_ERROR] = event.pop("exc_info")[1]
    return event


def render_handler_error(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A handler's exception as its type and frames, outermost first: its message may quote the payload."""
    error = event.get(HANDLER_ERROR)
    if isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)
        event[HANDLER_ERROR] = f"{type(error).__module__}.{type(error).__qualname__}"
        event["handler_stack"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return event


def withhold_values(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Whatever is not a plain value, or a list or dictionary of such, becomes the name of its type."""
    for name, value in event.items():
        if name != "exc_info" and not name.startswith("_"):
            event[name] = _plain(value)
    return event


def _plain(value: Any) -> Any:
    match value:
        case list() | tuple():
            return [_plain(item) for item in value]
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case PurePath():
            return str(value)
    return value if isinstance(value, _PLAIN) else _type_name(value)


def _type_name(value: object) -> str:
    return f"<{type(value).__name__}>"
