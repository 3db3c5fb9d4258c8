"""What can be set from outside: environment variables `STREAM_POOL_<FIELD>`, read once at the edge.

Inner objects never see a `Settings`: they take plain values.
"""

from stream_pool.settings.loading import UnknownVariable, allowed, load_settings, unknown_variables
from stream_pool.settings.settings import Settings, variable

__all__ = ["Settings", "UnknownVariable", "allowed", "load_settings", "unknown_variables", "variable"]
