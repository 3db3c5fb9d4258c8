"""What several of these tests need."""

import os
from collections.abc import Iterator

import pytest


@pytest.fixture
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No variable of the machine that runs the tests leaks in, and none that a command sets leaks out."""
    for name in _ours():
        monkeypatch.delenv(name)
    yield
    for name in _ours():
        del os.environ[name]


def _ours() -> list[str]:
    return [name for name in os.environ if name.upper().startswith("STREAM_POOL_")]
