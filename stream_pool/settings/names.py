"""How a setting is called outside: field `x_s` is variable `STREAM_POOL_X_S`."""

PREFIX = "STREAM_POOL_"


def variable(field: str) -> str:
    """The environment variable of a field of `Settings`."""
    return PREFIX + field.upper()
