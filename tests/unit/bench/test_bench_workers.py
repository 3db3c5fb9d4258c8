"""How the work of several workers is counted."""

from pathlib import Path

import pytest

from stream_pool.bench.workers import Note, Tally, rate_together, read_tally


def test_a_tally_is_read_as_it_was_noted(tmp_path: Path) -> None:
    """Times rise, records are as told; no file is no note."""
    path = tmp_path / "tally"
    assert read_tally(path) == []
    tally = Tally(path)
    for records in (5, 10, 15):
        tally.note(records)
    notes = read_tally(path)
    assert [records for _, records in notes] == [5, 10, 15]
    assert [at_s for at_s, _ in notes] == sorted(at_s for at_s, _ in notes)


STEADY: list[Note] = [(float(second), 100 * second) for second in range(1, 11)]


@pytest.mark.parametrize(
    ("tallies", "rate"),
    [
        pytest.param([STEADY], 100.0, id="1 one worker"),
        pytest.param([STEADY, STEADY], 200.0, id="2 two at once"),
        pytest.param([STEADY, [(4.5, 10), (6.5, 110)]], 150.0, id="3 one that came late and left early"),
        pytest.param(
            [[(0.0, 0), (1.0, 900), (9.0, 1000)], [(2.0, 0), (9.0, 700)]], 112.5, id="4 alone first"
        ),
    ],
)
def test_only_the_time_together_counts(tallies: list[list[Note]], rate: float) -> None:
    """What one does before the other has come, or after it has gone, makes nothing faster."""
    assert rate_together(tallies) == pytest.approx(rate)


@pytest.mark.parametrize(
    "tallies",
    [
        pytest.param([STEADY, []], id="1 one did nothing"),
        pytest.param([STEADY, [(11.0, 5), (12.0, 10)]], id="2 one after the other"),
        pytest.param([STEADY, [(5.0, 5)]], id="3 a single note"),
    ],
)
def test_workers_that_never_were_at_work_together_have_no_rate(tallies: list[list[Note]]) -> None:
    """A figure that was not measured is none."""
    with pytest.raises(ValueError, match="worker"):
        rate_together(tallies)
