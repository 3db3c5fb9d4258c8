"""A capture is continued where it ends, whatever ended it."""

from pathlib import Path
from random import Random

import pytest
from captures import HEADER, NAMES, at, captured, shared, write
from hypothesis import given
from hypothesis import strategies as st

from stream_pool.incident.capture_file import (
    Capture,
    CaptureDamaged,
    CapturedRecord,
    CaptureInUse,
    CaptureUnreadable,
    CaptureWriter,
    Lost,
    resumption,
)
from stream_pool.incident.capture_file.zstd import zstd


@pytest.mark.parametrize("name", NAMES)
@given(written=st.lists(captured, max_size=8), place=st.integers(0, 2**20), big=st.booleans())
@shared
def test_a_capture_cut_anywhere_is_continued(
    tmp_path: Path, name: str, written: list[CapturedRecord], place: int, big: bool
) -> None:
    """What was read stays, what was not comes again, and the file reads as if it had never been cut."""
    if big:  # several frames
        written = [at(offset, value=bytes(range(200)) * 3_000) for offset in range(3)]
    whole = write(tmp_path / name, written).read_bytes()
    (path := tmp_path / f"cut-{name}").write_bytes(whole[: place % (len(whole) + 1)])
    try:
        kept = len(read_before_damage(path))
    except CaptureUnreadable:
        with pytest.raises(CaptureUnreadable):
            CaptureWriter.resume(path)
        return
    with CaptureWriter.resume(path) as writer:
        assert writer.header == HEADER
        for each in written[kept:]:
            writer.write(each)
    capture = Capture(path)
    assert list(capture) == written
    assert capture.is_whole


def read_before_damage(path: Path) -> list[CapturedRecord]:
    """What can be read of a capture."""
    got: list[CapturedRecord] = []
    try:
        for each in Capture(path):
            got.append(each)  # noqa: PERF402 - what was read before an error is wanted
    except CaptureDamaged:
        pass
    return got


@pytest.mark.parametrize("name", NAMES)
def test_it_is_known_where_to_read_on(tmp_path: Path, name: str) -> None:
    """For each partition of each topic: behind its last record, or behind what was lost."""
    with CaptureWriter(tmp_path / name, HEADER) as writer:
        for each in (at(7), at(9), at(3, partition=1), at(0, topic="g.events")):
            writer.write(each)
        writer.lose(Lost("orders", 1, 4, 40, "retention"))
    writer = CaptureWriter.resume(tmp_path / name)
    assert writer.next_offsets == {("orders", 0): 10, ("orders", 1): 40, ("g.events", 0): 1}
    assert writer.was_whole
    writer.close()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("cut", [0, 1_000], ids=["1 closed", "2 cut off in a frame"])
def test_what_is_killed_before_it_goes_on_has_lost_nothing(tmp_path: Path, name: str, cut: int) -> None:
    """All that could be read is in the file, not in memory alone, as soon as it is continued."""
    noise = Random(1)  # which no packer makes smaller
    path = write(tmp_path / name, [at(offset, value=noise.randbytes(4_000)) for offset in range(150)])
    path.write_bytes(path.read_bytes()[: path.stat().st_size - cut])
    before = read_before_damage(path)
    assert before
    writer = CaptureWriter.resume(path)
    try:
        assert read_before_damage(path) == before
    finally:
        writer.close()


@pytest.mark.parametrize("name", NAMES)
def test_a_whole_capture_continued_with_nothing_is_the_same(tmp_path: Path, name: str) -> None:
    """To the byte."""
    before = write(tmp_path / name, [at(7), at(8)]).read_bytes()
    CaptureWriter.resume(tmp_path / name).close()
    assert (tmp_path / name).read_bytes() == before


@pytest.mark.parametrize("name", NAMES)
def test_what_was_killed_again_and_again_comes_to_an_end(tmp_path: Path, name: str) -> None:
    """A record each time, and never a last line in between."""
    write(tmp_path / name, [])
    for offset in range(5):
        writer = CaptureWriter.resume(tmp_path / name)
        assert writer.next_offsets.get(("orders", 0), 0) == offset
        writer.write(at(offset))
        writer.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    CaptureWriter.resume(tmp_path / name).close()
    assert list(Capture(tmp_path / name)) == [at(offset) for offset in range(5)]


def test_a_capture_that_is_damaged_is_left_alone(tmp_path: Path) -> None:
    """What is not merely cut off is not to be mended by writing more."""
    content = write(tmp_path / "c", [at(7), at(8)]).read_bytes().replace(b'"offset":7', b'"offset":6')
    (tmp_path / "c").write_bytes(content)
    with pytest.raises(CaptureDamaged, match="line 4"):
        CaptureWriter.resume(tmp_path / "c")
    assert (tmp_path / "c").read_bytes() == content


def test_frames_of_another_program_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One large frame that is cut off would have to be held in memory."""
    monkeypatch.setattr(resumption, "_UNFRAMED_BYTES", 1_000)
    content = write(tmp_path / "c", [at(offset, value=b"x" * 1_000) for offset in range(400)]).read_bytes()
    path = tmp_path / "c.zst"
    path.write_bytes(zstd.compress(content)[:-4])
    with pytest.raises(CaptureUnreadable, match="another program"):
        CaptureWriter.resume(path)


@pytest.mark.parametrize("name", NAMES)
def test_two_do_not_write_one_capture(tmp_path: Path, name: str) -> None:
    """Neither who begins it with who goes on, nor two that go on; who is refused changes nothing."""
    path = tmp_path / name
    with CaptureWriter(path, HEADER) as writer:
        writer.write(at(7))
        with pytest.raises(CaptureInUse, match="written by another"):
            CaptureWriter.resume(path)
    with CaptureWriter.resume(path) as writer:
        with pytest.raises(CaptureInUse):
            CaptureWriter.resume(path)
        writer.write(at(8))
    assert list(Capture(path)) == [at(7), at(8)]
