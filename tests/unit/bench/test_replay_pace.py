"""How a replay's error is reckoned from the times at which its records came."""

from stream_pool.bench.replay.pace import median_error_ms


def test_the_schedule_begins_with_the_record_that_came_soonest() -> None:
    """However long the first one took, and wherever the clock stands."""
    due_ms = [0, 10, 20, 30, 40]
    assert median_error_ms(due_ms, [1_000 + due for due in due_ms]) == 0
    assert median_error_ms(due_ms, [50, 11, 21, 31, 41]) == 0
    assert median_error_ms(due_ms, [0, 13, 23, 33, 40]) == 3
