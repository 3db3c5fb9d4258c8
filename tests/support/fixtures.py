"""The fixtures `lab`, on the session's broker of whatever kind, and `own_lab`, on a Kafka to abuse."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka_topics import Topics

from stream_pool.broker import JavaBroker
from support.lab import Lab


@pytest.fixture
def lab(topics: Topics, tmp_path: Path) -> Iterator[Lab]:
    """A laboratory on the session's broker."""
    made = Lab(topics, tmp_path)
    yield made
    made.close()


@pytest.fixture
def own_lab(own_kafka: JavaBroker, own_topics: Topics, tmp_path: Path) -> Iterator[Lab]:
    """A laboratory on the test's own Kafka."""
    made = Lab(own_topics, tmp_path)
    yield made
    own_kafka.thaw()
    made.close()
