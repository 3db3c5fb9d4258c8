"""Random schedules of faults against the production app: whatever goes wrong, what must hold holds.

`scripts/fuzz` plays more of them, and one of them with everything that happened in it.
"""

import multiprocessing
import os
from collections.abc import Iterator
from multiprocessing.pool import Pool

import pytest

from simulation.fuzz import CHUNK, collect_less, failures

pytestmark = pytest.mark.xdist_group("every core")  # its own processes take all of them

SEEDS = 500
PART = 100


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with multiprocessing.get_context("spawn").Pool(os.cpu_count(), collect_less) as pool:
        yield pool


@pytest.mark.parametrize("first", range(0, SEEDS, PART))
def test_every_seed_keeps_every_rule(first: int, pool: Pool) -> None:
    """2.1 to 2.8: no record lost, no anomaly missing or without cause, repeats identical, losses told."""
    chunks = [range(start, start + CHUNK) for start in range(first, first + PART, CHUNK)]
    found = [problem for problems in pool.imap_unordered(failures, chunks) for problem in problems]
    assert not found, "\n\n".join(found)


def test_seed_of_the_whole_faust_app_keeps_every_rule(pool: Pool) -> None:
    """The plain loop around the agents hides nothing: Faust's own app, streams and supervisors do as well."""
    chunks = [(range(start, start + 5),) for start in range(0, 50, 5)]
    found = [problem for problems in pool.starmap(_failures_of_faust, chunks) for problem in problems]
    assert not found, "\n\n".join(found)


def _failures_of_faust(seeds: range) -> list[str]:
    return failures(seeds, faust=True)
