"""Measurements that need a fresh and small process: modules of this package, run as programs."""

import json
import subprocess
import sys
from typing import Any

from stream_pool.bench.client import BenchClientError


def answer(module: str, *arguments: object) -> Any:
    """What a module of this package prints as a process of its own. Raises `BenchClientError`."""
    command = [sys.executable, "-m", f"{__package__}.{module}", *map(str, arguments)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise BenchClientError(f"{' '.join(command)} ended with {ran.returncode}:\n{ran.stderr[-2_000:]}")
    return json.loads(ran.stdout)
