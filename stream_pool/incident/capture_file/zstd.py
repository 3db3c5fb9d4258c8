"""The standard library's zstd where Python has it, its backport elsewhere: one interface."""

import sys

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["zstd"]
