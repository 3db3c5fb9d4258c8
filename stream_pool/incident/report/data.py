"""The story as JSON's types, whole: what `--json` prints."""

from typing import Any

import orjson

from stream_pool.incident.report.headline import headline
from stream_pool.incident.report.story import Story


def to_data(story: Story) -> bytes:
    """One JSON object: the verdict, and the story's members by their names, events as {offset, id}."""
    told = headline(story)
    verdict = {"verdict": told.text, "detector": "".join(cell.text for cell in told.detector) or None}
    return orjson.dumps(verdict | _members(story), default=_plain)


def _members(story: Story) -> dict[str, Any]:
    return {name: getattr(story, name) for name in Story.__dataclass_fields__}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return value._asdict()
    raise TypeError(f"{type(value)} has no JSON form")
