"""Names of our prefix that no setting has: most likely a slip, and then a setting that is silently not set.

Kubernetes puts variables of the same look into every container of a namespace that has a Service called
`stream-pool` or `stream-pool-…`; they are nobody's slip.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from stream_pool.settings.names import PREFIX, variable
from stream_pool.settings.settings import Settings

ELSEWHERE = frozenset({"STREAM_POOL_PURE", "STREAM_POOL_CONFIG_FILE", "STREAM_POOL_TEST_BROKER"})
"""Variables of this prefix that are no settings: read before there are any, or by tests alone."""

_SERVICE_LINK = re.compile(r"_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$|_PORT_[0-9]+_(TCP|UDP|SCTP)(_[A-Z]+)?$")
_SERVICE_ADDRESS = re.compile(r"(tcp|udp|sctp)://")


@dataclass(frozen=True, slots=True)
class UnknownVariable:
    """A variable with our prefix that nothing reads, and the setting probably meant, if any is near."""

    name: str
    nearest: str | None

    def __str__(self) -> str:
        hint = f"; did you mean {self.nearest}?" if self.nearest else ""
        return f"{self.name} is not a setting{hint}"


def unknown_variables(environment: Mapping[str, str]) -> tuple[UnknownVariable, ...]:
    """Variables of `environment` that carry our prefix and that nothing reads, sorted by name."""
    known = {variable(field) for field in Settings.model_fields} | ELSEWHERE
    strangers = (
        name
        for name, value in environment.items()
        if (upper := name.upper()).startswith(PREFIX)
        and upper not in known
        and not _is_service_link(f"_{upper}", value)
    )
    return tuple(UnknownVariable(name, nearest_variable(name)) for name in sorted(strangers))


def nearest_variable(name: str) -> str | None:
    """The variable that a name may have been meant for."""
    fields = difflib.get_close_matches(name.upper().removeprefix(PREFIX).lower(), Settings.model_fields, n=1)
    return variable(fields[0]) if fields else None


def _is_service_link(name: str, value: str) -> bool:
    is_address = name.endswith("_PORT") and _SERVICE_ADDRESS.match(value) is not None
    return is_address or _SERVICE_LINK.search(name) is not None
