"""`stream-pool replay FILE --compare A.toml B.toml`: the same traffic twice, and whether the second is worse.

Each side is a process of its own, so that nothing of one is left when the other runs. A side may also be what
`replay --offline --json` printed elsewhere: by another build, say that of the main branch.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from stream_pool.cli.replay.options import is_result
from stream_pool.cli.table import table
from stream_pool.errors import ExitCode, MisuseError, StreamPoolError
from stream_pool.incident.comparison import Comparison, Row, Side, check_same_traffic, side_of
from stream_pool.settings import CONFIG_FILE
from stream_pool.words import UNKNOWN, count, duration, ratio, seconds, size

_WORDS = 2_000


class SideFailed(StreamPoolError):
    """One side could not be played; the message has its last words."""

    reason = "side_failed"


@dataclass(frozen=True, slots=True)
class Asked:
    """One side as it was asked for: an app under a file of settings, or a result (`.json`)."""

    app: str | None
    file: Path | None

    @property
    def name(self) -> str:
        return str(self.file or self.app)

    @property
    def is_result(self) -> bool:
        return self.file is not None and is_result(self.file)


def asked_sides(apps: Sequence[str], files: Sequence[Path]) -> tuple[Asked, Asked]:
    """The two sides of a command line: one app under two files, two apps, or two of each.

    Raises `MisuseError` where they are not two, and where an app would be that of a result.
    """
    if len(apps) > 2:
        raise MisuseError(f"two apps at most are compared, and not {len(apps)}")
    for file in files:
        if not file.is_file():
            raise MisuseError(f"{file} is no file")
    pairs = [Asked(None, file) for file in files] or [Asked(None, None)] * 2
    if len(apps) == 1:
        apps = [apps[0]] * 2
    sides = [Asked(app, side.file) for app, side in zip(apps, pairs, strict=False)] or pairs
    if len(apps) == 2 and any(side.is_result for side in sides) and apps[0] != apps[1]:
        raise MisuseError("a result has its app in it: name one app, that of the other side")
    a, b = sides
    if not files and a == b:
        raise MisuseError("--compare needs two files of settings, or two apps (-A one -A other)")
    for side in sides:
        if side.app is None and not side.is_result:
            raise MisuseError(f"{side.name} needs an app: -A topologies.orders, or another module")
    return a, b


def played(
    capture: Path, a: Asked, b: Asked, options: Sequence[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What came of both, as `replay --offline --json` tells it.

    They run side by side. Raises `MisuseError` for a result that is none, `SideFailed`.
    """
    with ExitStack() as closing:
        running = [
            None if side.is_result else closing.enter_context(_Child(capture, side, options))
            for side in (a, b)
        ]
        results = [
            _read(side) if child is None else child.result()
            for side, child in zip((a, b), running, strict=True)
        ]
    return results[0], results[1]


def sides(a: Asked, b: Asked, told: Sequence[dict[str, Any]]) -> tuple[Side, Side]:
    """The sides, to be compared. Raises `MisuseError` where they are not of the same traffic, or of none."""
    made = [side_of(asked.name, result) for asked, result in zip((a, b), told, strict=True)]
    check_same_traffic(*made)
    return made[0], made[1]


class _Child:
    """One side's process. Its words are kept for the case that it fails."""

    def __init__(self, capture: Path, side: Asked, options: Sequence[str]) -> None:
        self._side = side
        command = [sys.executable, "-m", "stream_pool.cli.main", "replay", str(capture)]
        command += ["--offline", "--json", "-A", side.app or "", *options]
        environment = dict(os.environ)
        if side.file is not None:
            environment.pop(CONFIG_FILE, None)
            command += ["--config", str(side.file)]
        with ExitStack() as opened:
            self._out: IO[bytes] = opened.enter_context(tempfile.TemporaryFile())
            self._words: IO[bytes] = opened.enter_context(tempfile.TemporaryFile())
            self._process = subprocess.Popen(
                command, stdout=self._out, stderr=self._words, env=environment, stdin=subprocess.DEVNULL
            )
            self._opened = opened.pop_all()

    def __enter__(self) -> "_Child":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._opened.close()

    def result(self) -> dict[str, Any]:
        """Wait for its end. Raises `SideFailed`."""
        code = self._process.wait()
        self._out.seek(0)
        printed = self._out.read()
        try:
            told: dict[str, Any] = json.loads(printed)
        except ValueError as error:
            self._words.seek(0)
            last = (self._words.read()[-_WORDS:], printed[-_WORDS:])
            words = "\n".join(filter(None, (each.decode(errors="replace").strip() for each in last)))
            failed = SideFailed(f"{self._side.name}: exit code {code}: {words}")
            failed.exit_code = ExitCode(code) if code in set(ExitCode) and code else ExitCode.FINDING
            raise failed from error
        return told


