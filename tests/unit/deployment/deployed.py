"""What is deployed, as values: the files of `docker/`, and the names that a PromQL expression asks for.

The limit: PromQL is not parsed but picked apart; promtool judges its grammar. What is here finds the metrics
and the labels of expressions as they are written in this project: no `__name__`, no braces in strings.

Files are read once: whoever takes a value from here leaves it as it is.
"""

import dataclasses
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from stream_pool.settings import Settings
from stream_pool.telemetry.metrics import TABLE, Declaration
from stream_pool.telemetry.snapshot import BuildInfo

ROOT = Path(__file__).parents[3]
DOCKER = ROOT / "docker"
PROMETHEUS = DOCKER / "prometheus"
GRAFANA = DOCKER / "grafana"

DEFAULTS = Settings.model_construct()
"""The settings as they are where nobody sets any, whatever this process's environment says."""

EVERYWHERE = {"job", "instance"}
"""Labels that Prometheus gives to whatever it scrapes."""
ITS_OWN = {"up": set[str](), "ALERTS": {"alertname", "alertstate"}}
"""Series that Prometheus makes itself, with their labels."""
_SUFFIXES = {
    "counter": ("_total",),
    "gauge": ("",),
    "histogram": ("_bucket", "_sum", "_count"),
    "summary": ("_sum", "_count"),
    "info": ("_info",),
}
_WORDS = {"and", "or", "unless", "offset", "bool"}
_STRING = re.compile(r'"[^"]*"')
_MATCHERS = re.compile(r"(?P<name>[A-Za-z_:][\w:]*)\s*\{(?P<inside>[^}]*)\}")
_GROUPING = re.compile(
    r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\((?P<inside>[^)]*)\)", re.IGNORECASE
)
_NAME = re.compile(r"(?<![\w:.$])[A-Za-z_:][\w:]*(?![\w:])(?!\s*\()")


@cache
def load(path: Path) -> Any:
    """A file of YAML, anchors and merges worked out."""
    return YAML(typ="safe").load(path)


def services() -> dict[str, Any]:
    """The services of the compose file."""
    found: dict[str, Any] = load(DOCKER / "compose.yaml")["services"]
    return found


def rules() -> list[dict[str, Any]]:
    """Every rule that Prometheus loads, recording and alerting."""
    files = [file for pattern in prometheus()["rule_files"] for file in sorted(PROMETHEUS.glob(pattern))]
    return [rule for file in files for group in load(file)["groups"] for rule in group["rules"]]


def alerts() -> dict[str, dict[str, Any]]:
    """The alerting rules by name."""
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def bar(alert: str) -> float:
    """What an alert compares with: the first number behind a `>`."""
    found = re.search(r"> ([\d.]+)", alerts()[alert]["expr"])
    assert found, f"{alert} compares with nothing"
    return float(found[1])


def prometheus() -> dict[str, Any]:
    """Prometheus's own configuration."""
    found: dict[str, Any] = load(PROMETHEUS / "prometheus.yml")
    return found


@cache
def board() -> dict[str, Any]:
    """The board as Grafana reads it."""
    found: dict[str, Any] = json.loads((GRAFANA / "dashboards" / "stream-pool.json").read_text())
    return found


def panels() -> list[dict[str, Any]]:
    """The panels of the board that show something."""
    return [panel for panel in board()["panels"] if panel["type"] != "row"]


def board_expressions() -> Iterator[tuple[str, str]]:
    """Every PromQL expression of the board, and the title of where it stands."""
    for panel in panels():
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    for each in board()["annotations"]["list"]:
        yield each["name"], each["expr"]
    for each in board()["templating"]["list"]:
        asked = re.fullmatch(r"label_values\((?P<series>.+), (?P<label>\w+)\)", each["definition"])
        assert asked, each["definition"]
        assert each["query"]["query"] == each["definition"]
        yield each["name"], f"count by ({asked['label']}) ({asked['series']})"


def _labels(declaration: Declaration, suffix: str) -> set[str]:
    if declaration.kind == "info":
        return {field.name for field in dataclasses.fields(BuildInfo)}
    return {*declaration.labels, *(["le"] if suffix == "_bucket" else [])}


@cache
def series() -> dict[str, set[str]]:
    """Every series that may be asked for, with its labels: the table's, by suffixes, and the recorded ones.

    A recorded series says its labels before its first colon.
    """
    scraped = {
        declaration.name + suffix: _labels(declaration, suffix) | EVERYWHERE
        for declaration in TABLE
        for suffix in _SUFFIXES[declaration.kind]
    }
    recorded = {
        rule["record"]: set(rule["record"].split(":")[0].split("_")) for rule in rules() if "record" in rule
    }
    own = {name: labels | EVERYWHERE for name, labels in ITS_OWN.items()}
    return scraped | recorded | own


def asked_names(expression: str) -> set[str]:
    """The series that an expression asks for."""
    bare = _STRING.sub("", expression)
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", _GROUPING.sub("", bare))
    return {name for name in _NAME.findall(bare) if name.lower() not in _WORDS}


def asked_labels(expression: str) -> set[tuple[str, str]]:
    """Pairs of a series and a label that an expression selects it by."""
    return {
        (found["name"], label)
        for found in _MATCHERS.finditer(_STRING.sub("''", expression))
        for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", found["inside"])
    }


def kept_labels(expression: str) -> set[str]:
    """Labels that an expression groups or joins by."""
    return {
        label
        for found in _GROUPING.finditer(_STRING.sub("", expression))
        for label in re.findall(r"\w+", found["inside"])
    }
