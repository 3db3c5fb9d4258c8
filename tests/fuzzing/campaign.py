"""Plays many sequences on some cores, names what it finds, and can go on where it was stopped.

A sequence is a function of seed and number, so the state of a campaign is one number: how far all sequences
have been played. Where a process dies, its sequences are played again one by one to find the one that kills.
"""

import gc
import json
import multiprocessing
import sys
import time
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from fuzzing.comparison import Finding, Tally, play
from fuzzing.faces import Face, core, twin
from fuzzing.minimise import allow_deep_oracles, fate, minimised, snippet
from fuzzing.sequence import drawn

CHUNK: Final = 64
PROGRESS_S: Final = 10.0
FINDINGS_MAX: Final = 5
_EVERY_TWIN: Final = 20
"""One sequence of so many is played beside the twin's own decoder."""


@dataclass
class State:
    """What is kept between two runs."""

    seed: int
    next_number: int = 0
    cases: int = 0
    accepted: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    findings: list[int] = field(default_factory=list)
    seconds: float = 0.0

    @classmethod
    def of(cls, path: Path | None, seed: int) -> "State":
        """The one that was kept, or a new one. Raises `ValueError` where it is of another seed."""
        if path is None or not path.exists():
            return cls(seed)
        kept = cls(**json.loads(path.read_text()))
        if kept.seed != seed:
            raise ValueError(f"{path} is of seed {kept.seed}, not {seed}")
        return kept

    def keep(self, path: Path | None) -> None:
        if path is not None:
            path.with_suffix(".new").write_text(json.dumps(asdict(self), indent=1) + "\n")
            path.with_suffix(".new").replace(path)

    def add(self, tally: Tally) -> None:
        self.cases += tally.cases
        self.accepted += tally.accepted
        for reason, count in tally.refused.items():
            self.refused[reason] = self.refused.get(reason, 0) + count


def campaign(state: State, cases: int, *, jobs: int, path: Path | None = None, face: str = "core") -> State:
    """Plays on until so many cases are done in all, or `FINDINGS_MAX` sequences have found something."""
    began, told, before = time.monotonic(), time.monotonic(), state.seconds
    first_cases = state.cases
    waiting: deque[tuple[int, Future[tuple[Tally, list[int]]]]] = deque()
    context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(jobs, context, _prepared, (), max_tasks_per_child=None)
    ahead = state.next_number
    while state.cases < cases and len(state.findings) < FINDINGS_MAX:
        try:
            while len(waiting) < jobs * 2:
                waiting.append((ahead, executor.submit(_chunk, state.seed, ahead, face)))
                ahead += CHUNK
            first, future = waiting.popleft()
            tally, found = future.result()
        except BrokenProcessPool:
            executor.shutdown()
            first = state.next_number
            found = deaths(state.seed, range(first, first + CHUNK), face)
            tally = Tally()
            waiting.clear()
            ahead = first + CHUNK
            executor = ProcessPoolExecutor(jobs, context, _prepared, ())
        state.add(tally)
        state.findings += found
        state.next_number = first + CHUNK
        state.seconds = before + time.monotonic() - began
        state.keep(path)
        for number in found:
            print(told_in_full(state.seed, number, face), flush=True)
        if time.monotonic() - told >= PROGRESS_S:
            told = time.monotonic()
            _tell(state, cases, (state.cases - first_cases) / (told - began))
    executor.shutdown(cancel_futures=True)
    _tell(state, cases, (state.cases - first_cases) / max(time.monotonic() - began, 1e-9))
    return state


def _tell(state: State, cases: int, rate: float) -> None:
    left = max(0, cases - state.cases) / max(rate, 1e-9)
    print(
        f"{state.cases:,} of {cases:,} documents, {state.accepted / max(state.cases, 1):.0%} accepted, "
        f"{len(state.findings)} findings, {rate:,.0f}/s, {left:,.0f} s to go",
        file=sys.stderr,
        flush=True,
    )


def _prepared() -> None:
    """For a process that plays many: what is imported stays, and little of the rest is worth a look."""
    allow_deep_oracles()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


def _chunk(seed: int, first: int, face: str) -> tuple[Tally, list[int]]:
    tally = Tally()
    found = []
    for number in range(first, first + CHUNK):
        try:
            tally.add(play(drawn(seed, number), *_faces(face, number)))
        except Finding:
            found.append(number)
        except Exception as error:
            print(f"sequence {number}: {type(error).__name__}: {error}", file=sys.stderr)
            found.append(number)
    return tally, found


def deaths(seed: int, numbers: range, face: str) -> list[int]:
    """Those that find something when each has a process of its own."""
    return [number for number in numbers if fate(drawn(seed, number), *_faces(face, number))]


def told_in_full(seed: int, number: int, face: str) -> str:
    """One sequence that found something: what, and the shortest way to it."""
    faces = _faces(face, number)
    sequence = drawn(seed, number)
    what = fate(sequence, *faces)
    if not what:
        return f"seed {seed}, sequence {number}: found something, but not when played again"
    shortest = minimised(sequence, lambda candidate: bool(fate(candidate, *faces)))
    return (
        f"seed {seed}, sequence {number}: {what[:2000]}\n"
        f"shortest: {fate(shortest, *faces)[:2000]}\n{snippet(shortest)}\n"
        f"again: ./scripts/fuzz_decode --seed {seed} --sequence {number}"
    )


def _faces(face: str, number: int) -> tuple[Face, Face | None]:
    played = twin() if face == "twin" else core()
    return played, twin() if number % _EVERY_TWIN == 0 else None
