"""How every client of a worker proves who it is, from the settings or from Faust's own credentials objects.

The idea: one place makes the options that aiokafka's four kinds of clients take, and the credentials that
Faust's producer (`topic.send`) takes, from the same source, so that none of them can be forgotten.
"""

import ssl
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from aiokafka import conn
from aiokafka.abc import AbstractTokenProvider
from faust.auth import GSSAPICredentials, OAuthCredentials, SASLCredentials, SSLCredentials

from stream_pool.clock import Clock
from stream_pool.errors import MisuseError
from stream_pool.settings import SECRETS, SecuritySettings, Settings, is_file, variable
from stream_pool.stream.oauth import ClientCredentials, TokenFile
from stream_pool.stream.tls import tls_context

log = structlog.get_logger(__name__)

_BY_PASSWORD = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


@dataclass(frozen=True, slots=True)
class Security:
    """One identity. `options` are aiokafka's; they hold secrets, and are never shown."""

    protocol: str = "PLAINTEXT"
    options: dict[str, Any] = field(default_factory=dict, repr=False)
    credentials: Any = field(default=None, repr=False)
    """Faust's object of the same identity; None for plain text."""


def security_of(settings: SecuritySettings, clock: Clock) -> Security:
    """The identity that the settings describe. Raises `MisuseError` where a file of it is no good."""
    protocol = settings.security_protocol
    _warn_of_open_files(settings)
    context = tls_context(settings, clock) if protocol in ("SSL", "SASL_SSL") else None
    if protocol == "PLAINTEXT":
        return Security()
    if protocol == "SSL":
        return security_of_faust(SSLCredentials(context))
    if settings.sasl_mechanism == "OAUTHBEARER":
        return security_of_faust(
            OAuthCredentials(oauth_cb=_token_provider(settings, clock), ssl_context=context)
        )
    return security_of_faust(
        SASLCredentials(
            username=settings.sasl_username,
            password=settings.sasl_password.get_secret_value(),
            mechanism=settings.sasl_mechanism,
            ssl_context=context,
        )
    )


def security_of_faust(credentials: Any) -> Security:
    """The identity of one of Faust's credentials objects, or of an `ssl.SSLContext`.

    Raises `MisuseError` for any other object, and for one that no client could use.
    """
    if isinstance(credentials, ssl.SSLContext):
        credentials = SSLCredentials(credentials)
    context: ssl.SSLContext | None
    match credentials:
        case SSLCredentials():
            options: dict[str, Any] = {}
            context = credentials.context
        case OAuthCredentials():
            options = {"sasl_oauth_token_provider": credentials.oauth_cb}
            context = credentials.ssl_context
        case SASLCredentials():
            options = {
                "sasl_plain_username": credentials.username,
                "sasl_plain_password": credentials.password,
            }
            context = credentials.ssl_context
        case GSSAPICredentials():
            options = {
                "sasl_kerberos_service_name": credentials.kerberos_service_name,
                "sasl_kerberos_domain_name": credentials.kerberos_domain_name,
            }
            context = credentials.ssl_context
        case _:
            kinds = "SASLCredentials, OAuthCredentials, GSSAPICredentials, SSLCredentials"
            raise MisuseError(
                f"broker_credentials is a {type(credentials).__name__}: faust.{kinds} are allowed"
            )
    if (problem := _problem(credentials)) is not None:
        raise MisuseError(f"broker_credentials: {problem}")
    protocol = credentials.protocol.value
    if not isinstance(credentials, SSLCredentials):
        options["sasl_mechanism"] = credentials.mechanism.value
    options |= {"security_protocol": protocol, "ssl_context": context}
    return Security(protocol, options, credentials)


def _problem(credentials: Any) -> str | None:
    """What aiokafka would fail on later, in one sentence."""
    match credentials:
        case OAuthCredentials() if not isinstance(credentials.oauth_cb, AbstractTokenProvider):
            return "the oauth_cb of OAuthCredentials must be an aiokafka.abc.AbstractTokenProvider"
        case SASLCredentials() if credentials.mechanism.value not in _BY_PASSWORD:
            return f"SASLCredentials are for {', '.join(_BY_PASSWORD)}, not for {credentials.mechanism.value}"
        case SASLCredentials() if not (credentials.username and credentials.password):
            return "SASLCredentials need username and password"
        case GSSAPICredentials() if conn.gssapi is None:
            return "GSSAPICredentials need the package gssapi, which is not installed"
    return None


def security_of_app(settings: Settings, options: dict[str, Any], clock: Clock) -> Security:
    """The identity of an app: the settings', else the one in Faust's options `broker_credentials` and
    `ssl_context`. Settings stand above what an app says, as they do for the broker's address.

    Raises `MisuseError`.
    """
    if settings.security_protocol != "PLAINTEXT":
        return security_of(settings, clock)
    given = options.get("broker_credentials") or options.get("ssl_context")
    return Security() if given is None else security_of_faust(given)


def _warn_of_open_files(settings: SecuritySettings) -> None:
    """Said, and not refused: the files that orchestrators mount are open to everybody unless told."""
    key = "ssl_keyfile" if settings.ssl_keyfile else "ssl_certfile"
    for name in (key, "sasl_oauth_token_file", *(f"{secret}_file" for secret in SECRETS)):
        path = getattr(settings, name)
        if is_file(path) and Path(path).stat().st_mode & stat.S_IROTH:
            log.warning("every user of this machine can read a secret", setting=variable(name), file=path)


def _token_provider(settings: SecuritySettings, clock: Clock) -> TokenFile | ClientCredentials:
    if settings.sasl_oauth_token_file:
        return TokenFile(settings.sasl_oauth_token_file)
    return ClientCredentials(
        settings.sasl_oauth_token_url,
        settings.sasl_oauth_client_id,
        settings.sasl_oauth_client_secret.get_secret_value(),
        settings.sasl_oauth_scope,
        clock=clock,
        cafile=settings.ssl_cafile,
    )
