"""The bench of the decoder: who takes part, what is judged, and that it comes to its end."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from stream_pool.bench import decode, decode_candidates, decode_held
from stream_pool.bench.corpus import read_corpus
from stream_pool.bench.decode_bars import (
    COLLECTION,
    DECODING,
    NO_ECHO,
    OURS,
    RAW,
    TRACKED,
    USING,
    decode_report,
)
from stream_pool.documents import NATIVE, NATIVE_REASON
from stream_pool.errors import MisuseError

needs_core = pytest.mark.skipif(not NATIVE, reason=f"no compiled core: {NATIVE_REASON}")

MUST = {
    "orders, result dropped: orjson's time, of ours": ">= 2.5",
    "orders, 10,000 held: orjson's time, of ours": ">= 8",
    "5 % of scalars absent: orjson's time, of ours": ">= 1.9",
    "20 % of scalars absent: orjson's time, of ours": ">= 1.4",
    "held bytes, echo off: of the raw JSON": "<= 1.1",
    "held bytes, echo on: of the raw JSON": "<= 1",
    "objects that the collector tracks, 10,000 held": "<= 0",
    "ms of gc.collect() more, 100,000 held": "<= 2",
    "four levels, hot: of dict's time": "<= 1.2",
    "in, hot: of dict's time": "<= 1.2",
    "get, hot: of dict's time": "<= 1.2",
    "four levels, cold: of dict's time": "<= 0.5",
    "in, cold: of dict's time": "<= 0.5",
    "get, cold: of dict's time": "<= 0.5",
    "dumps: orjson's time, of ours": ">= 0.7",
    "to_dict: orjson.loads' time, of ours": ">= 1",
}


def runs(**changes: dict[str, list[float]]) -> dict[str, dict[str, list[float]]]:
    """Two rounds in which every bar is just met; `changes` replaces the figures of some metrics."""
    figures: dict[str, dict[str, list[float]]] = {}
    for wanted in (*DECODING, *USING):
        metric = figures.setdefault(wanted.metric, {})
        metric.setdefault(wanted.other, [3.0, 6.0])
        just = wanted.limit * (0.999 if wanted.sense == "<=" else 1.001)
        metric[wanted.one] = [just * figure for figure in metric[wanted.other]]
    figures[TRACKED] = {OURS: [0, 0], NO_ECHO: [0, 0]}
    figures[COLLECTION] = {OURS: [1.0, 2.0], NO_ECHO: [-0.1, 2.0]}
    return figures | changes


def test_the_rows_are_those_that_must_be_reached() -> None:
    """Every figure, with what it must be; figures that just meet it do."""
    report = decode_report({}, ["plain"], runs())
    assert {bar.name: bar.must for bar in report.bars} == MUST
    assert report.holds


def test_a_ratio_pairs_the_rounds() -> None:
    """The second round was twice as slow for both: the interval does not know."""
    report = decode_report({}, ["plain"], runs())
    bar = report.bars[0].measured
    assert (bar.value, bar.low, bar.high) == pytest.approx((2.5025, 2.5025, 2.5025))
    assert report.ratios["orjson / stream_pool, plain"].value == pytest.approx(2.5025)
    assert report.candidates[OURS]["us: plain"] == 4.5


@pytest.mark.parametrize("name", [OURS, NO_ECHO])
def test_one_tracked_object_in_one_round_is_too_many(name: str) -> None:
    """With echo or without."""
    counts = {OURS: [0.0, 0.0], NO_ECHO: [0.0, 0.0]} | {name: [0.0, 1.0]}
    report = decode_report({}, ["plain"], runs(**{TRACKED: counts}))
    assert [bar.name for bar in report.bars if not bar.holds] == [
        "objects that the collector tracks, 10,000 held"
    ]


@pytest.mark.parametrize("name", decode_candidates.candidates())
def test_every_candidate_decodes_an_order_to_the_same(name: str) -> None:
    """What is compared does the same work."""
    raw = read_corpus("plain", scale=0.001).documents[1]
    decoded = decode_candidates.decoder(name)(raw)
    assert (decoded if isinstance(decoded, dict) else decoded.to_dict()) == json.loads(raw)


def test_a_peer_that_is_not_installed_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others stay, in their order."""
    everybody = decode_candidates.candidates()
    found = importlib.util.find_spec
    monkeypatch.setattr(decode_candidates, "find_spec", lambda name: None if name == "jiter" else found(name))
    assert "jiter" in decode_candidates.missing_peers()
    assert decode_candidates.candidates() == [name for name in everybody if name != "jiter"]


@pytest.mark.parametrize(("name", "tracks"), [("orjson", True), pytest.param(OURS, False, marks=needs_core)])
def test_what_the_collector_tracks_is_counted(tmp_path: Path, name: str, tracks: bool) -> None:
    """Dicts are, records are not."""
    orders = read_corpus("plain", scale=0.05).documents
    path = tmp_path / "orders"
    path.write_bytes(b"".join(order + b"\n" for order in orders))
    filled = decode_held.answer("fill", name, path, warm=10)
    assert (filled["tracked"] >= 20 * (len(orders) - 10)) is tracks
    assert (filled["tracked"] == 0) is not tracks


def test_without_the_core_there_is_nothing_to_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says why the twin serves, and ends as misuse does."""
    monkeypatch.setattr(decode, "NATIVE", False)
    monkeypatch.setattr(decode, "NATIVE_REASON", "it was not built")
    with pytest.raises(MisuseError, match="the twin serves: it was not built"):
        decode.bench_decode(rounds=2, say=print)


@needs_core
def test_it_comes_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a little of each corpus, in few processes: every row is there, and so is every candidate."""
    monkeypatch.setattr(decode, "ROUNDS", {})
    monkeypatch.setattr(decode, "OTHER_ROUNDS", 0)
    monkeypatch.setattr(decode, "missing_peers", lambda: ["jiter"])
    said: list[str] = []
    report = decode.bench_decode(rounds=2, say=said.append, scale=0.04)
    told: dict[str, Any] = json.loads(json.dumps(report.to_json()))
    assert [bar["name"] for bar in told["bars"]] == list(MUST)
    assert set(told["candidates"]) == {*decode_candidates.candidates(), RAW}
    assert told["environment"]["left_out"] == "jiter"
    assert told["environment"]["corpus held"].startswith("480 documents of ")
    assert said[0] == "left out, since the extra `bench` is not installed: jiter"
