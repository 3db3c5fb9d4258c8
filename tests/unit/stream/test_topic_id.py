"""Which topic a commit was made on: what is written, what is read, and what may be compared."""

import pytest

from stream_pool.stream.topic_id import TopicId, is_another

ONE, TWO = TopicId("J3xW", "east"), TopicId("K9aB", "east")
ONE_IN_WEST = TopicId("Q7pL", "west")
UNNAMED = TopicId("J3xW", "")


@pytest.mark.parametrize("topic_id", [ONE, UNNAMED])
def test_a_commit_says_which_topic_it_is_of(topic_id: TopicId) -> None:
    """And in which cluster, where that is known."""
    assert TopicId.of_commit(topic_id.to_commit()) == topic_id


def test_the_format_stands() -> None:
    """It is kept by brokers for as long as a group's offsets are."""
    assert ONE.to_commit() == "topic-id=J3xW cluster=east"


@pytest.mark.parametrize("metadata", [None, "", "somebody's", " cluster=east"])
def test_what_others_write_is_no_id(metadata: str | None) -> None:
    """The protocol lets it be null, too."""
    assert TopicId.of_commit(metadata) is None


@pytest.mark.parametrize(
    ("read", "now", "expected"),
    [
        pytest.param(ONE, ONE, False, id="1 the same"),
        pytest.param(ONE, TWO, True, id="2 another of one cluster"),
        pytest.param(ONE, ONE_IN_WEST, False, id="3 of another cluster: it tells nothing"),
        pytest.param(UNNAMED, TWO, False, id="4 of a cluster that is not known: nor does that"),
        pytest.param(None, ONE, False, id="5 nothing was said"),
        pytest.param(ONE, None, False, id="6 the broker tells no ids"),
    ],
)
def test_another(read: TopicId | None, now: TopicId | None, expected: bool) -> None:
    """Only what is known to be another topic makes its offsets lost."""
    assert is_another(read, now) is expected
