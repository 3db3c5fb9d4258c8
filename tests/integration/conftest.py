"""Tests of this room run workers as processes."""

from support.fixtures import lab, own_lab

__all__ = ["lab", "own_lab"]
