"""Brokers for demos and tests: a real Apache Kafka where the machine has one to give, else a stand-in.

    async with start_broker("auto", say=print) as broker:
        broker.bootstrap_servers

Whatever is started here ends with whoever started it, also when that is killed.
"""

from stream_pool.broker.base import Broker, Say, silent
from stream_pool.broker.choose import choose_broker, start_broker
from stream_pool.broker.cluster import JavaCluster
from stream_pool.broker.errors import BrokerMissingError, BrokerStartError
from stream_pool.broker.java import JavaBroker

__all__ = [
    "Broker",
    "BrokerMissingError",
    "BrokerStartError",
    "JavaBroker",
    "JavaCluster",
    "Say",
    "choose_broker",
    "silent",
    "start_broker",
]
