"""What a killed worker has handled, and what is lost."""

from pathlib import Path

import pytest

from stream_pool.bench.ledger import Ledger, Place, entries, lost, read_ledger

CASES = [
    pytest.param({0: 3}, [(0, 0), (0, 1), (0, 2)], [], id="1 all handled"),
    pytest.param({0: 3}, [(0, 0), (0, 2)], [(0, 1)], id="2 a hole below the commit"),
    pytest.param(
        {0: 2}, [(0, 0), (0, 1), (0, 3)], [], id="3 a hole above the commit will be delivered again"
    ),
    pytest.param({0: 1, 1: 1}, [(0, 0)], [(1, 0)], id="4 partitions are apart"),
    pytest.param({0: 2}, [(0, 0), (0, 0), (0, 1)], [], id="5 twice is not lost"),
    pytest.param({0: 0}, [], [], id="6 nothing committed"),
    pytest.param({}, [(0, 0)], [], id="7 no commit at all"),
]


@pytest.mark.parametrize(("committed", "done", "missing"), CASES)
def test_lost(committed: dict[int, int], done: list[Place], missing: list[Place]) -> None:
    """A record below the commit that nobody handled is lost, and nothing else is."""
    assert lost(committed, done) == missing


def test_an_entry_is_in_the_file_when_it_is_noted(tmp_path: Path) -> None:
    """Another process reads it while the writer still lives, and would if it died."""
    path = tmp_path / "ledger"
    assert entries(path) == 0
    ledger = Ledger(path)
    ledger.note(3, 2**40)
    ledger.note(0, 0)
    assert entries(path) == 2
    assert read_ledger(path) == [(3, 2**40), (0, 0)]
    ledger.close()


def test_an_entry_that_was_cut_off_does_not_count(tmp_path: Path) -> None:
    """Half an entry is no handled record."""
    path = tmp_path / "ledger"
    ledger = Ledger(path)
    ledger.note(1, 1)
    ledger.close()
    with path.open("ab") as file:
        file.write(b"\x00" * 5)
    assert entries(path) == 1
    assert read_ledger(path) == [(1, 1)]
