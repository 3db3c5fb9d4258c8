"""Which implementation is in use, the compiled core or its Python twin: decided here, once, at import.

The core serves wherever it can. The twin serves where `STREAM_POOL_PURE` asks for it, where no core was built
for this interpreter, on a free-threaded one (the core relies on the interpreter's lock), and in a
sub-interpreter (the core's types belong to the main one, and its import is refused elsewhere).
"""

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Final

ASKED_FOR: Final = "STREAM_POOL_PURE asks for the twin"

_YES = frozenset({"1", "true", "yes", "on"})
"""What `STREAM_POOL_PURE` may be, in letters of any case, to force the twin; all else leaves the choice."""

_CORE = "stream_pool._native"
_NAMES = ("Decoder", "Document", "Pool", "default", "dumps", "quote")


def obstacle(environment: Mapping[str, str]) -> str:
    """Why the core cannot serve in this interpreter, or must not; "" where it can."""
    if environment.get("STREAM_POOL_PURE", "").strip().lower() in _YES:
        return ASKED_FOR
    if "t" in sys.abiflags:
        return "this interpreter is free-threaded"
    try:
        core = import_module(_CORE)
    except ModuleNotFoundError as error:
        if error.name == _CORE:
            return "it was not built for this interpreter"
        return f"it cannot be imported: {error}"
    except ImportError as error:
        return f"it cannot be imported: {error}"
    missing = [name for name in _NAMES if not hasattr(core, name)]
    return f"it was built from other sources, without {', '.join(missing)}" if missing else ""


REASON: Final[str] = obstacle(os.environ)
"""Why the twin serves; "" where the core does."""

NATIVE: Final[bool] = not REASON
"""True where the compiled core is in use."""

if TYPE_CHECKING or NATIVE:
    from stream_pool._native import Pool
else:
    from stream_pool.pool.pool import Pool

__all__ = ["ASKED_FOR", "NATIVE", "REASON", "Pool", "obstacle"]
