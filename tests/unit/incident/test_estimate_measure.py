"""What is measured, on whom, and that nobody meets a document twice."""

from collections import Counter
from typing import Any

import pytest

from stream_pool.incident.estimate import measure as module
from stream_pool.incident.estimate.measure import OURS, Measured, measure

DOCUMENTS = [b'{"id":%d}' % n for n in range(50)]


class Recorder:
    """Makes decoders that note what they meet."""

    def __init__(self) -> None:
        self.met: list[tuple[str, Counter[bytes]]] = []
        self.refusing = ""

    def __call__(self, name: str) -> Any:
        counter: Counter[bytes] = Counter()
        self.met.append((name, counter))

        def decode(raw: bytes) -> None:
            if name == self.refusing:
                raise ValueError("not mine")
            counter[raw] += 1

        return decode


@pytest.fixture
def decoders(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    made = Recorder()
    monkeypatch.setattr(module, "decoder", made)
    return made


def measured(documents: list[bytes], rounds: int = 3) -> Measured:
    steps: list[tuple[int, int]] = []
    made = measure(documents, rounds=rounds, watch=lambda done, total: steps.append((done, total)))
    assert made is not None
    assert steps == [(done, steps[0][1]) for done in range(steps[0][1])]
    return made


def test_each_round_has_new_decoders_which_meet_each_document_once(decoders: Recorder) -> None:
    """A fifth of them before anything is timed; the first of each peer only tries whether it takes them."""
    made = measured(DOCUMENTS)
    assert made.documents == 40
    assert Counter(name for name, _ in decoders.met) == {"json": 4, "orjson": 4, "jiter": 4, OURS: 3}
    assert all(counter == Counter(DOCUMENTS) for _, counter in decoders.met)
    assert set(made.speed) == {"json", "orjson", "jiter"}
    assert made.costs[OURS].held_bytes is None, "too little to be weighed"


def test_a_peer_that_refuses_a_document_is_left_out(decoders: Recorder) -> None:
    """And the reason told: it would be timed on other documents than the rest."""
    decoders.refusing = "orjson"
    made = measured(DOCUMENTS)
    assert made.left_out == {"orjson": "refuses a document: not mine"}
    assert set(made.costs) == {"json", "jiter", OURS}


def test_a_peer_that_is_not_installed_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no dependency."""
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == "jiter" else name)
    made = measured(DOCUMENTS)
    assert made.left_out == {"jiter": "not installed"}
    assert made.quickest in ("json", "orjson")


def test_too_few_to_warm_up_on_are_not_measured() -> None:
    """None, and no figures that mean nothing."""
    assert measure(DOCUMENTS[:4], rounds=2, watch=lambda done, total: None) is None


def test_a_large_sample_is_held_and_weighed(monkeypatch: pytest.MonkeyPatch) -> None:
    """In processes of their own; a document may have line feeds between its tokens."""
    monkeypatch.setattr(module, "PEERS", ("orjson",))
    monkeypatch.setattr(module, "HOLDING_ROUNDS", 1)
    monkeypatch.setattr(module, "WEIGHED_BYTES_MIN", 1 << 20)
    documents = [b'{\n"id":%d,"text":"%d"}' % (n, n << 600) for n in range(8_000)]
    made = measured(documents, rounds=2)
    weights = {name: cost.held_bytes for name, cost in made.costs.items()}
    assert all(
        weight is not None and 0.5 * made.raw_bytes < weight < 20 * made.raw_bytes
        for weight in weights.values()
    )
    assert all(cost.holding_us is not None and cost.holding_us > 0 for cost in made.costs.values())
