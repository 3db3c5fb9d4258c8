"""All that lies in a topic of one partition, as bytes."""

from aiokafka import TopicPartition

from stream_pool.bench.soak.cluster import client, ends
from stream_pool.events.raw_record import RawRecord
from stream_pool.stream.log_reader import raw_record


async def read_topic(servers: str, topic: str) -> list[RawRecord]:
    """Its records up to where it ends now. Raises `aiokafka.errors.KafkaError`, `BrokerUnavailable`."""
    end = (await ends(servers, topic, [0]))[0]
    read = client(servers).records(TopicPartition(topic, 0), 0, end)
    return [raw_record(record) async for records in read for record in records]
