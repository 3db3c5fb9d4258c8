"""A Kafka that wants to know who asks: TLS, SASL in all its mechanisms, mutual TLS, and access lists.

The plain listener stays, for those who look after the cluster: whoever comes that way may do everything. At
the brief one, which knows SCRAM-SHA-512 alone, a connection must prove itself anew every few seconds, or is
closed (KIP-368).
"""

import re
import shlex
import subprocess
from base64 import urlsafe_b64encode
from json import dumps
from pathlib import Path
from time import time

import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from stream_pool.broker import JavaBroker
from stream_pool.broker.kafka_home import cached_jars
from stream_pool.free_port import free_port

USER = "worker"
PASSWORD = "planted-pa55-7c1e9b"  # what no log, event, metric or page may show
KEY_PASSWORD = "planted-k3y-51f0aa"
CLIENT_SECRET = "planted-cl1ent-0d83c2"
BRIEF_MS = 2_000

_PROPERTIES = """\
listeners=PLAINTEXT://127.0.0.1:{plain},SASL://127.0.0.1:{sasl},BRIEF://127.0.0.1:{brief},\
MTLS://127.0.0.1:{mtls},{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{plain},SASL://localhost:{sasl},BRIEF://localhost:{brief},\
MTLS://localhost:{mtls}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL:SASL_SSL,BRIEF:SASL_SSL,MTLS:SSL,CONTROLLER:PLAINTEXT
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
ssl.keystore.type=PEM
ssl.keystore.location={keystore}
ssl.truststore.type=PEM
ssl.truststore.location={truststore}
listener.name.mtls.ssl.client.auth=required
listener.name.mtls.ssl.principal.mapping.rules=RULE:^.*CN=([^,]*).*$/$1/,DEFAULT
listener.name.sasl.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER
listener.name.sasl.plain.sasl.jaas.config={plain_login} user_{user}="{password}";
listener.name.sasl.scram-sha-256.sasl.jaas.config={scram_login};
listener.name.sasl.scram-sha-512.sasl.jaas.config={scram_login};
listener.name.sasl.oauthbearer.sasl.jaas.config={oauth_login} unsecuredLoginStringClaim_sub="broker";
listener.name.brief.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.brief.scram-sha-512.sasl.jaas.config={scram_login};
listener.name.brief.scram-sha-512.connections.max.reauth.ms={brief_ms}
"""
_LOGIN = "org.apache.kafka.common.security.{}LoginModule required"


class SecuredKafka(JavaBroker):
    """One node with four listeners. `directory` gets the keys."""

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self.sasl_port, self.brief_port, self.mtls_port = free_port(), free_port(), free_port()
        self.cafile = directory / "ca.pem"
        self.keystore = directory / "broker.pem"
        self.certfile = directory / "client.pem"
        self.keyfile = directory / "client.key"
        authority = self.authority = trustme.CA(key_type=trustme.KeyType.RSA)
        authority.cert_pem.write_to_path(self.cafile)
        broker = authority.issue_cert("localhost", "127.0.0.1", key_type=trustme.KeyType.RSA)
        self.keystore.write_bytes(_key(broker, NoEncryption()) + _chain(broker))
        client = authority.issue_cert("client.test", common_name=USER, key_type=trustme.KeyType.RSA)
        self.certfile.write_bytes(_chain(client))
        self.keyfile.write_bytes(_key(client, BestAvailableEncryption(KEY_PASSWORD.encode())))

    def _properties(self) -> str:
        own = super()._properties()
        controller = next(word for word in re.split(r"[,\n]", own) if word.startswith("CONTROLLER://"))
        return own + _PROPERTIES.format(
            plain=self._port,
            sasl=self.sasl_port,
            brief=self.brief_port,
            brief_ms=BRIEF_MS,
            mtls=self.mtls_port,
            controller=controller,
            keystore=self.keystore,
            truststore=self.cafile,
            plain_login=_LOGIN.format("plain.Plain"),
            scram_login=_LOGIN.format("scram.Scram"),
            oauth_login=_LOGIN.format("oauthbearer.OAuthBearer"),
            user=USER,
            password=PASSWORD,
        )

    def _storage_options(self) -> list[str]:
        return [
            option
            for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512")
            for option in ("--add-scram", f"{mechanism}=[name={USER},password={PASSWORD}]")
        ]

    def allow(self, command: str) -> None:
        """Run a line of `kafka-acls.sh` that `stream-pool topics --print` gave, on the plain listener."""
        tool, server, _, *arguments = shlex.split(command)
        assert (tool, server) == ("kafka-acls.sh", "--bootstrap-server"), command
        java = ["java", "-XX:TieredStopAtLevel=1", "-cp", f"{cached_jars()}/*"]
        line = [*java, "org.apache.kafka.tools.AclCommand", server, self.bootstrap_servers, *arguments]
        told = subprocess.run(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        assert told.returncode == 0, told.stdout


def unsigned_token(user: str, life_s: int = 3_600) -> str:
    """A JSON Web Token without a signature, which Kafka's own validator for tests takes."""
    now_s = int(time())
    claims = {"sub": user, "iat": now_s, "exp": now_s + life_s, "planted": PASSWORD}
    return ".".join([*(_base64(dumps(part)) for part in ({"alg": "none"}, claims)), ""])


def _base64(text: str) -> str:
    return urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _key(of: trustme.LeafCert, encryption: KeySerializationEncryption) -> bytes:
    """In PKCS 8, the only form that Kafka reads."""
    loaded = load_pem_private_key(of.private_key_pem.bytes(), None)
    return loaded.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def _chain(of: trustme.LeafCert) -> bytes:
    return b"".join(pem.bytes() for pem in of.cert_chain_pems)
