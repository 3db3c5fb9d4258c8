"""A sequence that finds something, made as short as can be, and told so that it can be repeated by hand.

Each try is played in a process of its own, because what is looked for may be a crash.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from fuzzing.comparison import Finding, play
from fuzzing.faces import Face
from fuzzing.sequence import Decode, Sequence, Settings, Step
from stream_pool.documents.limits import Limits

_TRY_S: Final = 20

Fails = Callable[[Sequence], bool]


def fate(sequence: Sequence, face: Face, beside: Face | None) -> str:
    """What comes of playing it: nothing (an empty string), what was found, or the signal that ended it."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _play_and_exit(sequence, face, beside, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode("utf-8", "replace")
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        return f"ended by {signal.Signals(-code).name}"
    return said if code else ""


def _play_and_exit(sequence: Sequence, face: Face, beside: Face | None, writing: int) -> None:
    signal.alarm(_TRY_S)
    allow_deep_oracles()
    code = 1
    try:
        play(sequence, face, beside)
        code = 0
    except Finding as finding:
        os.write(writing, str(finding)[:60_000].encode("utf-8", "replace"))
    except BaseException as error:
        os.write(writing, f"{type(error).__name__}: {error}"[:60_000].encode("utf-8", "replace"))
    finally:
        os._exit(code)


def minimised(sequence: Sequence, fails: Fails, budget_s: float = 60.0) -> Sequence:
    """The shortest that still fails, as far as it is found within the time."""
    end = time.monotonic() + budget_s

    def still_fails(candidate: Sequence) -> bool:
        return time.monotonic() < end and fails(candidate)

    steps = _fewer(list(sequence.steps), lambda fewer: still_fails(replace(sequence, steps=tuple(fewer))))
    for at in reversed(range(len(steps))):
        steps = _shorter(steps, at, lambda shorter: still_fails(replace(sequence, steps=tuple(shorter))))
    return replace(sequence, steps=tuple(steps))


def _fewer(steps: list[Step], fails: Callable[[list[Step]], bool]) -> list[Step]:
    """Leaves out ever smaller runs of steps."""
    size = max(1, len(steps) // 2)
    while True:
        at = 0
        while at < len(steps):
            candidate = steps[:at] + steps[at + size :]
            if candidate and fails(candidate):
                steps = candidate
            else:
                at += size
        if size == 1:
            return steps
        size //= 2


def _shorter(steps: list[Step], at: int, fails: Callable[[list[Step]], bool]) -> list[Step]:
    """Leaves out ever smaller runs of the bytes of one step."""
    step = steps[at]
    if not isinstance(step, Decode) or not isinstance(step.raw, bytes):
        return steps
    raw = step.raw
    size = max(1, len(raw) // 2)
    while size:
        first = 0
        while first < len(raw):
            candidate = raw[:first] + raw[first + size :]
            if fails([*steps[:at], Decode(step.decoder, candidate), *steps[at + 1 :]]):
                raw = candidate
            else:
                first += size
        size //= 2
    return [*steps[:at], Decode(step.decoder, raw), *steps[at + 1 :]]


def snippet(sequence: Sequence) -> str:
    """Python that repeats it, and prints every outcome."""
    lines = [
        "from stream_pool import Limits",
        "from stream_pool._native import Decoder, Pool",
        f"pool = Pool({sequence.capacity}, bytes_max={sequence.bytes_max}, seed={sequence.pool_seed})",
        f"decoders = [{', '.join(map(_decoder, sequence.decoders))}]",
        "def decode(decoder, raw):",
        "    try: print(decoders[decoder].decode(raw))",
        "    except ValueError as error: print(repr(error))",
    ]
    for step in sequence.steps:
        if isinstance(step, Decode):
            lines.append(f"decode({step.decoder}, {_literal(step.raw)})")
        else:
            lines.append(f"print(pool.{step.what}({step.argument!r}))")
    lines.append("print(pool.stats())")
    return "\n".join(lines)


def _decoder(settings: Settings) -> str:
    limits = "None" if settings.limits == Limits() else repr(settings.limits)
    return f"Decoder(pool, {limits}, {settings.duplicate_keys!r}, {settings.echo})"


def _literal(raw: bytes | bytearray | memoryview | str) -> str:
    return f"memoryview({bytes(raw)!r})" if isinstance(raw, memoryview) else repr(raw)


def allow_deep_oracles() -> None:
    """The standard library recurses a level each, down to the 1,100 of a document that is to be refused."""
    sys.setrecursionlimit(20_000)
