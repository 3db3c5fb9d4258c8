"""Where a setting may come from, which of the places wins, and names that nothing reads."""

from pathlib import Path

import pytest

from stream_pool.errors import MisuseError
from stream_pool.settings import load_settings, refuse_unknown, unknown_variables

pytestmark = pytest.mark.usefixtures("bare_environment")


PRECEDENCE = [
    pytest.param((), 6066, id="1 nothing is said: the default"),
    pytest.param(("file",), 1, id="2 the file"),
    pytest.param(("file", "environment"), 2, id="3 the environment above the file"),
    pytest.param(("environment", "option"), 3, id="4 an option above the environment"),
    pytest.param(("file", "option"), 3, id="5 an option above the file"),
    pytest.param(("file", "environment", "option"), 3, id="6 an option above all"),
    pytest.param(("file", "empty"), 1, id="7 an empty variable says nothing"),
]


@pytest.mark.parametrize(("said", "port"), PRECEDENCE)
def test_precedence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: tuple[str, ...], port: int
) -> None:
    """Options, environment, file, defaults."""
    if "file" in said:
        (tmp_path / "settings.toml").write_text("web_port = 1\nlog_level = 'error'\n")
        monkeypatch.setenv("STREAM_POOL_CONFIG_FILE", str(tmp_path / "settings.toml"))
    if "environment" in said:
        monkeypatch.setenv("STREAM_POOL_WEB_PORT", "2")
    if "empty" in said:
        monkeypatch.setenv("STREAM_POOL_WEB_PORT", "")
    settings = load_settings(web_port=3) if "option" in said else load_settings()
    assert settings.web_port == port
    assert settings.log_level == ("error" if "file" in said else "info")


FILES = [
    pytest.param(
        "web_prt = 1",
        "settings.toml: web_prt is not a setting; did you mean web_port?",
        id="1",
    ),
    pytest.param(
        "web_port = 'x'",
        "settings.toml: web_port=x is not allowed: it must be a whole number",
        id="2",
    ),
    pytest.param("web_port", "is no TOML: ", id="3"),
    pytest.param("[web]\nport = 1", "settings.toml: web is not a setting", id="4"),
    pytest.param(
        "drain_timeout_s = 20",
        "settings.toml: drain_timeout_s=20 must be less than STREAM_POOL_STOP_TIMEOUT_S=15",
        id="6 with another that does not stand there",
    ),
    pytest.param(None, "cannot be read: No such file or directory", id="5"),
]


@pytest.mark.parametrize(("text", "words"), FILES)
def test_a_file_that_is_wrong_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str | None, words: str
) -> None:
    """An unknown name, a wrong value, no TOML, a table, no file."""
    path = tmp_path / "settings.toml"
    if text is not None:
        path.write_text(text)
    monkeypatch.setenv("STREAM_POOL_CONFIG_FILE", str(path))
    with pytest.raises(MisuseError) as caught:
        load_settings()
    assert words in str(caught.value)


def test_what_stands_above_the_file_is_named_where_it_stands(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The environment's value is the wrong one, whatever the file says."""
    (tmp_path / "settings.toml").write_text("web_port = 1\n")
    monkeypatch.setenv("STREAM_POOL_CONFIG_FILE", str(tmp_path / "settings.toml"))
    monkeypatch.setenv("STREAM_POOL_WEB_PORT", "x")
    with pytest.raises(MisuseError, match=r"^STREAM_POOL_WEB_PORT=x is not allowed"):
        load_settings()


UNKNOWN = [
    pytest.param({"STREAM_POOL_INTERVAL": "1"}, ["STREAM_POOL_INTERVAL"], id="1 a slip"),
    pytest.param({"stream_pool_interval": "1"}, ["stream_pool_interval"], id="2 in small letters"),
    pytest.param({"STREAM_POOLS": "1", "HOME": "/"}, [], id="3 not our prefix"),
    pytest.param({"STREAM_POOL_PURE": "1", "STREAM_POOL_CONFIG_FILE": "x"}, [], id="4 read elsewhere"),
    pytest.param({"STREAM_POOL_SERVICE_HOST": "10.0.0.1"}, [], id="5 Kubernetes: service stream-pool"),
    pytest.param({"STREAM_POOL_SERVICE_PORT_HTTP": "80"}, [], id="6 its named port"),
    pytest.param({"STREAM_POOL_PORT": "tcp://10.0.0.1:80"}, [], id="7 its address"),
    pytest.param(
        {"STREAM_POOL_PORT": "6066"}, ["STREAM_POOL_PORT"], id="8 the same name with a port: a slip"
    ),
    pytest.param({"STREAM_POOL_PORT_80_TCP_ADDR": "10.0.0.1"}, [], id="9 the parts of its address"),
    pytest.param({"STREAM_POOL_WEB_SERVICE_HOST": "10.0.0.1"}, [], id="10 service stream-pool-web"),
    pytest.param({"STREAM_POOL_WEB_PORTS": "1"}, ["STREAM_POOL_WEB_PORTS"], id="11 near a setting"),
]


@pytest.mark.parametrize(("environment", "strangers"), UNKNOWN)
def test_unknown_names_are_refused(environment: dict[str, str], strangers: list[str]) -> None:
    """Every one at once, and nothing that is none of ours."""
    assert [unknown.name for unknown in unknown_variables(environment)] == strangers
    if not strangers:
        refuse_unknown(environment)
        return
    with pytest.raises(MisuseError) as caught:
        refuse_unknown(environment)
    assert [line.split()[0] for line in str(caught.value).splitlines()] == strangers
