"""What decoding a sample costs in time and in memory, ours beside json, orjson and jiter.

Each round has new decoders. The sample's first fifth warms them up; the rest is decoded once, in turns
(`bench/turns.py`), so that no decoder meets a document twice and none looks better than on a stream. What it
costs to hold documents is measured in processes of their own (`bench/decode_held.py`), where the sample is
large enough to be weighed: resident memory comes in pages, and huge ones at that.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from stream_pool.bench.decode_candidates import Decode, decoder
from stream_pool.bench.interval import Interval, paired_ratio
from stream_pool.bench.own_process import answer
from stream_pool.bench.turns import costs_us

OURS = "stream_pool"
PEERS = ("json", "orjson", "jiter")
WARM_PARTS = 5
"""One part of so many is decoded before anything is timed."""
ROUNDS = 10
HOLDING_ROUNDS = 3
WEIGHED_BYTES_MIN = 8 << 20

Watch = Callable[[int, int], None]
"""Told how many steps are done, and of how many: a round of timing is one, and so is a process."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Medians for one decoder; None where the sample is too small to be weighed."""

    us: float
    """CPU time a document, the result dropped."""
    holding_us: float | None
    """The same while all that came before are held, the collector as it comes."""
    held_bytes: float | None
    """Growth of resident memory a document."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Costs by decoder, ours among them, and how many times ours each peer takes."""

    documents: int
    """How many were timed, and were held where that was measured."""
    raw_bytes: float
    """Of a timed document, in the mean."""
    costs: Mapping[str, Cost]
    speed: Mapping[str, Interval]
    """By peer: its time, of ours."""
    left_out: Mapping[str, str]
    """Peers that are not there, or refuse a document, and why."""

    @property
    def quickest(self) -> str:
        """The peer that takes least."""
        return min(self.speed, key=lambda name: self.speed[name].value)


def measure(documents: Sequence[bytes], *, rounds: int = ROUNDS, watch: Watch) -> Measured | None:
    """Measure on these documents, which our decoder takes; None where they are too few to warm up on.

    Raises `BenchClientError` where a process of its own fails.
    """
    warm = len(documents) // WARM_PARTS
    if not warm:
        return None
    left_out = _left_out(documents)
    names = [name for name in (*PEERS, OURS) if name not in left_out]
    rest = documents[warm:]
    raw_bytes = sum(map(len, rest))
    is_weighed = raw_bytes >= WEIGHED_BYTES_MIN
    steps = rounds + len(names) * (HOLDING_ROUNDS + 1) * is_weighed
    timed = _time(names, documents, warm, rounds, lambda done: watch(done, steps))
    held: dict[str, tuple[float, float]] = {}
    if is_weighed:
        held = _hold(names, documents, warm, lambda done: watch(rounds + done, steps))
    return Measured(
        documents=len(rest),
        raw_bytes=raw_bytes / len(rest),
        costs={name: Cost(median(timed[name]), *held.get(name, (None, None))) for name in names},
        speed={name: paired_ratio(timed[name], timed[OURS]) for name in names if name != OURS},
        left_out=left_out,
    )


def _left_out(documents: Sequence[bytes]) -> dict[str, str]:
    left_out = {}
    for name in PEERS:
        if find_spec(name) is None:
            left_out[name] = "not installed"
        elif (problem := _refusal(decoder(name), documents)) is not None:
            left_out[name] = problem
    return left_out


def _refusal(decode: Decode, documents: Sequence[bytes]) -> str | None:
    """What a decoder says against one of these documents."""
    for raw in documents:
        try:
            decode(raw)
        except (ValueError, RecursionError) as error:
            return f"refuses a document: {error}"
    return None


def _time(
    names: Sequence[str], documents: Sequence[bytes], warm: int, rounds: int, watch: Callable[[int], None]
) -> dict[str, list[float]]:
    timed: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        watch(number)
        decoders = {name: decoder(name) for name in names}
        for decode in decoders.values():
            for raw in documents[:warm]:
                decode(raw)
        works = {name: (decode, documents[warm:]) for name, decode in decoders.items()}
        for name, cost in costs_us(works, number, turns=1).items():
            timed[name].append(cost)
    return timed


def _hold(
    names: Sequence[str], documents: Sequence[bytes], warm: int, watch: Callable[[int], None]
) -> dict[str, tuple[float, float]]:
    """Microseconds and bytes a document."""
    us: dict[str, list[float]] = {name: [] for name in names}
    held_bytes: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="stream-pool-estimate-") as directory:
        path = Path(directory, "sample.ndjson")
        with path.open("wb") as file:
            # A line feed in a valid document is white space: a blank in its place is as good and as long.
            file.writelines(raw.replace(b"\n", b" ") + b"\n" for raw in documents)
        for number in range(HOLDING_ROUNDS):
            for name in reversed(names) if number % 2 else names:
                watch(sum(map(len, us.values())))
                us[name].append(answer("decode_held", "fill", name, path, warm)["us"])
        for name in names:
            watch(len(names) * HOLDING_ROUNDS + len(held_bytes))
            held_bytes[name] = answer("decode_held", "weigh", name, path, warm)["bytes"]
    return {name: (median(us[name]), held_bytes[name]) for name in names}
