"""Which implementation is in use: decided here, for the pool and for documents decoded through it."""

from typing import Final

from stream_pool.pool.pool import Pool

NATIVE: Final[bool] = False
"""True where the compiled core is in use; this build has only its Python twin."""

__all__ = ["NATIVE", "Pool"]
