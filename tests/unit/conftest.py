"""What several of these tests need."""

import os

import pytest


@pytest.fixture
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of the machine that runs the tests may leak in."""
    for name in [name for name in os.environ if name.upper().startswith("STREAM_POOL_")]:
        monkeypatch.delenv(name)