def _read(side: Asked) -> dict[str, Any]:
    assert side.file is not None, "a result is a file"
    try:
        told: Any = json.loads(side.file.read_bytes())
    except (OSError, ValueError) as error:
        raise MisuseError(f"{side.file} is no result of replay --offline --json: {error}") from error
    if not isinstance(told, dict):
        raise MisuseError(f"{side.file} is no result of replay --offline --json")
    return told


def to_json(compared: Comparison, told: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The object that `--json` prints."""
    return {
        "a": {"name": compared.a.name, **told[0]},
        "b": {"name": compared.b.name, **told[1]},
        "measures": [asdict(row) for row in compared.rows],
        "outcomes": [{"outcome": name, "a": a, "b": b} for name, a, b in compared.outcomes],
        "anomalies": [asdict(row) for row in compared.anomalies],
        "worse": compared.worse,
        "proves": compared.proves,
    }


def to_text(compared: Comparison, told: Sequence[dict[str, Any]]) -> str:
    """The page that the command prints."""
    a, b = compared.a.name, compared.b.name
    measures: list[tuple[str, ...]] = [
        (_WORDS_OF[row.measure], _value(row, row.a), _value(row, row.b), _standing(row))
        for row in compared.rows
    ]
    peaks = [size(result.get("process_peak_bytes")) for result in told]
    measures.append(("process, measured: not judged", *peaks, ""))
    outcomes = [(name, f"{one:,}", f"{other:,}") for name, one, other in compared.outcomes]
    anomalies = [
        (
            f"{row.rule} of {row.subject}",
            _opened(row.a_count, row.a_opened_s),
            _opened(row.b_count, row.b_opened_s),
        )
        for row in compared.anomalies
    ]
    verdict = f"{b} is not worse than {a}"
    if compared.worse:
        verdict = f"{b} is worse by {', '.join(compared.worse)}"
    if not compared.proves:
        verdict = "on neither side did a worker come to the end with something finished: this proves nothing"
    parts = [table(("measure", a, b, ""), measures), table(("outcome", a, b), outcomes)]
    parts.append(table(("anomaly, first opened", a, b), anomalies) if anomalies else "no anomalies")
    if troubles := [
        line for name, result in zip((a, b), told, strict=True) for line in _troubles(name, result)
    ]:
        parts.append("\n".join(troubles))
    return "\n\n".join([*parts, verdict])


def _troubles(name: str, told: dict[str, Any]) -> Iterator[str]:
    """Why a side is not all that it was to be."""
    for fault in told["faults"]:
        yield f"{name}: {fault['worker']} stopped: {fault['reason']}: {fault['message']}"
    if (damage := told.get("damage")) is not None:
        yield f"{name}: the capture is damaged, line {damage['line']}: {damage['problem']}"


_WORDS_OF = {
    "stopped": "workers that stopped",
    "unread": "records that nobody finished",
    "errors": "records that could not be done",
    "anomalies": "anomalies",
    "p1": "anomalies of severity P1",
    "lag": "lag at its peak, records",
    "drain": "drained after",
    "latency": "P99 from poll to done",
    "pool": "pool hits",
    "memory": "pool, strings at their peak",
}


def _value(row: Row, value: float | None) -> str:
    if value is None:
        return "never" if row.measure == "drain" else UNKNOWN
    match row.measure:
        case "drain":
            return duration(value)
        case "latency":
            return seconds(value)
        case "pool":
            return ratio(value)
        case "memory":
            return size(value)
    return count(value)


def _standing(row: Row) -> str:
    return "" if row.standing in ("same", "unknown") else row.standing


def _opened(times: int, opened_s: float | None) -> str:
    if not times:
        return UNKNOWN
    return duration(opened_s) + (f" ({times} x)" if times > 1 else "")
