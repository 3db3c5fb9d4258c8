"""The fuzz finds faults: each of `MUTATIONS` is put into the production code, and is caught.

How many seeds it takes stands in `simulation/mutations.py`; `scripts/fuzz --mutations` counts them anew.
"""

import pytest

from simulation.mutations import CAP, MUTATIONS, Mutation, first_seed


@pytest.mark.parametrize("mutation", MUTATIONS, ids=[each.name for each in MUTATIONS])
def test_mutation_is_caught(mutation: Mutation) -> None:
    """By the seed that is known to catch it, or by another one: the test says which."""
    found = mutation.is_caught(mutation.seed)
    seed: int | None = mutation.seed
    if found is None:
        seed, found = first_seed(mutation, CAP)
        assert seed is not None, f"{mutation.name}: not caught by {CAP} seeds"
    print(f"{mutation.name}: caught by seed {seed}: {found}")
