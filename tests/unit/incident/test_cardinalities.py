"""Holds the tables of `docs/generator.md` to the truth."""

import json
import math
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from stream_pool.incident import REASONS, OrderGenerator

ORDERS = 4_000
PAGE = (Path(__file__).parents[3] / "docs" / "generator.md").read_text(encoding="utf-8")


def table(heading: str) -> list[list[str]]:
    """Rows of the first table under a heading, without its header, as cells without back quotes."""
    section = PAGE.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip().strip("`") for cell in row.strip("|").split("|")] for row in rows]


class Census:
    """Counts what a sequence of documents repeats."""

    def __init__(self, depth: int) -> None:
        self.bytes = self.members = 0
        self.keys: set[str] = set()
        self.layouts: set[tuple[str, ...]] = set()
        self.roots: Counter[tuple[str, ...]] = Counter()
        self.values: defaultdict[str, Counter[Any]] = defaultdict(Counter)
        generator = OrderGenerator(seed=0)
        for _ in range(ORDERS):
            raw = generator.order(depth).value
            document = json.loads(raw)
            self.bytes += len(raw)
            self.roots[tuple(document)] += 1
            self._walk(document, "")

    def _walk(self, value: Any, path: str) -> None:
        if isinstance(value, dict):
            self.members += len(value)
            self.keys.update(value)
            self.layouts.add(tuple(value))
            for key, inner in value.items():
                self._walk(inner, f"{path}.{key}" if path else key)
        elif isinstance(value, list):
            for inner in value:
                self._walk(inner, f"{path}[]")
        else:
            self.values[path][value] += 1

    def at(self, field: str) -> Counter[Any]:
        """Values of a field; one that starts with … is found by how its path ends."""
        if not field.startswith("…"):
            return self.values[field]
        (path,) = (path for path in self.values if path.endswith("." + field[1:]))
        return self.values[path]

    @property
    def entropy_bits(self) -> float:
        return -sum(n / ORDERS * math.log2(n / ORDERS) for n in self.roots.values())


@pytest.fixture(scope="module", params=[6, 17])
def census(request: pytest.FixtureRequest) -> tuple[int, Census]:
    return request.param, Census(request.param)


@pytest.fixture(scope="module")
def deep() -> Census:
    return Census(17)


def test_an_order_measures_what_the_page_says(census: tuple[int, Census]) -> None:
    """Counts exactly, means within 1 %, entropy within 0.05 bits and below the adviser's threshold."""
    depth, counted = census
    said = {row[0]: float(row[1 if depth == 6 else 2]) for row in table("An order")}
    assert said["bytes, mean"] == pytest.approx(counted.bytes / ORDERS, rel=0.01)
    assert said["members of objects (key lookups), mean"] == pytest.approx(counted.members / ORDERS, rel=0.01)
    assert said["distinct keys"] == len(counted.keys)
    assert said["object layouts"] == len(counted.layouts)
    assert said["root layouts"] == len(counted.roots)
    assert said["entropy of root layouts, bits"] == pytest.approx(counted.entropy_bits, abs=0.05)
    assert 0 < counted.entropy_bits < 2.1


@pytest.mark.parametrize(("field", "values"), table("Values that repeat"))
def test_values_that_repeat_come_from_a_closed_set(deep: Census, field: str, values: str) -> None:
    """Small sets are met in full; large ones are never exceeded and repeat within the count."""
    seen, size = deep.at(field), int(values)
    assert sum(seen.values()) > len(seen)
    if size <= 64:
        assert len(seen) == size
    else:
        assert size / 10 < len(seen) <= size


@pytest.mark.parametrize("field", ["customer.id", "items[].sku"])
def test_half_of_the_orders_come_from_a_fifth(deep: Census, field: str) -> None:
    """The product of two uniform numbers is below 1/5 with probability 0.2 (1 - ln 0.2) = 0.52."""
    seen = deep.at(field)
    size = {row[0]: int(row[1]) for row in table("Values that repeat")}[field]
    frequent = sum(count for value, count in seen.items() if int(value.split("-")[-1]) < size / 5)
    assert frequent / sum(seen.values()) == pytest.approx(0.52, abs=0.03)


@pytest.mark.parametrize("field", [row[0] for row in table("Values that do not repeat")])
def test_values_that_do_not_repeat_never_do(deep: Census, field: str) -> None:
    """As many values as times met."""
    seen = deep.at(field)
    assert len(seen) == sum(seen.values()) == ORDERS


def test_every_string_field_is_in_a_table(deep: Census) -> None:
    """Nothing new slips in uncounted; times and addresses are spoken for in words."""
    named = {row[0] for row in table("Values that repeat") + table("Values that do not repeat")}
    uncounted = re.compile(r"At$|addresses\.|postcode|last4")
    for path, seen in deep.values.items():
        if isinstance(next(iter(seen)), str) and not uncounted.search(path):
            assert any(path == name or path.endswith("." + name.lstrip("…")) for name in named), path


def test_the_page_names_every_poison_and_its_reason() -> None:
    """Kinds in the order in which a scenario uses them."""
    assert {row[0]: row[2] for row in table("Poison")} == REASONS
    assert [row[0] for row in table("Poison")] == list(REASONS)
