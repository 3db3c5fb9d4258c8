"""Plays many schedules, on all cores, and names the seeds that found something.

    python -m simulation.fuzz --seeds 20000 [--from 0] [--jobs 2] [--faust]
    python -m simulation.fuzz --seed 17          # one of them, with everything that happened in it
    python -m simulation.fuzz --mutations        # how many seeds it takes to catch each mutation

Run from the repository's root with `tests` on the path: `scripts/fuzz` does. Ends with 1 where a schedule
found something, or a mutation was not caught.
"""

import argparse
import gc
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator

from simulation.schedule import Schedule
from simulation.trial import Outcome, try_schedule

CHUNK = 10
PROGRESS_S = 5.0


def play(seed: int, *, faust: bool = False, keep_trace: bool = False) -> Outcome:
    """The outcome of one seed; what the machinery itself raises is told with its seed."""
    try:
        return try_schedule(Schedule.random(seed), faust=faust, keep_trace=keep_trace)
    except Exception as error:
        raise RuntimeError(f"seed {seed} could not be played: {error!r}") from error


def failures(seeds: range, *, faust: bool = False) -> list[str]:
    """What is to be said of those seeds that found something."""
    return [str(outcome) for seed in seeds if (outcome := play(seed, faust=faust)).violations]


def collect_less() -> None:
    """For a process that plays many: what is imported stays, and a world ends before it is worth a look."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _chunk(task: tuple[int, int, bool]) -> tuple[int, list[str]]:
    first, stop, faust = task
    return stop - first, failures(range(first, stop), faust=faust)


def fuzz(first: int, count: int, *, jobs: int, faust: bool = False) -> int:
    """Play seeds from `first` on, with progress; the number of those that found something."""
    tasks = [
        (start, min(start + CHUNK, first + count), faust) for start in range(first, first + count, CHUNK)
    ]
    done = failed = 0
    began = told = time.monotonic()
    for played, found in _in_parallel(tasks, jobs):
        done += played
        failed += len(found)
        for problem in found:
            print(problem, flush=True)
        now = time.monotonic()
        if now - told >= PROGRESS_S or done == count:
            told = now
            rate = done / max(now - began, 1e-9)
            print(
                f"{done:,} of {count:,} schedules, {failed} found something, {rate:.1f}/s, "
                f"{(count - done) / rate:,.0f} s to go",
                flush=True,
            )
    return failed


def _in_parallel(tasks: list[tuple[int, int, bool]], jobs: int) -> Iterator[tuple[int, list[str]]]:
    if jobs == 1:
        yield from map(_chunk, tasks)
        return
    # Children are made anew now and then: Faust keeps a little of every app for ever.
    with multiprocessing.get_context("spawn").Pool(jobs, collect_less, maxtasksperchild=20) as pool:
        yield from pool.imap_unordered(_chunk, tasks)


def main() -> int:
    """What the command line asks for; the exit code."""
    parser = argparse.ArgumentParser(prog="fuzz", description="Play random schedules of faults.")
    parser.add_argument("--seeds", type=int, default=500, help="how many")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--seed", type=int, help="one seed, with its trace")
    parser.add_argument("--faust", action="store_true", help="the whole Faust app instead of its parts")
    parser.add_argument("--mutations", action="store_true", help="seeds until each mutation is caught")
    parser.add_argument("--only", default="", help="mutations whose name has this in it")
    asked = parser.parse_args()
    if asked.seed is not None:
        outcome = play(asked.seed, faust=asked.faust, keep_trace=True)
        print(*outcome.trace, outcome, f"{outcome.lives} lives, {outcome.verified}", sep="\n")
        return int(bool(outcome.violations))
    if asked.mutations:
        from simulation.mutations import search

        return search(asked.seeds, jobs=asked.jobs, only=asked.only)
    return int(fuzz(asked.first, asked.seeds, jobs=asked.jobs, faust=asked.faust) > 0)


if __name__ == "__main__":
    sys.exit(main())
