"""Which implementation serves, and what is said of it."""

import pickle
import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import structlog
from support.implementations import core, twin

from stream_pool.documents import NATIVE, NATIVE_REASON, Decoder, Document
from stream_pool.pool._implementation import ASKED_FOR, obstacle
from stream_pool.stream import app

CORE = "stream_pool._native"
RAW = b'{"order":{"id":7,"items":[1,2,{"sku":"a"}]},"total":1.5}'


def run(program: str, **environment: str) -> str:
    """What a new interpreter prints, with every warning an error."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


VALUES: list[tuple[str, str, bool]] = [
    ("1 one", "1", True),
    ("2 true", "true", True),
    ("3 yes, in any case of letters", " Yes ", True),
    ("4 on", "ON", True),
    ("5 empty", "", False),
    ("6 zero", "0", False),
    ("7 false", "false", False),
    ("8 anything else", "perhaps", False),
]


@pytest.mark.parametrize(("value", "asks"), [case[1:] for case in VALUES], ids=[case[0] for case in VALUES])
def test_what_asks_for_the_twin(value: str, asks: bool) -> None:
    """A plain yes does; all else is as if the variable were not there."""
    assert obstacle({"STREAM_POOL_PURE": value}) == (ASKED_FOR if asks else obstacle({}))


def test_the_names_in_use_are_of_one_implementation() -> None:
    """The core's where there is no reason against it."""
    assert NATIVE is (NATIVE_REASON == "")
    assert type(Decoder().decode(RAW)) is Document
    assert (Document.__module__ == CORE) is NATIVE


def test_a_core_that_was_not_built(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is not there, or not for this interpreter's ABI, is looked for once and said to be missing."""
    monkeypatch.setitem(sys.modules, CORE, None)  # type: ignore[arg-type]  # the import system's own mark
    assert "built for this interpreter" in obstacle({})


def test_a_core_of_other_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that lacks a name is not used."""
    monkeypatch.setitem(sys.modules, CORE, ModuleType(CORE))
    assert "other sources" in obstacle({})


@pytest.mark.parametrize(
    ("error", "said"),
    [
        pytest.param(ImportError("another ABI"), "another ABI", id="1 it is refused"),
        pytest.param(ModuleNotFoundError("no x", name="x"), "no x", id="2 it misses another module"),
    ],
)
def test_a_core_that_cannot_be_imported(
    error: ImportError, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin serves, and repeats what the import said."""

    class Refusing:
        def find_spec(self, name: str, *_: Any) -> ModuleSpec | None:
            if name == CORE:
                raise error
            return None

    monkeypatch.delitem(sys.modules, CORE, raising=False)
    monkeypatch.setattr(sys, "meta_path", [Refusing(), *sys.meta_path])
    assert obstacle({}) == f"it cannot be imported: {said}"


def test_a_free_threaded_interpreter_has_the_twin(monkeypatch: pytest.MonkeyPatch) -> None:
    """By its ABI, whether its lock is on or off today; the core is not even looked for."""
    monkeypatch.setattr(sys, "abiflags", "t")
    monkeypatch.setitem(sys.modules, CORE, None)  # type: ignore[arg-type]  # the import system's own mark
    assert "free-threaded" in obstacle({})


def test_the_environment_decides_and_the_import_is_silent() -> None:
    """A new interpreter that is asked for the twin has it, and nothing is printed."""
    program = "from stream_pool.documents import NATIVE, NATIVE_REASON; print(NATIVE, NATIVE_REASON)"
    assert run(program, STREAM_POOL_PURE="1") == f"False {ASKED_FOR}\n"
    reason = obstacle({})
    assert run(program) == f"{not reason} {reason}\n"


SUBINTERPRETER = """
import sys
try:
    import _interpreters as interpreters
except ModuleNotFoundError:
    import _xxsubinterpreters as interpreters
from stream_pool.documents import loads
program = '''
import sys
from stream_pool import documents
assert documents.loads(b'{"a": [1]}').to_dict() == {"a": [1]}
sys.__stdout__.write(f"{documents.NATIVE} {documents.NATIVE_REASON}")
sys.__stdout__.flush()
'''
second = interpreters.create()
failed = interpreters.run_string(second, program)
interpreters.destroy(second)
assert failed is None, failed
assert loads(b'{"a": [1]}').to_dict() == {"a": [1]}
"""


def test_a_sub_interpreter_has_the_twin() -> None:
    """The core refuses a second interpreter; there the twin decodes, and in the first one nothing changes."""
    if sys.version_info < (3, 13):
        pytest.importorskip("_xxsubinterpreters")
    else:
        pytest.importorskip("_interpreters")
    core()
    native, _, reason = run(SUBINTERPRETER).partition(" ")
    assert native == "False"
    assert reason.startswith("it cannot be imported: ")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_of_one_load_in_the_other(protocol: int) -> None:
    """A pickle names no implementation: it comes back as a Document of whichever serves where it is read."""
    for implementation in (core(), twin()):
        pickled = pickle.dumps(implementation.Decoder().decode(RAW), protocol)
        assert type(pickle.loads(pickled)) is Document
        for pure in ("", "1"):
            program = (
                "import pickle; from stream_pool.documents import NATIVE, Document;"
                f"again = pickle.loads(bytes.fromhex('{pickled.hex()}'));"
                "print(NATIVE, type(again) is Document, again.to_dict())"
            )
            told = run(program, STREAM_POOL_PURE=pure)
            assert told == f"{not pure} True {Decoder().decode(RAW).to_dict()}\n"


TOLD: list[tuple[str, bool, str, str]] = [
    ("1 the core", True, "", "info"),
    ("2 the twin, asked for", False, ASKED_FOR, "info"),
    ("3 the twin, not asked for", False, "it was not built for this interpreter", "warning"),
]


@pytest.mark.parametrize(
    ("native", "reason", "level"), [case[1:] for case in TOLD], ids=[case[0] for case in TOLD]
)
def test_a_worker_says_once_what_decodes(
    native: bool, reason: str, level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line at its start, with the reason where it is the twin; a warning where nobody asked for it."""
    monkeypatch.setattr(app, "NATIVE", native)
    monkeypatch.setattr(app, "REASON", reason)
    with structlog.testing.capture_logs() as lines:
        app._tell_implementation()
    [line] = lines
    assert (line["log_level"], line.get("reason", "")) == (level, reason)


def test_the_stub_is_what_the_core_is() -> None:
    """mypy's stubtest finds every name, argument and default of `_native.pyi` in the core, and no other."""
    core()
    project = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", CORE, "--mypy-config-file", "pyproject.toml"],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=170,
    )
    assert done.returncode == 0, done.stdout + done.stderr
