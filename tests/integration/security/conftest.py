"""One secured cluster for all of these tests, and token endpoints."""

import ssl
from collections.abc import Iterator

import pytest
import trustme
from kafka_topics import Topics
from support import Lab
from support.secured import USER, SecuredKafka, unsigned_token
from support.secured_house import House, furnish
from support.token_endpoint import TokenEndpoint


@pytest.fixture(scope="package")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    """The cluster."""
    own = SecuredKafka(tmp_path_factory.mktemp("keys"))
    try:
        if (missing := own.missing()) is not None:
            pytest.skip(f"needs an Apache Kafka of its own, and so {missing}")
        own.start()
        yield own
    finally:
        own.stop()


@pytest.fixture(scope="package")
def house(secured: SecuredKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The cluster with topics and access."""
    lab = Lab(Topics(secured.bootstrap_servers), tmp_path_factory.mktemp("lab"))
    try:
        yield furnish(lab, secured)
    finally:
        lab.close()


@pytest.fixture
def endpoint(secured: SecuredKafka) -> Iterator[TokenEndpoint]:
    """One by TLS, of the cluster's authority; its tokens are good for 4 s."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secured.authority.issue_cert("localhost", key_type=trustme.KeyType.ECDSA).configure_cert(context)
    made = TokenEndpoint(context).start()
    made.answer = lambda: {"access_token": unsigned_token(USER, life_s=4), "expires_in": 4}
    yield made
    made.stop()
