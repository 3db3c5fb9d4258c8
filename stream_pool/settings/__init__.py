"""What can be set from outside, read once at the edge: by options, by environment variables
`STREAM_POOL_<FIELD>`, by a TOML file.

Inner objects never see a `Settings`: they take plain values.
"""

from stream_pool.settings.file import CONFIG_FILE
from stream_pool.settings.loading import allowed, load_settings, refuse_unknown, shown, with_broker
from stream_pool.settings.masking import is_file, masked_path
from stream_pool.settings.names import PREFIX, variable
from stream_pool.settings.security import SECRETS, SecuritySettings
from stream_pool.settings.settings import Settings
from stream_pool.settings.unknown import UnknownVariable, unknown_variables

__all__ = [
    "CONFIG_FILE",
    "PREFIX",
    "SECRETS",
    "SecuritySettings",
    "Settings",
    "UnknownVariable",
    "allowed",
    "is_file",
    "load_settings",
    "masked_path",
    "refuse_unknown",
    "shown",
    "unknown_variables",
    "variable",
    "with_broker",
]
