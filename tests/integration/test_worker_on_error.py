"""A handler that raises: what becomes of the record, for single orders and for whole batches."""

import pytest
from support import Lab

KINDS = ["each_async", "each_sync"]


@pytest.mark.parametrize("app", KINDS)
async def test_dead_letter_after_retries(lab: Lab, app: str) -> None:
    """on_error=dead_letter: retries are counted, then the record is buried; the rest goes on."""
    topic = await lab.topics.create()
    places = await lab.cluster.produce(
        topic, [{}, {"do": "raise"}, {"do": "raise_once"}, {"do": "reject"}, {}]
    )
    worker = lab.worker(app, topic, options={"retries": 2})
    await lab.handled([places[0], places[2], places[4]])
    await lab.committed(topic, {0: 5})
    assert [lab.ledger.places("tried")[place] for place in places] == [1, 3, 2, 1, 1]
    failed, rejected = await lab.cluster.read(lab.dead_letters_topic)
    told = dict(failed.headers)
    assert (told["stream-pool.reason"], told["stream-pool.offset"]) == (b"handler_error", b"1")
    assert told["stream-pool.exception"] == b"script.OrderFailed"
    assert told["stream-pool.message"] == b"order 1 said so"
    assert b"OrderFailed: order 1 said so" in told["stream-pool.stack"]
    told = dict(rejected.headers)
    assert (told["stream-pool.reason"], told["stream-pool.offset"]) == (b"unknown_sku", b"3")
    assert "stream-pool.stack" not in told
    await worker.shows(3, "stream_pool_handler_retries_total", topic=topic)
    await worker.shows(1, "stream_pool_dead_letters_total", topic=topic, reason="unknown_sku")
    assert await worker.stop() == 0


@pytest.mark.parametrize("app", KINDS)
async def test_skip_logs_and_counts(lab: Lab, app: str) -> None:
    """on_error=skip: no dead letter; the log names the record, a counter counts it, the commit passes it."""
    topic = await lab.topics.create()
    places = await lab.cluster.produce(topic, [{}, {"do": "raise"}, {}])
    worker = lab.worker(app, topic, options={"on_error": "skip", "retries": 1})
    await lab.handled([places[0], places[2]])
    await lab.committed(topic, {0: 3})
    assert lab.ledger.places("tried")[places[1]] == 2
    assert worker.said("handler failed, record skipped", record=f"{topic}-0@1")
    await worker.shows(1, "stream_pool_records_skipped_total", topic=topic)
    assert await lab.cluster.read(lab.dead_letters_topic) == []


@pytest.mark.parametrize("app", KINDS)
async def test_stop_leaves_the_record_uncommitted(lab: Lab, app: str) -> None:
    """on_error=stop: exit 5, what was before is committed, the record is the next worker's first."""
    topic = await lab.topics.create()
    places = await lab.cluster.produce(topic, [{}, {}, {"do": "raise"}, {}])
    options = {"on_error": "stop", "retries": 1}
    worker = lab.worker(app, topic, options=options)
    assert await worker.exited() == 5
    (line,) = worker.said("worker stops", reason="handler_error")
    assert line["error"].endswith(f"failed on {topic}-0@2 after 2 attempts: OrderFailed")
    assert line["handler_error"] == "script.OrderFailed"
    assert line["handler_stack"]
    assert "said so" not in worker.text(), "the message may quote the payload"
    await lab.committed(topic, {0: 2})
    assert lab.ledger.account(places).missing == tuple(places[2:])
    again = lab.worker(app, topic, options=options)
    assert await again.exited() == 5
    assert [entry.place for entry in lab.ledger.entries("tried") if entry.worker == "w2"] == [places[2]] * 2
    lab.nothing_twice()


BATCH = 10


@pytest.mark.parametrize(
    ("on_error", "do", "code", "word", "committed", "letters", "skipped"),
    [
        pytest.param("skip", "fault", 4, "a fault, for the test", 10, 0, 0, id="1 a fault of ours"),
        pytest.param("stop", "raise", 5, "agent process failed on Batch", 10, 0, 0, id="2 raises, stop"),
        pytest.param(
            "dead_letter", "raise", None, "batch to the dead letters", 30, 10, 0, id="3 raises, dead_letter"
        ),
        pytest.param("skip", "raise", None, "agent failed, batch skipped", 30, 0, 10, id="4 raises, skip"),
        pytest.param("skip", "return", 5, "nobody reads", 10, 0, 0, id="5 returns"),
    ],
)
async def test_an_agent_on_batches(
    lab: Lab, on_error: str, do: str, code: int | None, word: str, committed: int, letters: int, skipped: int
) -> None:
    """The second of three batches goes wrong in its fourth order: nothing is acknowledged by accident."""
    topic = await lab.topics.create()
    orders = [{"do": do} if number == BATCH + 3 else {} for number in range(3 * BATCH)]
    places = await lab.cluster.produce(topic, orders)
    worker = lab.worker(
        "whole_batches",
        topic,
        options={"on_error": on_error},
        max_poll_records=BATCH,
        dead_letter_budget_ratio=1,
    )
    if code is None:
        await lab.handled(places[2 * BATCH :])
        await lab.committed(topic, {0: committed})
        await worker.shows(skipped, "stream_pool_records_skipped_total", topic=topic)
        assert await worker.stop() == 0
    else:
        assert await worker.exited() == code
        assert lab.ledger.account(places[BATCH + 3 :]).missing == tuple(places[BATCH + 3 :])
        await lab.committed(topic, {0: committed})
    assert word in worker.text()
    assert "said so" not in worker.text(), "the message may quote the payload"
    buried = [
        int(dict(each.headers)["stream-pool.offset"])
        for each in await lab.cluster.read(lab.dead_letters_topic)
    ]
    assert buried == list(range(BATCH, BATCH + letters))


async def test_a_batch_rejects_single_orders(lab: Lab) -> None:
    """batch.reject: this order goes to the dead letters with the reason given, its neighbours are handled."""
    topic = await lab.topics.create()
    places = await lab.cluster.produce(topic, [{}, {"do": "reject"}, {}])
    lab.worker("whole_batches", topic)
    await lab.handled([places[0], places[2]])
    await lab.committed(topic, {0: 3})
    (letter,) = await lab.cluster.read(lab.dead_letters_topic)
    assert dict(letter.headers)["stream-pool.reason"] == b"unknown_sku"
    assert letter.value == b'{"do":"reject"}'


async def test_too_large_a_share_of_dead_letters_stops_the_worker(lab: Lab) -> None:
    """Over 5 % in the window, from 100 records on: exit 6, and what was not settled comes again."""
    topic = await lab.topics.create()
    await lab.cluster.produce(topic, [{"n": n} if n % 10 else {"do": "reject"} for n in range(300)])
    worker = lab.worker("each_sync", topic, max_poll_records=50)
    assert await worker.exited() == 6
    assert "records went to the dead letters" in worker.text()
    (committed,) = (await lab.cluster.committed(lab.group, topic)).values()
    assert 50 <= committed <= 150
