"""What a worker's web server tells, and to whom."""

import sys
from pathlib import Path

import pytest
from support import Lab, Produced, until

SCRIPT = "<script>planted</script>"
PAGES = [
    "/metrics",
    "/health/live",
    "/health/ready",
    "/",
    "/graph/",
    "/router/",
    f"/router/{SCRIPT}/1/",
    "/table/",
    "/stats/",
    f"/{SCRIPT}",
    f"/health/ready?{SCRIPT}",
]
LISTENS = "0A"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_it_binds_the_loopback_address_unless_told(lab: Lab) -> None:
    """By the socket's own address, and not by what is said of it."""
    topic = await lab.topics.create()
    workers = {"127.0.0.1": lab.worker("each_async", topic)}
    workers["0.0.0.0"] = lab.worker("each_async", topic, web_host="0.0.0.0")
    for address, worker in workers.items():
        await worker.ready()
        assert _addresses(worker.process.pid, worker.port) == {address}


async def test_no_page_shows_a_payload(lab: Lab) -> None:
    """Not its value, key or headers, not what a handler said of it, nor what is asked for, as markup."""
    topic = await lab.topics.create()
    headers = (("baggage", f"request_id={SCRIPT}".encode()), (SCRIPT, SCRIPT.encode()))
    bad = [
        Produced({"do": told, "note": SCRIPT}, key=SCRIPT.encode(), headers=headers)
        for told in ("raise", "reject", "")
    ]
    bad.append(Produced(SCRIPT.encode(), headers=headers))
    await lab.cluster.produce(topic, bad)
    worker = lab.worker("each_async", topic, options={"retries": 0}, log_level="debug")
    await worker.ready()
    await until(lambda: _written(lab, 3), worker.told("did not bury three"))
    told = [await worker.get(page.replace(" ", "%20")) or "" for page in PAGES]
    assert "stream_pool_build_info" in told[0]
    assert not [page for page, body in zip(PAGES, told, strict=True) if SCRIPT in body]


async def _written(lab: Lab, letters: int) -> bool:
    return len(await lab.cluster.read(lab.dead_letters_topic)) >= letters


def _addresses(pid: int, port: int) -> set[str]:
    """Where this process's machine listens at this port."""
    lines = Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]
    places = [(fields[1], fields[3]) for fields in map(str.split, lines)]
    at_port = [
        place.split(":")[0] for place, state in places if state == LISTENS and place.endswith(f":{port:04X}")
    ]
    return {".".join(str(byte) for byte in reversed(bytes.fromhex(address))) for address in at_port}
