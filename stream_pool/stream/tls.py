"""The TLS context that the settings describe, and what is wrong with one of its files.

OpenSSL says of most mistakes only that something failed: which file it was, and why, is found out here.
"""

import ssl
from pathlib import Path

from stream_pool.clock import Clock
from stream_pool.errors import MisuseError
from stream_pool.settings import SecuritySettings, masked_path, variable
from stream_pool.stream.renewed_context import RenewedContext

_FILES = ("ssl_cafile", "ssl_certfile", "ssl_keyfile")


def tls_context(settings: SecuritySettings, clock: Clock) -> ssl.SSLContext:
    """A client's context, with its own certificate where the settings have one; files that are renewed later
    are read again.

    Raises `MisuseError` where a file is no good.
    """
    files = [path for name in _FILES if (path := getattr(settings, name))]
    return RenewedContext(files, lambda: _as_it_is_now(settings), clock)


def _as_it_is_now(settings: SecuritySettings) -> ssl.SSLContext:
    for name in _FILES:
        _see_that_it_opens(name, getattr(settings, name))
    try:
        context = ssl.create_default_context(cafile=settings.ssl_cafile or None)
    except ssl.SSLError:
        raise _unusable("ssl_cafile", settings.ssl_cafile, "there is no certificate in PEM in it") from None
    context.check_hostname = settings.ssl_check_hostname
    if settings.ssl_certfile:
        _load_own_certificate(context, settings)
    return context


def _load_own_certificate(context: ssl.SSLContext, settings: SecuritySettings) -> None:
    password = settings.ssl_key_password.get_secret_value()
    try:
        context.load_cert_chain(settings.ssl_certfile, settings.ssl_keyfile or None, password)
    except ssl.SSLError as error:
        name = "ssl_keyfile" if settings.ssl_keyfile else "ssl_certfile"
        key = Path(getattr(settings, name))
        if error.reason == "KEY_VALUES_MISMATCH":
            why = f"its key is not that of the certificate in {variable('ssl_certfile')}"
        elif b"ENCRYPTED" in key.read_bytes():
            is_set = "is not its password" if password else "is not set"
            why = f"its key is encrypted, and {variable('ssl_key_password')} {is_set}"
        else:
            why = f"there is no key in PEM in it, or no certificate in {variable('ssl_certfile')}"
        raise _unusable(name, str(key), why) from None


def _see_that_it_opens(name: str, path: str) -> None:
    if not path:
        return
    try:
        with Path(path).open("rb"):
            pass
    except OSError as error:
        raise _unusable(name, path, error.strerror) from None


def _unusable(name: str, path: str, why: str | None) -> MisuseError:
    return MisuseError(f"{variable(name)}={masked_path(path)} cannot be used: {why}")
