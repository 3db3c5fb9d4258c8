"""The documents that decoders are compared on are always the same, and are what the page says."""

import json
from pathlib import Path

import pytest

from stream_pool.bench.corpus import RECIPES, Corpus, CorpusDiffers, Recipe, census, read_corpus

PAGE = (Path(__file__).parents[3] / "docs" / "generator.md").read_text(encoding="utf-8")


def table() -> dict[str, list[int]]:
    """The page's table of the corpora: figures by name."""
    section = PAGE.split("## The corpora of the bench\n", 1)[1].split("\n## ", 1)[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| `")]
    return {name.strip(" `"): [int(cell) for cell in cells] for name, *cells in rows}


def test_the_page_has_a_row_for_every_corpus() -> None:
    """In the order in which they are measured."""
    assert list(table()) == list(RECIPES)


@pytest.mark.parametrize("name", RECIPES)
def test_a_corpus_has_its_digest_and_is_what_the_page_says(name: str) -> None:
    """Read in full, which checks the digest; means are rounded."""
    counted = census(read_corpus(name))
    assert table()[name] == [
        counted.documents,
        round(counted.bytes_a_document),
        round(counted.members_a_document),
        counted.keys,
        counted.layouts,
    ]


def test_another_digest_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures of other documents would be compared with those that are published."""
    recipe = RECIPES["plain"]
    monkeypatch.setitem(RECIPES, "plain", Recipe(recipe.make, 3, recipe.sha256))
    with pytest.raises(CorpusDiffers, match="corpus plain has the digest"):
        read_corpus("plain")


def test_a_document_more_or_a_byte_moved_is_another_digest() -> None:
    """The border between two documents counts."""
    digests = {Corpus("x", documents).sha256 for documents in [(b"1", b"2"), (b"12",), (b"1", b"2", b"")]}
    assert len(digests) == 3


def test_absent_members_are_scalars() -> None:
    """The containers all stay: an order without members still has its 17 levels."""
    whole, thinned = (read_corpus(name, scale=0.02) for name in ("plain", "20 % absent"))
    for one, other in zip(whole.documents, thinned.documents, strict=True):
        one_containers, other_containers = _containers(json.loads(one)), _containers(json.loads(other))
        assert one_containers == other_containers


def _containers(value: object) -> object:
    if isinstance(value, dict):
        return {key: _containers(inner) for key, inner in value.items() if isinstance(inner, dict | list)}
    return [_containers(inner) for inner in value] if isinstance(value, list) else None
