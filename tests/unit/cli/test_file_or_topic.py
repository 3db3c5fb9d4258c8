"""A file or a topic, by the module's table."""

from pathlib import Path

import pytest

from stream_pool.cli.file_or_topic import Source, source_of
from stream_pool.errors import MisuseError
from stream_pool.stream.errors import TopicMissing


@pytest.mark.parametrize(
    ("given", "source"),
    [
        pytest.param("topic:orders", Source("orders", is_file=False), id="1 said so"),
        pytest.param("topic:there.log", Source("there.log", is_file=False), id="1 whatever lies there"),
        pytest.param("./orders", Source("./orders", is_file=True), id="2 a path"),
        pytest.param("my orders", Source("my orders", is_file=True), id="2 no topic's name"),
        pytest.param("there", Source("there", is_file=True), id="3 a file without an ending"),
        pytest.param("there.log", Source("there.log", is_file=True), id="3 or with one"),
        pytest.param("folder", Source("folder", is_file=True), id="3 a folder"),
        pytest.param("g.events", Source("g.events", is_file=False, is_guess=True), id="5 nothing else"),
    ],
)
def test_what_was_given(given: str, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are two files and a folder."""
    (tmp_path / "there").touch()
    (tmp_path / "there.log").touch()
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    assert source_of(given) == source


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        pytest.param("orders.log", "no file orders.log. .* written topic:orders.log", id="4 or a topic"),
        pytest.param("topic:a/b", "'a/b' is no name of a topic", id="1 no topic's name"),
        pytest.param("topic:", "'' is no name of a topic", id="1 none at all"),
    ],
)
def test_what_cannot_be_is_misuse(given: str, problem: str) -> None:
    """With what it may have been."""
    with pytest.raises(MisuseError, match=problem):
        source_of(given)


def test_a_topic_that_was_guessed_may_have_been_a_file() -> None:
    """Whoever misspelt one is told; who said topic is not."""
    for given, is_told in (("incidnt", True), ("topic:incidnt", False)):
        with pytest.raises(TopicMissing) as raised, source_of(given).told():
            raise TopicMissing("none")
        assert ("There is no file of the name 'incidnt'" in str(raised.value)) is is_told
