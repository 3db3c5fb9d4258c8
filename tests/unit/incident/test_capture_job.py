"""A capture that is continued: what is left of it, and what it cannot become."""

from dataclasses import replace
from pathlib import Path

import pytest
from captures import HEADER, at, write

from stream_pool.errors import MisuseError
from stream_pool.incident.capture import Wanted
from stream_pool.incident.capture.continuation import check_continues
from stream_pool.incident.capture.job import _done
from stream_pool.incident.capture_file import CaptureHeader, CaptureWriter
from stream_pool.incident.moments import AtOffset, AtTime
from stream_pool.incident.redaction import Redactor, parse_rules

MINUTE_MS = 60_000


def test_of_a_whole_capture_nothing_is_left(tmp_path: Path) -> None:
    """Although its last offsets held no record: what retention took since is not lost to it."""
    with CaptureWriter.resume(write(tmp_path / "c", [at(7)])) as writer:
        assert _done(writer) == {("orders", 0): 10}
    with CaptureWriter.resume(tmp_path / "c") as writer:
        writer.close(is_whole=False)
    with CaptureWriter.resume(tmp_path / "c") as writer:
        assert _done(writer) == {("orders", 0): 8}


RULES = Redactor(parse_rules(["a: hash"]), b"0123456789abcdef")
SALTED_ELSE = Redactor(parse_rules(["a: hash"]), b"0123456789abcdeg")
BY_TIME = replace(HEADER, from_ms=MINUTE_MS, to_ms=2 * MINUTE_MS, group="g")
BY_OFFSET = replace(HEADER, from_offset=7, to_offset=10)
REDACTED = replace(HEADER, redaction=("a: hash",), salt_id=RULES.salt_id)


@pytest.mark.parametrize(
    ("there", "wanted", "redactor"),
    [
        pytest.param(HEADER, Wanted("orders"), None, id="1 with nothing named"),
        pytest.param(BY_TIME, Wanted("orders"), None, id="2 what is left out is the file's"),
        pytest.param(
            BY_TIME,
            Wanted("orders", AtTime(MINUTE_MS), AtTime(2 * MINUTE_MS), [0], "g"),
            None,
            id="2 3 4 or the same",
        ),
        pytest.param(BY_OFFSET, Wanted("orders", AtOffset(7), AtOffset(10)), None, id="2 as an offset"),
        pytest.param(REDACTED, Wanted("orders"), RULES, id="5 by the same rules and salt"),
        pytest.param(
            replace(HEADER, redaction=("key: mask", "header.x: drop"), salt_id=RULES.salt_id),
            Wanted("orders"),
            Redactor(parse_rules(["key: mask", "header.x: drop"]), b"0123456789abcdeg"),
            id="5 by another salt that nothing uses",
        ),
    ],
)
def test_a_capture_goes_on_as_it_began(
    there: CaptureHeader, wanted: Wanted, redactor: Redactor | None
) -> None:
    """By the module's numbers."""
    check_continues(Path("c"), there, HEADER, wanted, redactor)


@pytest.mark.parametrize(
    ("there", "wanted", "redactor", "problem"),
    [
        pytest.param(replace(HEADER, topic="t"), Wanted("orders"), None, "capture of 't'", id="1 topic"),
        pytest.param(replace(HEADER, cluster="x"), Wanted("orders"), None, "cluster x", id="1 cluster"),
        pytest.param(
            BY_TIME,
            Wanted("orders", AtTime(0)),
            None,
            "begun --from 1970-01-01T00:01:00.000Z, and not --from 1970-01-01T00:00:00.000Z: name the same",
            id="2 another time",
        ),
        pytest.param(BY_TIME, Wanted("orders", AtOffset(7)), None, "and not --from 7", id="2 an offset"),
        pytest.param(
            BY_OFFSET, Wanted("orders", None, AtOffset(99)), None, "--to 10, and not --to 99", id="2 another"
        ),
        pytest.param(HEADER, Wanted("orders", None, AtTime(5)), None, "begun without --to", id="2 an end"),
        pytest.param(HEADER, Wanted("orders", None, None, [0, 1]), None, "partitions 0: ", id="3 others"),
        pytest.param(
            HEADER, Wanted("orders", events_of="g"), None, "without events: leave out --events", id="4 events"
        ),
        pytest.param(
            BY_TIME, Wanted("orders", events_of="h"), None, "with the events of 'g'", id="4 of another group"
        ),
        pytest.param(HEADER, Wanted("orders"), RULES, "captured without redaction", id="5 rules"),
        pytest.param(REDACTED, Wanted("orders"), None, "captured a: hash", id="5 no rules"),
        pytest.param(REDACTED, Wanted("orders"), SALTED_ELSE, "another salt", id="5 another salt"),
        pytest.param(
            replace(HEADER, redaction=("a: mask",), salt_id=RULES.salt_id),
            Wanted("orders"),
            Redactor(parse_rules(["a: mask"]), b"0123456789abcdeg"),
            "another salt",
            id="5 another salt for values that are no JSON",
        ),
    ],
)
def test_one_file_is_not_made_of_two_captures(
    there: CaptureHeader, wanted: Wanted, redactor: Redactor | None, problem: str
) -> None:
    """By the module's numbers: what would have no effect is refused."""
    with pytest.raises(MisuseError, match=problem):
        check_continues(Path("c"), there, HEADER, wanted, redactor)
