"""Series that are thinned as they come, and what numbers rest on."""

from hypothesis import given
from hypothesis import strategies as st

from stream_pool.incident.report.cited import NAMED, NOTHING, Cited, Citing, EventRef, Point, together
from stream_pool.incident.report.series import POINTS, SUBJECTS, Measured, Thinning
from stream_pool.incident.report.shifts import shifts

steps = st.lists(st.tuples(st.integers(0, 100_000), st.floats(-1e9, 1e9)), min_size=1, max_size=3_000)


def ref(offset: int) -> EventRef:
    return EventRef(offset, f"e{offset}")


def point(at_ms: int, value: float, offset: int = 0) -> Point:
    return Point(at_ms, value, Cited.one(ref(offset)))


@given(steps)
def test_a_series_is_bounded_and_keeps_its_peaks_and_its_end(taken: list[tuple[int, float]]) -> None:
    """Whatever came, and every point that stays is one that came."""
    thinning, given_, at_ms = Thinning(), [], 1_767_225_600_000
    for place, (step_ms, value) in enumerate(taken):
        at_ms += step_ms
        given_.append(point(at_ms, value, place))
        thinning.add(given_[-1])
    series = thinning.series("orders")
    assert series.seen == len(taken)
    assert len(series.points) <= POINTS
    assert set(series.points) <= set(given_)
    assert series.points[-1] == given_[-1]
    assert series.highest.value == max(each.value for each in given_)
    assert series.lowest.value == min(each.value for each in given_)
    assert [each.at_ms for each in series.points] == sorted(each.at_ms for each in series.points)


def test_few_points_all_stay() -> None:
    """An hour of windows is no more than there is room for."""
    thinning = Thinning()
    for window in range(330):
        thinning.add(point(10_000 * window, window % 7))
    assert len(thinning.series("orders").points) == 330


def test_subjects_are_bounded_and_counted() -> None:
    """Those for whom there is no room are known by their number."""
    measured = Measured()
    for number in range(SUBJECTS + 3):
        measured.add("memory_bytes", f"w{number}", point(0, 1.0))
        measured.add("memory_bytes", f"w{number}", point(1, 1.0))
    ((measure, series),) = measured.series()
    assert (measure, len(series)) == ("memory_bytes", SUBJECTS)
    assert len(measured.left_out["memory_bytes"]) == 3


def test_many_events_are_named_by_the_first_and_the_last() -> None:
    """And how many there were."""
    citing = Citing()
    for offset in range(100):
        citing.add(ref(offset))
    cited = citing.cited()
    assert cited.events == (*(ref(offset) for offset in range(NAMED - 1)), ref(99))
    assert cited.count == 100


def test_what_two_numbers_share_is_named_once() -> None:
    """In the order of the log."""
    one, other = Cited.one(ref(3)), Cited((ref(1), ref(3)), 2)
    assert one | other == Cited((ref(1), ref(3)), 2)
    assert together([]) == NOTHING
    many = together(Cited.one(ref(offset)) for offset in range(20))
    assert (many.count, many.events[0], many.events[-1]) == (20, ref(0), ref(19))
    assert len(many.events) == NAMED


def series_of(*values: float) -> Thinning:
    thinning = Thinning()
    for place, value in enumerate(values):
        thinning.add(point(10_000 * place, value, place))
    return thinning


def test_a_lasting_step_is_found_where_it_was_taken() -> None:
    """With the medians on either side, at the edges of the step."""
    (shift,) = shifts("record_bytes", [series_of(*[100.0] * 8, *[150.0] * 9).series("orders")])
    assert (shift.before.value, shift.after.value) == (100.0, 150.0)
    assert (shift.before.at_ms, shift.after.at_ms) == (70_000, 80_000)
    assert ref(8) in shift.after.cited.events


def test_a_peak_is_no_step() -> None:
    """Nor is what moves a little, or what there is too little of."""
    for values in ([1.0] * 9 + [50.0] + [1.0] * 9, [100.0] * 9 + [110.0] * 9, [1.0] * 4 + [9.0] * 4):
        assert shifts("record_bytes", [series_of(*values).series("orders")]) == ()
