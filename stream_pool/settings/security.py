"""The settings of a secured cluster, in librdkafka's and Kafka's own words.

A secret may stand in the environment or in a file that `<NAME>_FILE` names, as orchestrators mount them. No
secret and no part of one is ever in a message: what is wrong is said by the variable's name.
"""

import re
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from stream_pool.settings.masking import FilePath, masked_path
from stream_pool.settings.names import variable

SECRETS = ("ssl_key_password", "sasl_password", "sasl_oauth_client_secret", "redaction_salt")
"""Fields that are secrets; each has a field of the same name with `_file` behind it."""

LONGEST_SECRET_BYTES = 65_536


class SecuritySettings(BaseSettings):
    """Who the worker is to the brokers, and who they must be. `Settings` has all of it."""

    model_config = SettingsConfigDict(defer_build=True)  # nobody makes one: a worker makes a `Settings`

    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """How every client of the worker speaks to the brokers."""
    ssl_cafile: FilePath = ""
    """PEM file of the authorities that brokers' certificates are checked against; empty: the system's."""
    ssl_certfile: FilePath = ""
    """PEM file of the client's certificate (mutual TLS), with its chain."""
    ssl_keyfile: FilePath = ""
    """PEM file of that certificate's key; empty: it is in the same file."""
    ssl_key_password: SecretStr = SecretStr("")
    """Secret. Password of the key, if it has one."""
    ssl_key_password_file: FilePath = ""
    """File with the password of the key."""
    ssl_check_hostname: bool = True
    """Whether a broker's certificate must be for the name that it is reached by."""
    sasl_mechanism: Literal["", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] = ""
    """How the worker proves who it is; must be set with SASL_PLAINTEXT and SASL_SSL."""
    sasl_username: str = ""
    """User of PLAIN and SCRAM."""
    sasl_password: SecretStr = SecretStr("")
    """Secret. Password of PLAIN and SCRAM."""
    sasl_password_file: FilePath = ""
    """File with the password of PLAIN and SCRAM."""
    sasl_oauth_token_file: FilePath = ""
    """File with a token for OAUTHBEARER, read again for each connection: for one that a platform renews."""
    sasl_oauth_token_url: str = Field("", max_length=2_000)
    """Token endpoint of OAuth 2.0's client credentials, for OAUTHBEARER; https, or a loopback address."""
    sasl_oauth_client_id: str = ""
    """Client id for the token endpoint."""
    sasl_oauth_client_secret: SecretStr = SecretStr("")
    """Secret. Client secret for the token endpoint."""
    sasl_oauth_client_secret_file: FilePath = ""
    """File with the client secret."""
    sasl_oauth_scope: str = ""
    """Scope that is asked for at the token endpoint."""

    @model_validator(mode="before")
    @classmethod
    def _read_secrets(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        read = {name: _secret(name, given) for name in SECRETS if given.get(f"{name}_file")}
        return {**given, **read}

    @model_validator(mode="after")
    def _fit_security(self) -> Self:
        problem = self._security_problem()
        if problem is not None:
            raise ValueError(problem)
        return self

    def _security_problem(self) -> str | None:
        """What does not go together, in one sentence."""
        protocol = f"{variable('security_protocol')}={self.security_protocol}"
        is_tls = self.security_protocol in ("SSL", "SASL_SSL")
        if not is_tls and (name := self._set("ssl_")):
            return f"{variable(name)} is set, but {protocol} uses no TLS: SSL and SASL_SSL do"
        if self.ssl_keyfile and not self.ssl_certfile:
            return f"{variable('ssl_keyfile')} needs the certificate in {variable('ssl_certfile')}"
        if not self.security_protocol.startswith("SASL_"):
            if name := self._set("sasl_"):
                return (
                    f"{variable(name)} is set, but {protocol} uses no SASL: SASL_SSL does, "
                    "and SASL_PLAINTEXT without encryption"
                )
            return None
        if not self.sasl_mechanism:
            return f"{protocol} needs {variable('sasl_mechanism')}"
        return self._oauth_problem() if self.sasl_mechanism == "OAUTHBEARER" else self._password_problem()

    def _set(self, prefix: str) -> str | None:
        """The first field with this beginning that is not as it is by default."""
        fields = SecuritySettings.model_fields.items()
        return next((n for n, f in fields if n.startswith(prefix) and getattr(self, n) != f.default), None)

    def _password_problem(self) -> str | None:
        mechanism = f"{variable('sasl_mechanism')}={self.sasl_mechanism}"
        if not self.sasl_username:
            return f"{mechanism} needs {variable('sasl_username')}"
        if not self.sasl_password.get_secret_value():
            return f"{mechanism} needs {variable('sasl_password')} or {variable('sasl_password_file')}"
        return None

    def _oauth_problem(self) -> str | None:
        file, url = variable("sasl_oauth_token_file"), variable("sasl_oauth_token_url")
        if bool(self.sasl_oauth_token_file) == bool(self.sasl_oauth_token_url):
            return f"{variable('sasl_mechanism')}=OAUTHBEARER needs one of {file} and {url}"
        if not self.sasl_oauth_token_url:
            return None
        if not self.sasl_oauth_token_url.startswith(_SAFE_URLS):
            return f"{url} must begin with https:// (http:// only to 127.0.0.1 or localhost)"
        if re.search(r"[@?#\s]", self.sasl_oauth_token_url):
            return (
                f"{url} may have no user, query, fragment or space in it: secrets have settings of their own"
            )
        if not self.sasl_oauth_client_id:
            return f"{url} needs {variable('sasl_oauth_client_id')}"
        if not self.sasl_oauth_client_secret.get_secret_value():
            secret = variable("sasl_oauth_client_secret")
            return f"{url} needs {secret} or {secret}_FILE"
        return None


_SAFE_URLS = ("https://", "http://127.0.0.1:", "http://127.0.0.1/", "http://localhost:", "http://localhost/")


def _secret(name: str, given: dict[str, Any]) -> str:
    file = variable(f"{name}_file")
    if given.get(name):
        raise ValueError(f"{variable(name)} and {file} are both set: set one")
    path = str(given[f"{name}_file"])
    where = f"{file}={masked_path(path)}"
    try:
        with Path(path).open("rb") as secret:
            read = secret.read(LONGEST_SECRET_BYTES + 1)
        text = read.decode().removesuffix("\n").removesuffix("\r")
    except OSError as error:
        raise ValueError(f"{where} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{where} is not UTF-8") from None
    except ValueError:
        raise ValueError(f"{where} is no path") from None
    if not text or len(read) > LONGEST_SECRET_BYTES:
        raise ValueError(f"{where} must have from 1 to {LONGEST_SECRET_BYTES} bytes")
    return text
