"""Builds the compiled core where a Rust compiler is at hand; without, or where it fails, the twin serves.

All else that the build needs to know is in pyproject.toml, and the oldest Rust that will do in the crate's
Cargo.toml.
"""

from pathlib import Path

from setuptools import setup
from setuptools_rust import Binding, RustExtension
from setuptools_rust.build import build_rust

CORE = RustExtension(
    "stream_pool._native",
    path="stream_pool/native/Cargo.toml",
    binding=Binding.PyO3,
    debug=False,
    optional=True,
)


class BuildCore(build_rust):
    """Takes the interpreter's old core away first: one of other sources must not serve if the build fails."""

    def run(self) -> None:
        Path(self.get_dylib_ext_path(CORE, CORE.name)).unlink(missing_ok=True)
        super().run()


setup(rust_extensions=[CORE], cmdclass={"build_rust": BuildCore})
