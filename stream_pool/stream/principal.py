"""Whom a cluster takes a worker for: the principal that access is granted to, as far as it is known ahead."""

from typing import Any

from faust.auth import GSSAPICredentials, OAuthCredentials, SASLCredentials, SSLCredentials

from stream_pool.errors import MisuseError
from stream_pool.settings import Settings

ANONYMOUS = "User:ANONYMOUS"
"""Kafka's name for whoever proves nothing."""


def principal_of(credentials: Any, settings: Settings) -> str | None:
    """The principal of a worker with these of Faust's credentials (None: plain text); None where it proves
    nothing, and is `ANONYMOUS`.

    Raises `MisuseError`, which says what Kafka's default is, where the brokers make it of a certificate, a
    token or a ticket, by rules of their own.
    """
    match credentials:
        case None:
            return None
        case SASLCredentials(username=str(user)):
            return f"User:{user}"
        case SSLCredentials() if settings.security_protocol == "SSL" and not settings.ssl_certfile:
            return None
        case SSLCredentials():
            default = (
                "the distinguished name of its certificate, such as User:CN=orders-worker,O=Example "
                "(ssl.principal.mapping.rules of the brokers)"
            )
        case OAuthCredentials():
            default = (
                "the claim `sub` of its token, such as User:orders-worker "
                "(sasl.oauthbearer.sub.claim.name of the brokers)"
            )
        case GSSAPICredentials():
            default = (
                "the first part of its Kerberos name, such as User:orders-worker "
                "(sasl.kerberos.principal.to.local.rules of the brokers)"
            )
        case _:
            default = "what the brokers make of its credentials"
    raise MisuseError(f"--principal is needed to print the access of this worker. By default it is {default}")
