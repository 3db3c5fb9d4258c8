"""No command shows a secret, wherever it was put and whatever is wrong with it."""

import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stream_pool.cli import main as edge
from stream_pool.errors import ExitCode

PLANTED = "pl4nted-s3cret"
USER = {
    "SECURITY_PROTOCOL": "SASL_SSL",
    "SASL_MECHANISM": "PLAIN",
    "SASL_USERNAME": "worker",
    "SASL_PASSWORD": PLANTED,
    "SSL_KEY_PASSWORD": PLANTED,
}
CLIENT = {
    "SECURITY_PROTOCOL": "SASL_SSL",
    "SASL_MECHANISM": "OAUTHBEARER",
    "SASL_OAUTH_TOKEN_URL": "https://login.test/token",
    "SASL_OAUTH_CLIENT_ID": "worker",
    "SASL_OAUTH_CLIENT_SECRET": PLANTED,
}
CERTIFICATE = {"SECURITY_PROTOCOL": "SSL", "SSL_CERTFILE": "/etc/hostname"}
KEY = f"-----BEGIN PRIVATE KEY-----\n{PLANTED}\n-----END PRIVATE KEY-----\n"
LONG_LINE = PLANTED + "x" * 300
BROKER = f"kafka://worker:{PLANTED}@broker:9092"
APP = f"""
from stream_pool import App
app = App("g")
other = lambda: App("g", broker="{BROKER}")
app.each("orders")(print)
"""

pytestmark = pytest.mark.usefixtures("bare_environment")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory with an app, a file of settings, and a secret; the process's logs are put back after."""
    (tmp_path / "planted_app.py").write_text(APP)
    (tmp_path / "wrong_app.py").write_text(f"{APP}\napp = other()\n")
    (tmp_path / "password").write_text(PLANTED)
    (tmp_path / "torn.toml").write_text(f'sasl_password = "{PLANTED}\n')
    (tmp_path / "nested.toml").write_text(f'[sasl]\npassword = "{PLANTED}"\n')
    (tmp_path / "twice.toml").write_text(f'sasl_password = "{PLANTED}"\nsasl_password = "{PLANTED}"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("STREAM_POOL_LOG_LEVEL", "debug")
    root = logging.getLogger()
    before = list(root.handlers), root.level
    yield tmp_path
    root.handlers, root.level = before
    for name in ("planted_app", "wrong_app"):
        sys.modules.pop(name, None)


RUNS = [
    pytest.param("worker -A x --print-config", USER, 0, id="1 shown settings, of a user"),
    pytest.param("worker -A x --print-config", CLIENT, 0, id="2 shown settings, of a client"),
    pytest.param(
        "worker -A x --print-config",
        {**USER, "SASL_PASSWORD": "", "SASL_PASSWORD_FILE": "password"},
        0,
        id="3 shown settings, from a file",
    ),
    pytest.param("topics -A planted_app --print", USER, 0, id="4 what the cluster must have"),
    pytest.param("worker -A x", {**USER, "WEB_PORT": "-1"}, 2, id="5 another setting is wrong"),
    pytest.param("worker -A x", {"SASL_PASSWORD": PLANTED}, 2, id="6 a password without SASL"),
    pytest.param("worker -A x", {"SASL_PASWORD": PLANTED}, 2, id="7 a slip in its name"),
    pytest.param("worker -A x", {"SASL_PASSWORD_FILE": PLANTED}, 2, id="8 a secret for a file"),
    pytest.param("worker -A planted_app", {**USER, "SSL_CAFILE": "gone.pem"}, 2, id="9 a file is gone"),
    pytest.param("worker -A x", {"BROKER": BROKER}, 2, id="10 in the broker's address"),
    pytest.param(f"worker -A x --broker {BROKER}", {}, 2, id="11 in the option for it"),
    pytest.param(f"verify g.events --broker {BROKER}", {}, 2, id="12 in that of another command"),
    pytest.param("worker -A wrong_app", {}, 2, id="13 in the app"),
    pytest.param(
        "worker -A x",
        {**CLIENT, "SASL_OAUTH_TOKEN_URL": f"https://me:{PLANTED}@login.test/"},
        2,
        id="14 in the endpoint's address",
    ),
    pytest.param("worker -A x --config torn.toml", {}, 2, id="15 a file of settings that is torn"),
    pytest.param("worker -A x --config nested.toml", {}, 2, id="16 one with levels"),
    pytest.param("worker -A x --config twice.toml", {}, 2, id="17 one that says it twice"),
    pytest.param(
        "worker -A planted_app", {**CERTIFICATE, "SSL_KEYFILE": KEY}, 2, id="18 a key where its path belongs"
    ),
    pytest.param(
        "worker -A x --print-config", {**CERTIFICATE, "SSL_KEYFILE": KEY}, 2, id="19 the same, to be shown"
    ),
    pytest.param(
        "worker -A planted_app",
        {**CERTIFICATE, "SSL_KEYFILE": f"/{PLANTED}+base64=="},
        2,
        id="20 a key in one line that looks like a path",
    ),
    pytest.param(
        "worker -A x --print-config",
        {**CERTIFICATE, "SSL_KEYFILE": f"/{PLANTED}+base64=="},
        0,
        id="21 the same, to be shown",
    ),
    pytest.param(
        "topics -A planted_app --print",
        {**CLIENT, "SASL_OAUTH_CLIENT_SECRET_FILE": f"/{PLANTED}", "SASL_OAUTH_CLIENT_SECRET": ""},
        2,
        id="22 a secret where the path of its file belongs",
    ),
    pytest.param(
        "worker -A x --print-config",
        {
            "SECURITY_PROTOCOL": "SASL_PLAINTEXT",
            "SASL_MECHANISM": "OAUTHBEARER",
            "SASL_OAUTH_TOKEN_FILE": LONG_LINE,
        },
        0,
        id="23 a token for a file",
    ),
    pytest.param(
        "worker -A planted_app",
        {**CERTIFICATE, "SSL_KEYFILE": LONG_LINE},
        2,
        id="24 a line that no file system takes for a name",
    ),
    pytest.param(
        "worker -A x",
        {**CLIENT, "SASL_OAUTH_TOKEN_URL": f"https://me:{PLANTED}@login.test/{'x' * 2_000}"},
        2,
        id="25 in an endpoint's address that is too long",
    ),
    pytest.param(
        "worker -A x",
        {**CLIENT, "SASL_OAUTH_TOKEN_URL": f"https://login.test/?s={PLANTED}{'x' * 2_000}"},
        2,
        id="26 in its query",
    ),
    pytest.param(
        "worker -A x --print-config",
        {**USER, "SASL_OAUTH_TOKEN_URL": f"https://me:{PLANTED}@login.test/?s={PLANTED}"},
        0,
        id="27 in an address that nothing uses",
    ),
    pytest.param(
        "worker -A x", {"CONFIG_FILE": f"sasl_password={PLANTED}"}, 2, id="28 settings for their file"
    ),
]


@pytest.mark.parametrize(("line", "settings", "code"), RUNS)
def test_a_secret_is_in_no_output(
    line: str,
    settings: dict[str, str],
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Neither in the answer nor in an error or the log at its most talkative."""
    for name, value in settings.items():
        monkeypatch.setenv(f"STREAM_POOL_{name}", value)
    monkeypatch.setattr(sys, "argv", ["stream-pool", *line.split()])
    with pytest.raises(SystemExit) as ended:
        edge.main()
    told = capsys.readouterr()
    assert ended.value.code == ExitCode(code), told
    assert told.out + told.err
    assert PLANTED not in told.out + told.err
    assert "Traceback" not in told.err
