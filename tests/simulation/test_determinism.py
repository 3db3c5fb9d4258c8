"""The same seed gives the same log, to the byte, in every process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

DIGEST = """
import hashlib, sys
from simulation.fuzz import play
for seed in (int(word) for word in sys.argv[2:]):
    outcome = play(seed, faust=sys.argv[1] == "faust")
    print(seed, len(outcome.log), hashlib.sha256(repr(outcome.log).encode()).hexdigest())
"""


@pytest.mark.parametrize("host", ["thin", "faust"])
def test_same_seed_writes_same_log_whatever_the_hash_seed(host: str) -> None:
    """2.8: three processes with three seeds of `hash` write the same events at the same times."""
    seeds = ["1", "4", "17", "31"]
    logs = [
        subprocess.run(
            [sys.executable, "-c", DIGEST, host, *seeds],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(TESTS)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2", "77")
    ]
    assert len(logs[0].splitlines()) == len(seeds)
    assert logs[0] == logs[1] == logs[2]
