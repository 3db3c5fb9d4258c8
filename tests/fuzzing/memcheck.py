"""Decodes a little under valgrind, and tells what memcheck says of the core.

Python itself is not silent under memcheck; what counts is an error with a frame of the core in its stack. To
be run by hand before a release: it takes some minutes, and valgrind.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

_CORE: Final = "_native."
_KINDS_PASSED: Final = {"Leak_StillReachable", "Leak_IndirectlyLost", "Leak_PossiblyLost"}
"""What a process still holds when it ends is no leak: types, caches, the pool of the process."""
_SEQUENCES: Final = 25
_CHURNED: Final = 3000
_MAKES_TYPES = "create_type_object"
"""What PyO3 allocates for a class stays as long as the class, which is for ever."""


def run() -> int:
    """For the command line."""
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        print("valgrind is not installed", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as directory:
        report = Path(directory) / "memcheck.xml"
        ended = subprocess.run(
            [
                valgrind,
                "--tool=memcheck",
                "--leak-check=full",
                "--num-callers=40",
                "--error-limit=no",
                "--xml=yes",
                f"--xml-file={report}",
                sys.executable,
                "-m",
                "fuzzing.memcheck",
            ],
            env={**os.environ, "PYTHONMALLOC": "malloc"},
            check=False,
        )
        found, passed = errors(report)
    for error in found:
        print(error)
    print(
        f"memcheck: {len(found)} errors in the core, {passed} elsewhere; the exit code is {ended.returncode}"
    )
    return int(bool(found) or ended.returncode != 0)


def errors(report: Path) -> tuple[list[str], int]:
    """The errors with a frame of the core, as text, and the number of the others."""
    found, passed = [], 0
    for error in ElementTree.parse(report).getroot().iter("error"):
        stacks = error.findall("stack")
        is_ours = any(_CORE in (obj.text or "") for stack in stacks for obj in stack.iter("obj"))
        is_ours &= not any(_MAKES_TYPES in (fn.text or "") for stack in stacks for fn in stack.iter("fn"))
        kind = error.findtext("kind", "")
        if is_ours and kind not in _KINDS_PASSED:
            what = error.findtext("what") or error.findtext("xwhat/text") or ""
            found.append("\n".join([f"{kind}: {what}", *(_frame(frame) for frame in error.iter("frame"))]))
        else:
            passed += 1
    return found, passed


def _frame(frame: ElementTree.Element) -> str:
    place = frame.findtext("file", Path(frame.findtext("obj", "")).name)
    return f"    {frame.findtext('fn', '?')} ({place}:{frame.findtext('line', '?')})"


def _little() -> None:
    """What is decoded under valgrind: sequences beside the twin, then every way of using a document."""
    from fuzzing import faces, leaks
    from fuzzing.comparison import play
    from fuzzing.minimise import allow_deep_oracles
    from fuzzing.sequence import drawn

    allow_deep_oracles()
    for number in range(_SEQUENCES):
        play(drawn(7, number), faces.core(), faces.twin() if number % 5 == 0 else None)
        print(f"sequence {number + 1} of {_SEQUENCES}", file=sys.stderr, flush=True)
    churn = leaks.Churn(faces.core())
    churn.go_on(_CHURNED)


if __name__ == "__main__":
    _little()
