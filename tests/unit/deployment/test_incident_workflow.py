"""The workflow that checks a change against last month's incident says what the command understands."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main
from ruamel.yaml import YAML

from stream_pool.cli.commands import app

ROOT = Path(__file__).parents[3]
WORKFLOW = ROOT / ".github" / "workflows" / "incident.yml"


def job() -> dict[str, Any]:
    told: dict[str, Any] = YAML(typ="safe").load(WORKFLOW)["jobs"]["compare"]
    return told


def commands() -> list[list[str]]:
    """The words of each replay, with the job's variables in their places."""
    found = []
    for step in job()["steps"]:
        text = step.get("run", "")
        for name, value in job()["env"].items():
            text = text.replace(f'"${name}"', value).replace(f"${name}", value)
        found += re.findall(r"stream-pool replay ([^|>]*)", text)
    return [shlex.split(command) for command in found]


@pytest.mark.parametrize("words", commands(), ids=["main", "branch"])
def test_its_options_are_the_command_s(words: list[str]) -> None:
    """Parsed as they stand, without being run."""
    group: Any = typer.main.get_command(app)
    context = group.commands["replay"].make_context("replay", list(words))
    assert context.params["app"] == ["topologies.orders"]
    assert context.params["workers"] == 4


def test_both_sides_are_played_alike() -> None:
    """Main's result is one side, the branch's settings are the other; the rest is the same."""
    main, branch = commands()
    assert "--offline" in main
    assert branch[branch.index("--compare") + 1] == "main.json"
    assert [word for word in job()["env"]["REPLAY"].split() if word not in branch or word not in main] == []


def test_what_it_plays_is_shipped() -> None:
    """The capture and the settings stand where it looks for them."""
    environment = job()["env"]
    for path in (environment["CAPTURE"].removeprefix("branch/"), environment["SETTINGS"]):
        assert (ROOT / path).is_file()
