"""Every test in docs/testing.md passes, as it stands there, in a pytest run of its own."""

import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "testing.md"
SNIPPET = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
SILENT = """
import sys

def test_it():
    assert not {"faust", "aiokafka", "mode", "orjson"} & sys.modules.keys()
"""


def run_pytest(directory: Path, *files: str) -> str:
    """The output of a run over test files with these texts, all of which pass."""
    for number, text in enumerate(files):
        (directory / f"test_{number}.py").write_text(text)
    (directory / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\nfilterwarnings = error\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio"]
    ran = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_1_the_page(tmp_path: Path) -> None:
    """The fixture is there wherever stream-pool is installed."""
    snippets = SNIPPET.findall(PAGE.read_text(encoding="utf-8"))
    assert f"{len(snippets) + 1} passed" in run_pytest(tmp_path, *snippets)  # one has two tests


def test_2_the_plugin_is_no_burden(tmp_path: Path) -> None:
    """Where no test asks for the fixture, neither Faust nor the client is imported."""
    assert "1 passed" in run_pytest(tmp_path, SILENT)
