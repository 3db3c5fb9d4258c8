"""The collector rests while a command imports, no longer; no command imports what it may not need."""

import gc
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module

import pytest

from stream_pool.cli.importing import uncollected


@pytest.fixture(autouse=True)
def _collector_on_in_the_end() -> Iterator[None]:
    yield
    gc.enable()


def test_the_collector_rests_within_the_block() -> None:
    """And works behind it, also where the import failed."""
    with uncollected():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ModuleNotFoundError), uncollected():
        import_module("no_such_module")
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    """Whoever turned it off has a reason."""
    gc.disable()
    with uncollected():
        pass
    assert not gc.isenabled()


def test_the_command_line_loads_no_client() -> None:
    """Faust reads the arguments of the process when it is imported, and takes some of ours for its own."""
    told = (
        "import sys, stream_pool.cli.commands; print([n for n in ('faust', 'aiokafka') if n in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", told], text=True).strip() == "[]"
