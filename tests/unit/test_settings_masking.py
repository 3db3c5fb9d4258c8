"""What of a path and of an address may be shown."""

from pathlib import Path

import pytest

from stream_pool.settings.masking import MASK, masked, masked_address, masked_path

SHOWN = [
    pytest.param("", id="1 nothing"),
    pytest.param("{here}/there", id="2 a file"),
    pytest.param("{here}/gone", id="3 none, in a directory that is there"),
    pytest.param("there", id="4 a file of the working directory"),
    pytest.param("gone.pem", id="5 none of it, with a usual ending"),
    pytest.param("below/gone", id="6 in a directory below"),
]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a file and a directory."""
    (tmp_path / "there").touch()
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("path", SHOWN)
def test_what_is_a_path_beyond_doubt_is_shown(path: str, here: Path) -> None:
    """As it is: whoever mistyped it must see it."""
    path = path.format(here=here)
    assert masked_path(path) == path


MASKED = [
    pytest.param("hunter2", id="1 a word"),
    pytest.param("/hunter2+base64==", id="2 after a slash"),
    pytest.param("//hunter2", id="3 after two"),
    pytest.param("./hunter2", id="4 after a point"),
    pytest.param("hunter2/base64==", id="5 with a slash in it"),
    pytest.param("{here}/line\nline", id="6 lines"),
    pytest.param("{here}/a\0b", id="7 a character that no path has"),
    pytest.param("{here}/" + "x" * 5_000, id="8 too long"),
    pytest.param("x" * 300, id="9 a name that is too long"),
]


@pytest.mark.parametrize("text", MASKED)
def test_what_may_be_a_secret_is_masked(text: str, here: Path) -> None:
    """All of it, with no part and no length."""
    assert masked_path(text.format(here=here)) == MASK


ADDRESSES = [
    ("https://login.test/token", "https://login.test/token"),
    ("https://u:p@login.test/token", f"https://{MASK}@login.test/token"),
    ("https://login.test/?p=q", f"https://login.test/?{MASK}"),
    ("https://login.test/#p", f"https://login.test/#{MASK}"),
    ("kafka://a:1,u:p@b:1", f"kafka://{MASK}@b:1"),
    ("u:p@b:1", f"{MASK}@b:1"),
]


@pytest.mark.parametrize(("address", "told"), ADDRESSES)
def test_an_address_is_shown_without_user_and_query(address: str, told: str) -> None:
    """Whatever scheme it has, or none."""
    assert masked_address(address) == told


def test_any_setting_may_have_an_address_in_it() -> None:
    """Another `@` is nobody's password."""
    assert masked("sasl_username", "worker@REALM") == "worker@REALM"
    assert masked("replay_allow", "kafka://u:p@b:1") == f"kafka://{MASK}@b:1"
