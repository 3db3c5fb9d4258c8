"""The story as JSON's types, whole: what `--json` prints."""

from collections.abc import Iterable
from typing import Any

import orjson

from stream_pool.incident.report.headline import headline
from stream_pool.incident.report.parts import Cell
from stream_pool.incident.report.story import Story


def to_data(story: Story) -> bytes:
    """One JSON object: the verdict, whole and in the pieces that rest on events of their own; and the story's
    members by their names, events as {offset, id}."""
    told = headline(story)
    verdict = {
        "verdict": told.text,
        "verdict_cells": _cells(told.sentence),
        "detector": "".join(cell.text for cell in told.detector) or None,
        "detector_cells": _cells(told.detector),
    }
    return orjson.dumps(verdict | _members(story), default=_plain)


def _cells(cells: Iterable[Cell]) -> list[dict[str, Any]]:
    return [{"text": cell.text, "cited": cell.cited} for cell in cells]


def _members(story: Story) -> dict[str, Any]:
    return {name: getattr(story, name) for name in Story.__dataclass_fields__}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return value._asdict()
    raise TypeError(f"{type(value)} has no JSON form")
