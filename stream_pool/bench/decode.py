"""`bench decode`: what a decoded order costs in time and in memory, against orjson and other decoders.

Speed is measured in this process, candidates in turn (`decode_speed.py`). What it costs to hold orders and
to look into them is measured in processes of their own (`decode_held.py`, `decode_access.py`). Rounds pair
the candidates; those that no bar is about have fewer where a round is a process. What is judged is CPU time,
resident bytes, and what the collector has to do. Without the compiled core there is nothing to judge.
"""

import statistics
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from stream_pool.bench.corpus import HELD_DOCUMENTS, RECIPES, WARM_DOCUMENTS, Corpus, census, read_corpus
from stream_pool.bench.decode_bars import COLLECTION, NO_ECHO, ORJSON, OURS, RAW, TRACKED, Runs, decode_report
from stream_pool.bench.decode_candidates import candidates, missing_peers
from stream_pool.bench.decode_speed import Speed
from stream_pool.bench.own_process import answer
from stream_pool.bench.report import Report, environment
from stream_pool.documents import NATIVE, NATIVE_REASON
from stream_pool.errors import MisuseError

HELD = "held"
JUDGED = (ORJSON, OURS, NO_ECHO)
ROUNDS = {"stream_pool_twin": 1}
OTHER_ROUNDS = 3
"""Rounds of processes that a candidate has which no bar is about: so many, or what `ROUNDS` says."""

Say = Callable[[str], None]


def bench_decode(*, rounds: int, say: Say, scale: float = 1.0) -> Report:
    """Run the bench; with a `scale` under 1, on the beginning of each corpus.

    Raises `MisuseError` without the compiled core, `CorpusDiffers`, and `BenchClientError` where a process of
    the bench fails.
    """
    if not NATIVE:
        raise MisuseError(f"bench decode judges the compiled core, and here the twin serves: {NATIVE_REASON}")
    missing = missing_peers()
    if missing:
        say(f"left out, since the extra `bench` is not installed: {', '.join(missing)}")
    where = environment("none", rounds=rounds, left_out=", ".join(missing) or "nothing")
    corpora = {name: read_corpus(name, scale=scale) for name in RECIPES}
    where |= {f"corpus {name}": _told(corpus) for name, corpus in corpora.items()}
    held = corpora.pop(HELD)
    runs: Runs = {}
    _measure_speed(list(corpora.values()), rounds, runs, say)
    with tempfile.TemporaryDirectory(prefix="stream-pool-bench-") as directory:
        path = Path(directory, HELD)
        path.write_bytes(b"".join(order + b"\n" for order in held.documents))
        warm = len(held.documents) * WARM_DOCUMENTS // (WARM_DOCUMENTS + HELD_DOCUMENTS)
        _measure_holding(path, warm, rounds, runs, say)
        _measure_access(path, rounds, runs, say)
    return decode_report(where, list(corpora), runs)


def _told(corpus: Corpus) -> str:
    counted = census(corpus)
    return (
        f"{counted.documents:,} documents of {counted.bytes_a_document:,.0f} bytes and"
        f" {counted.members_a_document:.0f} members; {counted.keys:,} keys, {counted.layouts:,} layouts;"
        f" SHA-256 {corpus.sha256}"
    )


def _measure_speed(corpora: Sequence[Corpus], rounds: int, runs: Runs, say: Say) -> None:
    speed = Speed(candidates(), corpora)
    for number in range(rounds):
        for what, costs in speed.round(number).items():
            _note(runs, f"us: {what}", costs)
    say("decoding, µs of CPU an order: " + _line(runs["us: plain"]))


def _measure_holding(path: Path, warm: int, rounds: int, runs: Runs, say: Say) -> None:
    for number in range(rounds):
        names = [name for name in candidates() if name in JUDGED or number < ROUNDS.get(name, OTHER_ROUNDS)]
        for name in reversed(names) if number % 2 else names:
            _measure_one(name, path, warm, runs)
        for name in (OURS, NO_ECHO):
            collected = answer("decode_held", "collect", name, path, warm)
            _note(runs, COLLECTION, {name: collected["tuple_ms"]})
            _note(runs, "ms: gc.collect(), 100,000 more in a list", {name: collected["list_ms"]})
        _note(runs, "ms: gc.collect(), 100,000 more in a list", {RAW: collected["bytes_ms"]})
    say("decoding and holding, µs of CPU an order: " + _line(runs["us: holding"]))


def _measure_one(name: str, path: Path, warm: int, runs: Runs) -> None:
    filled = answer("decode_held", "fill", name, path, warm)
    weighed = answer("decode_held", "weigh", name, path, warm)
    _note(runs, "us: holding", {name: filled["us"]})
    _note(runs, TRACKED, {name: filled["tracked"]})
    _note(runs, "ms: gc.collect(), 10,000 held", {name: filled["collect_ms"]})
    _note(runs, "held bytes", {name: weighed["bytes"]})
    if name == OURS:
        _note(runs, "held bytes", {RAW: weighed["raw_bytes"]})


def _measure_access(path: Path, rounds: int, runs: Runs, say: Say) -> None:
    for look, seconds in answer("decode_access", path, rounds).items():
        for name, figures in seconds.items():
            for figure in figures:
                _note(runs, f"ns: {look}", {name: figure * 1e9})
    say("four levels, cold, ns: " + _line(runs["ns: four levels, cold"]))


def _note(runs: Runs, metric: str, figures: Mapping[str, float]) -> None:
    for name, figure in figures.items():
        runs.setdefault(metric, {}).setdefault(name, []).append(figure)


def _line(figures: Mapping[str, Sequence[float]]) -> str:
    return ", ".join(f"{name} {statistics.median(values):,.1f}" for name, values in figures.items())
