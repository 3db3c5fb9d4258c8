"""The board: consistent in itself, with what is provisioned beside it, and with the alerts."""

import re
import shutil
import subprocess
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from deployed import GRAFANA, bar, board, board_expressions, load, panels, prometheus, services

ROWS = ["Golden signals", "Lag", "Pool", "Memory and GC", "Workers"]
TITLES = [panel["title"] for panel in panels()]


def named(title: str) -> dict[str, Any]:
    """The panel of that title."""
    (found,) = [panel for panel in panels() if panel["title"] == title]
    return found


def provisioned() -> dict[str, Any]:
    """The one data source."""
    (source,) = load(GRAFANA / "provisioning" / "datasources" / "prometheus.yaml")["datasources"]
    return dict(source)


def test_rows_titles_and_ids_are_each_their_own() -> None:
    """The rows in their order; no id and no title twice."""
    everything = board()["panels"]
    assert [panel["title"] for panel in everything if panel["type"] == "row"] == ROWS
    assert len({panel["id"] for panel in everything}) == len(everything)
    assert len(set(TITLES)) == len(TITLES)


def test_no_panel_lies_on_another() -> None:
    """All within the 24 columns."""
    places = [(panel["title"], panel["gridPos"]) for panel in board()["panels"]]
    for title, place in places:
        assert place["x"] >= 0, title
        assert place["x"] + place["w"] <= 24, title
    for (one, a), (other, b) in combinations(places, 2):
        apart = (
            a["x"] + a["w"] <= b["x"]
            or b["x"] + b["w"] <= a["x"]
            or a["y"] + a["h"] <= b["y"]
            or b["y"] + b["h"] <= a["y"]
        )
        assert apart, f"{one} and {other}"


@pytest.mark.parametrize("title", TITLES)
def test_a_panel_says_what_it_shows(title: str) -> None:
    """A description, a unit, the provisioned source by its uid, and every query under a letter of its own."""
    panel = named(title)
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"] in {"s", "cps", "Bps", "bytes", "percentunit", "short"}
    source = {"type": provisioned()["type"], "uid": provisioned()["uid"]}
    assert panel["datasource"] == source
    assert panel["targets"]
    assert all(target["datasource"] == source for target in panel["targets"])
    letters = [target["refId"] for target in panel["targets"]]
    assert len(set(letters)) == len(letters)


def test_every_variable_is_declared_and_used() -> None:
    """Beside them only Grafana's own interval is asked for."""
    declared = {each["name"] for each in board()["templating"]["list"]}
    used = {name for _, asked in board_expressions() for name in re.findall(r"\$(\w+)", asked)}
    assert declared == {"topic", "instance"}
    assert used == declared | {"__rate_interval"}


def test_promtool_reads_every_query(tmp_path: Path) -> None:
    """Each as a rule of its own, with values in the place of Grafana's variables."""
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian's package `prometheus` has it)")
    lines = ["groups:", "- name: board", "  rules:"]
    for number, (_, asked) in enumerate(board_expressions()):
        filled = re.sub(r"\$(topic|instance)", ".+", asked.replace("$__rate_interval", "5m"))
        lines += [f"  - record: query_{number}", f"    expr: '{filled}'"]
    rules = tmp_path / "board.yml"
    rules.write_text("\n".join(lines) + "\n")
    done = subprocess.run([promtool, "check", "rules", rules], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"{len(list(board_expressions()))} rules found" in done.stdout


DRAWN = [
    pytest.param("Latency", "StreamPoolLatencyP99", id="1 latency"),
    pytest.param("Error ratio", "StreamPoolErrorRatio", id="2 errors"),
    pytest.param("Lag in records", "StreamPoolLagRecords", id="3 lag in records"),
    pytest.param("Lag in time", "StreamPoolLagSeconds", id="4 lag in time"),
    pytest.param("Keys not found", "StreamPoolPoolMisses", id="5 pool"),
    pytest.param("Evictions", "StreamPoolPoolEvictions", id="6 evictions"),
    pytest.param("Memory of its limit", "StreamPoolMemoryNearLimit", id="7 memory"),
    pytest.param("Time in the garbage collector", "StreamPoolGcPauses", id="8 collector"),
    pytest.param("Snapshot", "StreamPoolSnapshotOld", id="9 snapshot"),
]


@pytest.mark.parametrize(("title", "alert"), DRAWN)
def test_the_line_that_is_drawn_is_the_bar_of_the_alert(title: str, alert: str) -> None:
    """Whoever looks sees how far it is."""
    steps = named(title)["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert [step["value"] for step in steps] == [None, bar(alert)]


def test_what_is_provisioned_is_what_compose_brings_up() -> None:
    """The source is the service Prometheus, asked as often as it scrapes; the board is where it is sought."""
    assert provisioned()["url"] == "http://prometheus:9090"
    assert services()["prometheus"]["ports"] == ["127.0.0.1:9090:9090"]
    assert provisioned()["jsonData"]["timeInterval"] == prometheus()["global"]["scrape_interval"]
    (provider,) = load(GRAFANA / "provisioning" / "dashboards" / "boards.yaml")["providers"]
    inside = dict(volume.split(":")[:2] for volume in services()["grafana"]["volumes"])
    assert inside["./grafana/dashboards"] == provider["options"]["path"]
    assert inside["./grafana/provisioning"] == "/etc/grafana/provisioning"
    home = services()["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home == f"{provider['options']['path']}/stream-pool.json"
    assert (GRAFANA / "dashboards" / "stream-pool.json").is_file()
