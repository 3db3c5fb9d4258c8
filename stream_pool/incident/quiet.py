"""Simulated workers without their own logs, thousands of failed orders among them."""

import logging
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog


@contextmanager
def quiet() -> Iterator[None]:
    """Within it nothing is logged by anybody."""
    before = structlog.get_config()
    disabled = logging.root.manager.disable
    structlog.configure(
        processors=[_drop],
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL),
        cache_logger_on_first_use=False,
    )
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(disabled)
        structlog.configure(**before)


def _drop(_logger: Any, _level: str, _event: MutableMapping[str, Any]) -> Any:
    raise structlog.DropEvent
