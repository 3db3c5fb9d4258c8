"""The comparison says of each cell where it was read, and which versions it speaks of."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "comparison.md").read_text()
COLUMNS = 7
FEATURES = 15


def _feature_rows() -> list[list[str]]:
    rows = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith("| ")]
    return [row for row in rows if len(row) == COLUMNS and row[1] != "stream-pool"]


def test_every_cell_says_where_it_was_read() -> None:
    """A cell without a source is an opinion."""
    rows = _feature_rows()
    assert len(rows) >= FEATURES
    bare = [(row[0], cell) for row in rows for cell in row[1:] if not re.search(r"\[\^\w+\]$", cell)]
    assert bare == []


def test_every_source_is_there_and_used() -> None:
    """A note that nothing refers to, or that is missing, has been forgotten."""
    notes = re.findall(r"^\[\^(\w+)\]: \S", PAGE, re.MULTILINE)
    assert len(notes) == len(set(notes))
    assert set(notes) == set(re.findall(r"\[\^(\w+)\](?!:)", PAGE))


def test_the_versions_are_those_that_benches_run() -> None:
    """What is compared in words is what is measured."""
    pins = dict(
        re.findall(
            r"^([a-z][\w-]*)==([\w.]+)", (ROOT / "requirements" / "bench.txt").read_text(), re.MULTILINE
        )
    )
    head = " ".join(PAGE.split("## What to take")[0].split())
    for name, told in (
        ("faust-streaming", "faust-streaming"),
        ("aiokafka", "aiokafka"),
        ("quixstreams", "Quix Streams"),
        ("bytewax", "Bytewax"),
        ("confluent-kafka", "confluent-kafka"),
    ):
        assert f"{told} {pins[name]}" in head
