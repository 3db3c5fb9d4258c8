"""A secured cluster with an app's topics and just the planned access, and the ways to be somebody there."""

import asyncio
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.acls import grant
from support.lab import Lab
from support.secured import (
    CLIENT_SECRET,
    KEY_PASSWORD,
    PASSWORD,
    USER,
    SecuredKafka,
    unsigned_token,
)
from support.token_endpoint import TokenEndpoint
from support.worker import WorkerProcess

NEEDED = ("orders", "events", "snapshots", "dead-letters", "group", "detector's group")
"""The lines of the plan. For each there is a user who has all but that."""


def user_without(what: str) -> str:
    """Who has all planned access but one line."""
    return f"without {what}".replace("'", "").replace(" ", "-")


@dataclass(frozen=True, slots=True)
class House:
    """The cluster, and a laboratory that comes by the plain listener, where it may do everything."""

    kafka: SecuredKafka
    lab: Lab
    topic: str

    def identity(self, way: str, directory: Path, user: str = USER) -> dict[str, Any]:
        """The settings of one way to prove who the worker is; files of it go into `directory`."""
        kafka = self.kafka
        trust = {"ssl_cafile": kafka.cafile}
        if way == "mutual TLS":
            return trust | {
                "broker": f"localhost:{kafka.mtls_port}",
                "security_protocol": "SSL",
                "ssl_certfile": kafka.certfile,
                "ssl_keyfile": kafka.keyfile,
                "ssl_key_password": KEY_PASSWORD,
            }
        sasl = trust | {
            "broker": f"localhost:{kafka.sasl_port}",
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": way,
        }
        if way == "OAUTHBEARER":
            token = _secret_file(directory / "token", unsigned_token(user))
            return sasl | {"sasl_oauth_token_file": token}
        password = _secret_file(directory / "password", f"{PASSWORD}\n")
        return sasl | {"sasl_username": user, "sasl_password_file": password}

    def client(self, endpoint: TokenEndpoint, directory: Path) -> dict[str, Any]:
        """The settings of a client of a token endpoint."""
        return {
            "broker": f"localhost:{self.kafka.sasl_port}",
            "security_protocol": "SASL_SSL",
            "ssl_cafile": self.kafka.cafile,
            "sasl_mechanism": "OAUTHBEARER",
            "sasl_oauth_token_url": endpoint.url,
            "sasl_oauth_client_id": USER,
            "sasl_oauth_client_secret_file": _secret_file(directory / "secret", CLIENT_SECRET),
        }

    def worker(
        self, app: str, settings: Mapping[str, Any], options: Mapping[str, Any] | None = None
    ) -> WorkerProcess:
        """Start one that has something to detect, with its log at the most talkative."""
        usual = {
            "detector_enabled": True,
            "detector_window_s": 0.3,
            "log_level": "debug",
            "stop_timeout_s": 25,
        }
        return self.lab.worker(app, self.topic, options={"retries": 0, **(options or {})}, **usual | settings)

    async def shows_no_secret(self, worker: WorkerProcess, page: str, tokens: Iterable[str] = ()) -> None:
        """Fail where one is in what the worker logged, showed, or wrote to any topic, in any usual form."""
        topics = (self.lab.events_topic, self.lab.dead_letters_topic, self.lab.snapshots_topic)
        records = [record for topic in topics for record in await self.lab.cluster.read(topic)]
        written = b"".join((record.value or b"") + repr(record.headers).encode() for record in records)
        places = {"log": worker.text(), "page": page, "topics": written.decode(errors="replace")}
        for secret in forms_of(PASSWORD, KEY_PASSWORD, CLIENT_SECRET, *tokens):
            assert not [name for name, text in places.items() if secret in text], secret


def forms_of(*secrets: str) -> list[str]:
    """As they are, in Base64 after a user's name, and of a token its claims alone."""
    told = [f"{USER}:{secret}" for secret in secrets]
    encoded = [b64encode(text.encode()).decode().rstrip("=") for text in told]
    claims = [secret.split(".")[1] for secret in secrets if secret.count(".") == 2]
    return [*secrets, *encoded, *claims]


def furnish(lab: Lab, kafka: SecuredKafka) -> House:
    """Topics made by `stream-pool topics --create`, access granted by what its `--print` printed."""
    topic = asyncio.run(lab.topics.create())
    running = {
        what: lab.worker(
            "",
            topic,
            command=("stream_pool.cli.main", "topics", "-A", "each_async", what, *more),
            name=f"topics{what}",
        )
        for what, *more in (("--create",), ("--print", "--principal", "User:somebody"))
    }
    printed, created = (_ended(running[what]) for what in ("--print", "--create"))
    assert created[-1] == "all 4 topics are as they must be"
    grants = [line for line in printed if line.startswith("kafka-acls.sh ")]
    assert len(grants) == len(NEEDED)
    users = [user_without(what) for what in NEEDED]
    lines = [
        line.replace(
            "--allow-principal User:somebody",
            " ".join(f"--allow-principal User:{user}" for user in [USER, *users[:at], *users[at + 1 :]]),
        )
        for at, line in enumerate(grants)
    ]
    asyncio.run(grant(kafka.bootstrap_servers, lines[1:]))
    kafka.allow(lines[0])
    return House(kafka, lab, topic)


def _ended(run: WorkerProcess) -> list[str]:
    assert run.process.wait(60) == 0, run.text()
    return run.text().splitlines()


def _secret_file(path: Path, secret: str) -> Path:
    path.write_text(secret)
    path.chmod(0o600)
    return path
