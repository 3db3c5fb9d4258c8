"""The file that says how far a replay is."""

from dataclasses import replace
from pathlib import Path

import pytest

from stream_pool.errors import MisuseError
from stream_pool.incident.replay_state import (
    ReplayState,
    begun,
    capture_digest,
    read_state,
    resumed,
    state_path,
    write_state,
)

STATE = ReplayState("digest", "cluster", "orders", ("partition=0",), "keep", 5, 17)


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    """The latest of them, and nothing else is left."""
    path = state_path(tmp_path / "c.ndjson.zst", "orders")
    for acknowledged in (1, 17):
        write_state(path, STATE.with_acknowledged(acknowledged))
    assert read_state(path) == STATE
    assert [found.name for found in tmp_path.iterdir()] == ["c.ndjson.zst.orders.replay-state"]


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"stream_pool_replay_state": 2}', b"\xff"])
def test_what_is_no_state_is_misuse(tmp_path: Path, content: bytes) -> None:
    """Named."""
    path = tmp_path / "state"
    path.write_bytes(content)
    with pytest.raises(MisuseError, match="no state of a replay"):
        read_state(path)


def test_none_at_all_is_misuse(tmp_path: Path) -> None:
    """So is a place where none can be written."""
    with pytest.raises(MisuseError, match="nothing was interrupted"):
        read_state(tmp_path / "state")
    with pytest.raises(MisuseError, match="--state"):
        write_state(tmp_path / "none" / "state", STATE)


@pytest.mark.parametrize(
    ("name", "value"),
    [("capture", "other"), ("cluster", "other"), ("topic", "other"), ("only", ()), ("times", "now")],
)
def test_a_replay_goes_on_as_it_began(name: str, value: object) -> None:
    """With another capture, place or choice it is another replay."""
    with pytest.raises(MisuseError, match=name):
        resumed(STATE, replace(STATE, acknowledged=0, **{name: value}), Path("state"))
    assert resumed(STATE, replace(STATE, acknowledged=0, began_ms=900), Path("state")) == STATE


def test_a_capture_is_told_by_its_beginning(tmp_path: Path) -> None:
    """One that was added to is the same."""
    path = tmp_path / "c"
    path.write_bytes(b"a" * 5_000)
    before = capture_digest(path)
    path.write_bytes(b"a" * 5_000 + b"b")
    assert capture_digest(path) == before
    path.write_bytes(b"b" * 5_000)
    assert capture_digest(path) != before


NEW = replace(STATE, acknowledged=0, began_ms=900)


def test_a_replay_that_was_interrupted_is_not_begun_anew_unawares(tmp_path: Path) -> None:
    """Else who repeats a command doubles every record: one of two words has to say what is meant."""
    path = tmp_path / "state"
    write_state(path, STATE)
    with pytest.raises(MisuseError, match=r"begun 1970-01-01T00:00:00.005Z, .*17.*--resume.*--restart"):
        begun(path, NEW, resume=False, restart=False)
    with pytest.raises(MisuseError, match="--restart"):  # nor is that of another one forgotten
        begun(path, replace(NEW, only=()), resume=False, restart=False)
    assert begun(path, NEW, resume=True, restart=False) == STATE
    assert begun(path, NEW, resume=False, restart=True) == NEW
    assert read_state(path) == STATE


def test_a_replay_of_which_nothing_was_sent_begins_by_itself(tmp_path: Path) -> None:
    """With no state, or one that counts none."""
    path = tmp_path / "state"
    assert begun(path, NEW, resume=False, restart=False) == NEW
    write_state(path, replace(NEW, began_ms=5))
    assert begun(path, NEW, resume=False, restart=False) == NEW


@pytest.mark.parametrize("restart", [False, True])
def test_a_state_replaces_nothing_but_a_state(tmp_path: Path, restart: bool) -> None:
    """It is unlinked at the end: `--state` may name the capture."""
    path = tmp_path / "c.ndjson"
    path.write_bytes(b'{"stream_pool_capture":1}\n')
    with pytest.raises(MisuseError, match="no state of a replay"):
        begun(path, NEW, resume=False, restart=restart)
