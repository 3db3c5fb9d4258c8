"""The build: a core where Rust is, the twin where it is not, and never a core of other sources."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]
CRATE = Path("stream_pool", "native")


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A copy of what the package is built from, without any core."""
    copy = tmp_path / "sources"
    copy.mkdir()
    for name in ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE"):
        shutil.copy(PROJECT / name, copy)
    unwanted = shutil.ignore_patterns("__pycache__", "target", "*.so", "Cargo.lock")
    for package in ("stream_pool", "topologies"):
        shutil.copytree(PROJECT / package, copy / package, ignore=unwanted)
    return copy


def tools(at: Path, exit_code: int | None) -> str:
    """A PATH with a cargo and a rustc that end with this code, or with none."""
    at.mkdir()
    for name in ("cargo", "rustc"):
        if exit_code is not None:
            (at / name).write_text(f"#!/bin/sh\necho '{name} 1.99.0'\nexit {exit_code}\n")
            (at / name).chmod(0o755)
    return str(at)


def build(sources: Path, path: str, *arguments: str) -> None:
    subprocess.run(
        [sys.executable, "setup.py", "--quiet", *arguments],
        cwd=sources,
        env={**os.environ, "PATH": path},
        check=True,
        capture_output=True,
        timeout=120,
    )


@pytest.mark.parametrize(
    "exit_code", [pytest.param(None, id="1 no cargo"), pytest.param(101, id="2 cargo fails")]
)
def test_an_old_core_does_not_outlive_a_build_that_fails(
    sources: Path, tmp_path: Path, exit_code: int | None
) -> None:
    """The build goes on without a core; that of another interpreter stays where it is."""
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    old = sources / "stream_pool" / f"_native{suffix}"
    other = sources / "stream_pool" / "_native.cpython-399-other.so"
    old.touch()
    other.touch()
    build(sources, tools(tmp_path / "bin", exit_code), "build_ext", "--inplace")
    assert not old.exists()
    assert other.exists()


def test_a_wheel_made_without_cargo_holds_the_twin(sources: Path, tmp_path: Path) -> None:
    """It works where it is put, says why it is the twin, and holds no Rust."""
    build(sources, tools(tmp_path / "bin", None), "build", "--build-lib", str(tmp_path / "built"))
    program = "from stream_pool.documents import NATIVE_REASON, loads; print(NATIVE_REASON, loads('[1]'))"
    done = subprocess.run(
        [
            sys.executable,
            "-S",
            "-c",
            program,
        ],  # without site-packages, where an editable install lends its core
        cwd=tmp_path / "built",
        env={**os.environ, "PYTHONPATH": str(tmp_path / "built"), "STREAM_POOL_PURE": ""},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    reason = (
        "this interpreter is free-threaded"
        if "t" in sys.abiflags
        else "it was not built for this interpreter"
    )
    assert done.stdout == f"{reason} (1,)\n"
    assert not (tmp_path / "built" / CRATE).exists()
    assert (tmp_path / "built" / "stream_pool" / "_native.pyi").exists()


def test_a_source_archive_holds_the_crate(sources: Path, tmp_path: Path) -> None:
    """Whoever has only the archive can compile the core: every source, nothing that was built of them."""
    (sources / CRATE / "target").mkdir()
    (sources / CRATE / "target" / "left_over.rs").touch()
    build(sources, os.environ["PATH"], "sdist", "--dist-dir", str(tmp_path / "archive"))
    [archive] = (tmp_path / "archive").iterdir()
    with tarfile.open(archive) as members:
        held = {Path(*Path(name).parts[1:]) for name in members.getnames()}
    crate = {
        path.relative_to(sources)
        for pattern in ("*.rs", "*.toml")
        for path in (sources / CRATE).rglob(pattern)
        if "target" not in path.parts
    }
    assert CRATE / "Cargo.toml" in crate
    assert crate <= held
    assert Path("setup.py") in held
    assert not [path for path in held if "target" in path.parts]
