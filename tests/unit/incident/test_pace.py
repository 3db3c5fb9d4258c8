"""When records are due, rule by rule as the module's table numbers them, and what time they carry."""

import pytest

from stream_pool.incident.pace import Pace, Schedule, Stamps, Times

UNKNOWN = -1


@pytest.mark.parametrize(
    ("pace", "timestamps_ms", "due_s"),
    [
        pytest.param(Pace(), [5_000], [0], id="1 the first is due at once"),
        pytest.param(Pace(), [5_000, 6_000, 8_500], [0, 1, 3.5], id="2 as far apart as they were"),
        pytest.param(Pace(speed=10), [5_000, 6_000, 8_500], [0, 0.1, 0.35], id="2 ten times as fast"),
        pytest.param(Pace(speed=0.5), [5_000, 6_000], [0, 2], id="2 half as fast"),
        pytest.param(Pace(), [5_000, 5_000, 5_000], [0, 0, 0], id="2 at one moment"),
        pytest.param(Pace(), [5_000, 7_000, 6_000, 8_000], [0, 2, 2, 3], id="3 out of order: at once"),
        pytest.param(Pace(), [5_000, UNKNOWN, 6_000], [0, 0, 1], id="3 unknown: at once"),
        pytest.param(Pace(), [UNKNOWN, 5_000, 6_000], [0, 0, 1], id="3 unknown at the beginning"),
        pytest.param(Pace(speed=None), [5_000, 6_000, 9_000], [0, 0, 0], id="4 as fast as it goes"),
        pytest.param(Pace(max_gap_s=5), [0, 4_000, 64_000, 65_000], [0, 4, 9, 10], id="5 a long gap is cut"),
        pytest.param(Pace(speed=10, max_gap_s=5), [0, 40_000, 640_000], [0, 4, 9], id="5 of the replay"),
        pytest.param(Pace(rate=2), [0, 0, 0, 0], [0, 0.5, 1, 1.5], id="6 a burst is spread"),
        pytest.param(Pace(rate=2), [0, 0, 0, 5_000], [0, 0.5, 1, 5], id="6 and caught up with"),
        pytest.param(Pace(rate=2), [0, 5_000, 10_000], [0, 5, 10], id="6 what is slower stays so"),
        pytest.param(Pace(speed=None, rate=4), [0, 9_000, 9_000], [0, 0.25, 0.5], id="6 a rate alone"),
    ],
)
def test_when_records_are_due(pace: Pace, timestamps_ms: list[int], due_s: list[float]) -> None:
    """In seconds after the first."""
    schedule = Schedule(pace)
    assert [schedule.due_s(at_ms) for at_ms in timestamps_ms] == pytest.approx(due_s)


@pytest.mark.parametrize(
    ("pace", "due_s"),
    [
        pytest.param(Pace(), [0, 2, 2, 4, 4, 6], id="7 where the last one ended"),
        pytest.param(Pace(rate=1), [0, 2, 3, 4, 5, 6], id="7 and 6 not before its turn"),
    ],
)
def test_a_further_pass_goes_on_where_the_one_before_ended(pace: Pace, due_s: list[float]) -> None:
    """Its timestamps begin anew, its moments do not."""
    schedule = Schedule(pace)
    moments = []
    for _ in range(3):
        moments += [schedule.due_s(at_ms) for at_ms in (5_000, 7_000)]
        schedule.next_pass()
    assert moments == pytest.approx(due_s)


@pytest.mark.parametrize(
    ("times", "pace", "sent_ms"),
    [
        pytest.param(Times.KEEP, Pace(10), [5_000, 7_000, 6_000, UNKNOWN, 5_000, 7_000], id="1 kept"),
        pytest.param(Times.NOW, Pace(10), [90, 91, 92, 93, 94, 95], id="2 of now"),
        pytest.param(
            Times.SHIFT, Pace(), [80, 2_080, 1_080, 2_080, 2_080, 4_080], id="3 shifted, pass after pass"
        ),
        pytest.param(Times.SHIFT, Pace(10), [80, 280, 180, 280, 280, 480], id="4 as fast as they are sent"),
        pytest.param(Times.SHIFT, Pace(0.5), [80, 4_080, 2_080, 4_080, 4_080, 8_080], id="5 as slowly"),
        pytest.param(
            Times.SHIFT, Pace(max_gap_s=0.5), [80, 580, 80, 580, 580, 1_080], id="6 with gaps that are cut"
        ),
        pytest.param(
            Times.SHIFT, Pace(None, rate=10), [80, 180, 280, 380, 480, 580], id="7 by the rate alone"
        ),
        pytest.param(Times.SHIFT, Pace(None), [90, 91, 92, 93, 94, 95], id="8 as fast as it goes: of now"),
    ],
)
def test_what_time_a_record_carries(times: Times, pace: Pace, sent_ms: list[int]) -> None:
    """Of a replay that began at 80 ms, twice round."""
    schedule = Schedule(pace)
    stamps = Stamps(times, schedule, began_ms=80)
    told = []
    for turn, at_ms in enumerate((5_000, 7_000, 6_000, UNKNOWN, 5_000, 7_000)):
        if turn == 4:
            schedule.next_pass()
        schedule.due_s(at_ms)
        told.append(stamps.of(at_ms, 90 + turn))
    assert told == sent_ms
