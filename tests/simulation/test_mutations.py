"""The fuzz finds faults: each of `MUTATIONS` is put into the production code, and is caught.

How many seeds it takes stands in `simulation/mutations.py`; `scripts/fuzz --mutations` counts them anew.
"""

from collections.abc import Callable

import pytest

from simulation.mutations import CAP, MUTATIONS, Mutation, first_seed


@pytest.mark.parametrize("mutation", MUTATIONS, ids=[each.name for each in MUTATIONS])
def test_mutation_is_caught(mutation: Mutation, record_property: Callable[[str, object], None]) -> None:
    """By the seed that is known to catch it, or by another one: the test says which."""
    found = mutation.is_caught(mutation.seed)
    seed: int | None = mutation.seed
    if found is None:
        seed, found = first_seed(mutation, CAP)
        assert seed is not None, f"{mutation.name}: not caught by {CAP} seeds"
    record_property("seeds", seed + 1)
    print(f"{mutation.name}: {seed + 1} seeds from 0 until {found}")
