"""What a running worker serves: /metrics and /health."""

import asyncio
import json
import shutil
import subprocess

import pytest
from support import Lab, Produced, until

from stream_pool.broker import Broker, JavaBroker

NAMED_BY_THE_INCIDENT = {
    "string_pool_hits_total",
    "string_pool_evictions_total",
    "avg_key_reuse_ratio",
}
OURS = {
    "stream_pool_build_info",
    "stream_pool_records_consumed_total",
    "stream_pool_processing_seconds_bucket",
    "stream_pool_dead_letters_total",
    "stream_pool_lag_records",
    "stream_pool_lag_seconds",
    "stream_pool_partition_status",
    "stream_pool_committed_offset",
    "stream_pool_pool_size",
    "stream_pool_commits_total",
    "stream_pool_events_written_total",
    "stream_pool_resident_memory_bytes",
}


async def test_a_live_scrape_is_sound_and_complete(lab: Lab) -> None:
    """`promtool check metrics` accepts it, the names that others build on are there, figures are right."""
    topic = await lab.topics.create()
    orders = [{"orderId": f"o-{n}", "items": [{"sku": "a"}] * 3} for n in range(30)]
    await lab.cluster.produce(topic, [*orders, Produced(b"poison")])
    labels = {"service_name": "orders-service", "region": "eu-1", "canary_flag": "true"}
    worker = lab.worker("each_sync", topic, **labels)
    await lab.committed(topic, {0: 31})
    await worker.shows(31, "stream_pool_records_consumed_total", topic=topic)
    await worker.shows(0, "stream_pool_lag_records", topic=topic, partition="0")
    await worker.shows(31, "stream_pool_committed_offset", topic=topic, partition="0")
    found = await worker.metrics()
    names = {name for name, _ in found}
    assert names >= NAMED_BY_THE_INCIDENT | OURS
    assert all(name in NAMED_BY_THE_INCIDENT or name.startswith("stream_pool_") for name in names)
    assert found[("stream_pool_dead_letters_total", (("reason", "unexpected_byte"), ("topic", topic)))] == 1
    assert found[("stream_pool_processing_seconds_count", (("topic", topic),))] == 31
    assert found[("string_pool_hits_total", ())] == 30 * 5 - 3
    (build,) = [dict(labels) for name, labels in found if name == "stream_pool_build_info"]
    assert labels.items() <= build.items()
    if (promtool := shutil.which("promtool")) is None:
        pytest.skip("promtool, of Debian's package prometheus, has not judged the scrape")
    scrape = await worker.get("/metrics", 200)
    ran = await asyncio.to_thread(
        subprocess.run, [promtool, "check", "metrics"], input=scrape, capture_output=True, text=True
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


async def test_health_says_ready_when_orders_move(lab: Lab) -> None:
    """Ready once the group has given partitions; live all the while; not ready on the way out."""
    topic = await lab.topics.create()
    held = await lab.cluster.produce(topic, [{"do": "hold"}])
    worker = await lab.worker("each_async", topic, drain_timeout_s=5).ready()
    body = await worker.get("/health/live", 200)
    assert body is not None
    assert json.loads(body)["status"] == "pass"
    await lab.handled(held, "began")
    worker.terminate()
    answer = await until(lambda: worker.get("/health/ready", 503), lab.report, 4.0)
    assert "stopping" in [reason["reason"] for reason in json.loads(answer)["reasons"]]
    lab.open_gate()
    assert await worker.exited() == 0
    assert await lab.cluster.committed(lab.group, topic) == {0: 1}


async def test_metrics_and_liveness_outlast_the_broker(own_kafka: JavaBroker, own_lab: Lab) -> None:
    """With the broker frozen, pages answer, and the worker is live: a restart would not mend it."""
    topic = await own_lab.topics.create()
    worker = await own_lab.worker("each_async", topic).ready()
    own_kafka.freeze()
    for _ in range(3):
        assert await worker.get("/health/live", 200) is not None
        assert await worker.metrics()
    own_kafka.thaw()
    places = await own_lab.cluster.produce(topic, [{"n": 1}])
    await own_lab.handled(places)
    assert await worker.stop() == 0


async def test_two_workers_may_not_want_one_port_unsaid(kafka: Broker, lab: Lab) -> None:
    """A web port that is taken ends the second worker with a word, not with a silent half."""
    topic = await lab.topics.create()
    first = await lab.worker("each_async", topic).ready()
    second = lab.worker("each_async", topic, web_port=first.port)
    assert await second.exited() != 0
    assert "is taken: name another port" in second.text()
