"""JSON text kept within JSON: as Python's own encoder writes it, wherever its escapes are."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_pool.documents import quote

pytestmark = pytest.mark.usefixtures("implementation")

PIECES = ['"', "\\", "\n", "\t", "\x00", "\x1f", "\x7f", " ", "a", "é", "中", "😀"]
TEXTS = st.lists(st.sampled_from(PIECES)).map("".join)


@given(text=TEXTS | st.text(st.characters(exclude_categories=["Cs"])))
def test_1_what_python_writes(text: str) -> None:
    """To the byte, and read again it is the text."""
    quoted = quote(text.encode())
    assert quoted == json.dumps(text, ensure_ascii=False).encode()
    assert json.loads(quoted) == text


@pytest.mark.parametrize("size", range(70))
def test_2_an_escape_at_every_place(size: int) -> None:
    """Of one byte and of six, in the first window and in the last."""
    for at in range(size):
        for escape in ('"', "\x01"):
            text = "a" * at + escape + "z" * (size - at - 1)
            assert quote(text.encode()) == json.dumps(text, ensure_ascii=False).encode()


@pytest.mark.parametrize("raw", [b"\xff", b'{"a": "\xc3"}', b"\xed\xa0\x80", b"a" * 40 + b"\x80"])
def test_3_what_is_no_text(raw: bytes) -> None:
    """None, and whoever asked has another form for it."""
    assert quote(raw) is None


def test_4_many_of_the_longest_escapes() -> None:
    """They take three times the room that is made for them beforehand."""
    assert quote(b"\x01" * 5_000) == b'"' + rb"\u0001" * 5_000 + b'"'
