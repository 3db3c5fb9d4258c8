"""A file that cannot be read to its end, as every command tells of it."""

from typing import Any, Protocol


class Damage(Protocol):
    """Where it is no longer as it was written (`CaptureDamaged`, `LogFileDamaged`)."""

    line: int
    problem: str


def damage_json(damage: Damage | None) -> dict[str, Any] | None:
    """As the member `damage` of what `--json` prints."""
    return None if damage is None else {"line": damage.line, "problem": damage.problem}
