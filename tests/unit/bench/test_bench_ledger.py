"""What a killed worker has handled, and what is lost."""

from pathlib import Path

import pytest

from stream_pool.bench.ledger import Ledger, LedgerReader, Run, lost, merged, read_ledger, records

CASES = [
    pytest.param({0: 3}, [(0, 0, 3)], [], id="1 all handled"),
    pytest.param({0: 3}, [(0, 0, 1), (0, 2, 3)], [(0, 1, 2)], id="2 a hole below the commit"),
    pytest.param({0: 2}, [(0, 0, 2), (0, 3, 4)], [], id="3 a hole above the commit will be delivered again"),
    pytest.param({0: 1, 1: 1}, [(0, 0, 1)], [(1, 0, 1)], id="4 partitions are apart"),
    pytest.param({0: 2}, [(0, 0, 1), (0, 0, 2)], [], id="5 twice is not lost"),
    pytest.param({0: 0}, [], [], id="6 nothing committed"),
    pytest.param({}, [(0, 0, 1)], [], id="7 no commit at all"),
    pytest.param({0: 9}, [(0, 2, 4), (0, 6, 7)], [(0, 0, 2), (0, 4, 6), (0, 7, 9)], id="8 at every end"),
    pytest.param({0: 4}, [(0, 3, 9)], [(0, 0, 3)], id="9 a run across the commit"),
    pytest.param({0: 2}, [(0, 5, 9)], [(0, 0, 2)], id="10 a run behind the commit"),
]


@pytest.mark.parametrize(("committed", "done", "missing"), CASES)
def test_lost(committed: dict[int, int], done: list[Run], missing: list[Run]) -> None:
    """A record below the commit that nobody handled is lost, and nothing else is."""
    assert lost(committed, map(Run._make, done)) == missing


def test_runs_that_meet_or_overlap_are_one() -> None:
    """However often a record was handled, it stands in one run."""
    runs = [Run(0, 4, 6), Run(0, 0, 2), Run(1, 0, 2), Run(0, 2, 3), Run(0, 1, 3), Run(0, 4, 5)]
    assert merged(runs) == [(0, 0, 3), (0, 4, 6), (1, 0, 2)]
    assert (records(runs), records(merged(runs))) == (10, 7)


def test_a_record_is_in_the_file_when_it_is_noted(tmp_path: Path) -> None:
    """Another process reads it while the writer still lives, and would if it died."""
    path = tmp_path / "ledger"
    assert read_ledger(path) == []
    ledger = Ledger(path)
    ledger.note(3, 2**40)
    assert read_ledger(path) == [(3, 2**40, 2**40 + 1)]
    ledger.note(0, 0)
    assert read_ledger(path) == [(3, 2**40, 2**40 + 1), (0, 0, 1)]
    ledger.close()


def test_the_file_grows_with_what_breaks_a_run_alone(tmp_path: Path) -> None:
    """Partitions in turn break none; a gap does, and a record that comes again."""
    path = tmp_path / "ledger"
    ledger = Ledger(path)
    for offset in range(1_000):
        ledger.note(0, offset)
        ledger.note(1, offset)
    assert read_ledger(path) == [(0, 0, 1_000), (1, 0, 1_000)]
    ledger.note(0, 1_001)
    ledger.note(1, 7)
    assert read_ledger(path)[2:] == [(0, 1_001, 1_002), (1, 7, 8)]
    ledger.close()


def test_an_entry_that_was_cut_off_does_not_count(tmp_path: Path) -> None:
    """Half an entry is no handled record."""
    path = tmp_path / "ledger"
    ledger = Ledger(path)
    ledger.note(1, 1)
    ledger.close()
    with path.open("ab") as file:
        file.write(b"\x00" * 5)
    assert read_ledger(path) == [(1, 1, 2)]


def test_a_reader_tells_each_record_once(tmp_path: Path) -> None:
    """Those since the last time, whether a run has grown or begun; one that comes again is told again."""
    reader = LedgerReader(tmp_path / "ledger")
    assert reader.read_more() == []
    ledger = Ledger(tmp_path / "ledger")
    told = []
    for partition, offset in ((0, 4), (0, 5), (1, 9), (0, 6), (0, 4)):
        ledger.note(partition, offset)
        told += reader.read_more()
    assert told == [(0, 4), (0, 5), (1, 9), (0, 6), (0, 4)]
    assert reader.read_more() == []
    ledger.close()
