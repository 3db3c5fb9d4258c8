"""How every client of a worker proves who it is, from the settings or from Faust's own credentials objects.

The idea: one place makes the options that aiokafka's four kinds of clients take, and the credentials that
Faust's producer (`topic.send`) takes, from the same source, so that none of them can be forgotten.
"""

import ssl
from dataclasses import dataclass, field
from typing import Any

from faust.auth import GSSAPICredentials, OAuthCredentials, SASLCredentials, SSLCredentials

from stream_pool.clock import Clock
from stream_pool.errors import MisuseError
from stream_pool.settings import SecuritySettings, Settings, variable
from stream_pool.stream.oauth import ClientCredentials, TokenFile


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
    context = _tls_context(settings) if protocol in ("SSL", "SASL_SSL") else None
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

    Raises `MisuseError` for any other object.
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
    protocol = credentials.protocol.value
    if not isinstance(credentials, SSLCredentials):
        options["sasl_mechanism"] = credentials.mechanism.value
    options |= {"security_protocol": protocol, "ssl_context": context}
    return Security(protocol, options, credentials)


def security_of_app(settings: Settings, options: dict[str, Any], clock: Clock) -> Security:
    """The identity of an app: the settings', else the one in Faust's options `broker_credentials` and
    `ssl_context`. Settings stand above what an app says, as they do for the broker's address.

    Raises `MisuseError`.
    """
    if settings.security_protocol != "PLAINTEXT":
        return security_of(settings, clock)
    given = options.get("broker_credentials") or options.get("ssl_context")
    return Security() if given is None else security_of_faust(given)


def _tls_context(settings: SecuritySettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.ssl_cafile or None)
    except (OSError, ssl.SSLError) as error:
        raise MisuseError(_unusable("ssl_cafile", settings.ssl_cafile, error)) from None
    context.check_hostname = settings.ssl_check_hostname
    if settings.ssl_certfile:
        try:
            context.load_cert_chain(
                settings.ssl_certfile,
                settings.ssl_keyfile or None,
                settings.ssl_key_password.get_secret_value(),
            )
        except (OSError, ssl.SSLError) as error:
            files = f"{settings.ssl_certfile} with {settings.ssl_keyfile or 'the key in it'}"
            raise MisuseError(_unusable("ssl_certfile", files, error)) from None
    return context


def _unusable(name: str, files: str, error: OSError) -> str:
    why = error.reason if isinstance(error, ssl.SSLError) else error.strerror
    return f"{variable(name)}={files} cannot be used: {why or 'no PEM, or the wrong password'}"


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
