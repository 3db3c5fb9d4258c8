"""`stream-pool replay`: what goes together, and what its ends are."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from support.traffic import START_MS, captured, scenario_capture, write_capture

from stream_pool.cli import main as edge
from stream_pool.errors import ExitCode

NOWHERE = ["--to", "kafka://127.0.0.1:1", "--topic", "orders"]
OFFLINE = ["--offline", "-A", "topologies.orders"]


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    return write_capture(
        tmp_path / "c.ndjson", [captured(n % 2, n, START_MS + n * 500, key=b"k%d" % n) for n in range(10)]
    )


@pytest.fixture
def run(bare_environment: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*arguments: object) -> tuple[object, str, str]:
        monkeypatch.setattr(sys, "argv", ["stream-pool", "replay", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            edge.main()
        told = capsys.readouterr()
        return ended.value.code, told.out, told.err

    return run


@pytest.mark.parametrize(
    "options",
    [
        pytest.param([], id="1 nowhere to go"),
        pytest.param(["--to", "kafka://127.0.0.1:1"], id="2 no topic"),
        pytest.param(["--topic", "orders"], id="3 no cluster"),
        pytest.param([*NOWHERE, *OFFLINE], id="4 both at once"),
        pytest.param(["--offline"], id="5 no app"),
        pytest.param([*OFFLINE, "--speed", "max"], id="6 no time at all"),
        pytest.param([*OFFLINE, "--speed", "0"], id="7 a speed that is none"),
        pytest.param([*OFFLINE, "--rate", "0"], id="8 a rate that is none"),
        pytest.param([*OFFLINE, "--max-gap", "5"], id="9 a duration without a unit"),
        pytest.param([*OFFLINE, "--loop", "0"], id="10 no pass"),
        pytest.param([*OFFLINE, "--only", "offset=5"], id="11 a choice by what is none"),
        pytest.param([*OFFLINE, "--workers", "0"], id="12 nobody"),
        pytest.param([*OFFLINE, "--service-times", "guessed"], id="13 other times"),
        pytest.param([*OFFLINE, "--service-times", "recorded"], id="14 times that were not recorded"),
        pytest.param([*OFFLINE, "--out", "no/such/folder/log"], id="15 a log that cannot be"),
        pytest.param(["--offline", "-A", "no.such.app"], id="16 an app that is not there"),
        pytest.param([*OFFLINE, "-A", "topologies.orders"], id="17 the same app twice"),
        pytest.param(["--compare", "no.toml", "no.toml", *OFFLINE[1:]], id="18 files that are not there"),
        pytest.param([*OFFLINE, "--times", "later"], id="19 other timestamps"),
        pytest.param([*OFFLINE, "--times", "now"], id="20 timestamps for a broker"),
        pytest.param([*OFFLINE, "--resume"], id="21 nothing to go on with"),
        pytest.param([*OFFLINE, "--dry-run"], id="22 nothing is sent anyway"),
        pytest.param([*NOWHERE, "--out", "log"], id="23 a log of a broker's workers"),
        pytest.param([*NOWHERE, "--workers", "2"], id="24 workers of others"),
        pytest.param([*OFFLINE, "-A", "other", "--out", "log"], id="25 one log of two replays"),
        pytest.param([*NOWHERE, "--resume", "--restart"], id="26 on and anew at once"),
        pytest.param([*OFFLINE, "--restart"], id="27 nothing to begin anew"),
        pytest.param([*OFFLINE, "--times", "keep"], id="28 though it would hold anyway"),
        pytest.param([*OFFLINE, "--margin", "lag=5"], id="29 a margin between one and nothing"),
        pytest.param([*NOWHERE, "--margin", "lag=5"], id="30 nor to a broker"),
        pytest.param([*NOWHERE, "--drain", "1d"], id="31 a drain of others"),
        pytest.param([*NOWHERE, "--speed", "max", "--max-gap", "1s"], id="32 no gaps to shorten"),
        pytest.param([*NOWHERE, "--rate", "5", "--max-gap", "1s"], id="33 nor by a rate alone"),
        pytest.param([*OFFLINE, "--service-times", "none", "--service-factor", "2"], id="34 twice nothing"),
        pytest.param(["--dry-run", "--resume"], id="35 on with nothing"),
        pytest.param([*NOWHERE, "--dry-run", "--state", "s"], id="36 a state of nothing"),
        pytest.param(["--dry-run", "--topic", "orders"], id="37 a topic of no cluster"),
        pytest.param(["--dry-run", "--times", "now"], id="38 times of no record"),
        pytest.param([*OFFLINE, "-A", "other", "-A", "third"], id="39 three apps"),
    ],
)
def test_what_does_not_fit_together_is_misuse(run: Any, capture: Path, options: list[str]) -> None:
    """Exit code 2, a line, and nothing on standard output."""
    code, out, said = run(capture, *options)
    assert (code, out) == (ExitCode.MISUSE, "")
    assert said


def test_what_is_no_capture_is_misuse(run: Any, tmp_path: Path) -> None:
    """Missing, or something else."""
    (tmp_path / "other").write_text("{}\n")
    for name in ("missing", "other"):
        assert run(tmp_path / name, *OFFLINE)[0] == ExitCode.MISUSE


def test_no_broker_is_exit_code_3(run: Any, capture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the time that a worker would wait, too."""
    monkeypatch.setenv("STREAM_POOL_CONNECT_TIMEOUT_S", "0.1")
    assert run(capture, *NOWHERE)[0] == ExitCode.BROKER_UNAVAILABLE


@pytest.mark.parametrize(
    ("options", "records", "takes_s"),
    [
        pytest.param([], 10, 4.5, id="1 as it was"),
        pytest.param(["--speed", "10"], 10, 0.45, id="2 faster"),
        pytest.param(["--speed", "max"], 10, None, id="3 as fast as it goes"),
        pytest.param(["--rate", "2"], 10, 4.5, id="4 by a rate alone"),
        pytest.param(["--max-gap", "100ms"], 10, 0.9, id="5 gaps cut"),
        pytest.param(["--loop", "2"], 20, 9.0, id="6 twice"),
        pytest.param(["--only", "partition=0"], 5, 4.0, id="7 a partition"),
        pytest.param(["--only", f"time={START_MS + 1_000}.."], 8, 3.5, id="8 a time"),
    ],
)
def test_a_dry_run_says_what_would_be_sent(
    run: Any, capture: Path, options: list[str], records: int, takes_s: float | None
) -> None:
    """With no cluster named it needs none."""
    code, out, _ = run(capture, "--dry-run", "--json", *options)
    told = json.loads(out)
    assert (code, told["records"]) == (ExitCode.OK, records)
    assert told["takes_s"] == (takes_s if takes_s is None else pytest.approx(takes_s))


@pytest.mark.parametrize("options", [["--dry-run"], OFFLINE])
def test_damage_is_told_alike(run: Any, capture: Path, options: list[str]) -> None:
    """Its line, and what it is."""
    capture.write_bytes(b"".join(capture.read_bytes().splitlines(keepends=True)[:6]))
    code, out, _ = run(capture, *options, "--json")
    assert (code, json.loads(out)["damage"]["line"]) == (ExitCode.FINDING, 7)
    assert "line 7: the file ends" in run(capture, *options)[1]


@pytest.mark.parametrize("options", [["--dry-run"], OFFLINE])
def test_holes_in_a_capture_are_told(run: Any, tmp_path: Path, options: list[str]) -> None:
    """In lines and in the object."""
    path = write_capture(tmp_path / "c.ndjson", [captured(0, 5), captured(0, 9)])
    assert "3 offsets hold no record" in run(path, *options)[1]
    told = json.loads(run(path, *options, "--json")[1])
    assert (told["missing"], told["whole"]) == ({"lost": 0, "empty": 3}, True)


def test_an_offline_replay_tells_its_figures(run: Any, capture: Path, tmp_path: Path) -> None:
    """As one object, and the log is in the file."""
    code, out, _ = run(capture, *OFFLINE, "--json", "--out", tmp_path / "log.ndjson")
    told = json.loads(out)
    assert (code, told["records"], told["figures"]["records"]) == (ExitCode.OK, 10, 10)
    assert told["group"] == "order-processor-v3"
    assert (tmp_path / "log.ndjson").stat().st_size > 0


def test_what_a_handler_prints_is_no_part_of_the_result(
    run: Any, capture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes to standard error: `--json` is one object, and nothing else."""
    (tmp_path / "loud_app.py").write_text(
        "from stream_pool import App\n"
        "print('hello from the module')\n"
        "app = App('g')\n"
        "@app.each('orders')\n"
        "def handle(order): print('hello from the handler')\n"
    )
    monkeypatch.chdir(tmp_path)
    code, out, said = run(capture, "--offline", "-A", "loud_app", "--json")
    assert code == ExitCode.OK
    assert json.loads(out)["figures"]["records"] == 10
    assert "hello from the module" in said
    assert "hello from the handler" in said


def test_a_damaged_capture_is_a_finding(run: Any, capture: Path) -> None:
    """Exit code 1 after what could be played, and the line."""
    lines = capture.read_bytes().splitlines(keepends=True)
    capture.write_bytes(b"".join(lines[:6]))
    code, out, _ = run(capture, *OFFLINE)
    assert code == ExitCode.FINDING
    assert "5 records" in out
    assert "line 7" in out


@pytest.fixture(scope="module")
def incident(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scenario_capture(tmp_path_factory.mktemp("capture") / "incident.ndjson.zst", 300)


def test_a_change_for_the_worse_is_a_finding(run: Any, incident: Path, tmp_path: Path) -> None:
    """Exit code 1, and the measure is named; within a margin it is fine."""
    a, b = tmp_path / "a.toml", tmp_path / "b.toml"
    a.write_text("dead_letter_budget_ratio = 1.0\n")
    b.write_text("dead_letter_budget_ratio = 1.0\nlimit_depth = 12\n")
    command = (incident, "--compare", a, b, "-A", "topologies.orders", "--json")
    code, out, _ = run(*command)
    told = json.loads(out)
    assert (code, told["worse"]) == (ExitCode.FINDING, ["errors"])
    outcomes = {row["outcome"]: (row["a"], row["b"]) for row in told["outcomes"]}
    assert outcomes["depth_limit"][0] < outcomes["depth_limit"][1]
    for name in ("a", "b"):
        (tmp_path / f"{name}.json").write_text(json.dumps(told[name]))
    again = (incident, "--compare", tmp_path / "a.json", tmp_path / "b.json")
    assert run(*again)[0] == ExitCode.FINDING
    assert run(*again, "--margin", "errors=300")[0] == ExitCode.OK


def test_a_result_of_another_build_may_be_a_side(run: Any, incident: Path, tmp_path: Path) -> None:
    """What `--offline --json` printed; of the same traffic, or it is misuse."""
    result, settings = tmp_path / "main.json", tmp_path / "b.toml"
    settings.write_text("")
    result.write_text(run(incident, *OFFLINE, "--json")[1])
    assert run(incident, "--compare", result, settings, "-A", "topologies.orders")[0] == ExitCode.OK
    part = (incident, "--compare", result, settings, "-A", "topologies.orders", "--only", "partition=0")
    assert run(*part)[0] == ExitCode.MISUSE


def test_two_sides_that_did_nothing_are_a_finding(
    run: Any, capture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A check that is green because the app no longer starts is none; why it did not is told."""
    (tmp_path / "dead_app.py").write_text(
        "from stream_pool import App\n"
        "app = App('g')\n"
        "@app.each('orders', on_error='stop')\n"
        "def handle(order): raise ValueError('no')\n"
    )
    monkeypatch.chdir(tmp_path)
    result = tmp_path / "dead.json"
    result.write_text(run(capture, "--offline", "-A", "dead_app", "--json")[1])
    assert json.loads(result.read_text())["real_time_factor"] is None, "most of the time was never played"
    assert ": a part of " in (said := run(capture, "--offline", "-A", "dead_app")[1])
    assert "real time" not in said
    code, out, _ = run(capture, "--compare", result, result)
    assert code == ExitCode.FINDING
    assert "this proves nothing" in out
    assert f"{result}: worker-1 stopped: " in out


def test_a_damaged_capture_is_named_in_a_comparison(run: Any, capture: Path, tmp_path: Path) -> None:
    """With its line: it is why the exit code is 1."""
    capture.write_bytes(b"".join(capture.read_bytes().splitlines(keepends=True)[:6]))
    result = tmp_path / "a.json"
    result.write_text(run(capture, *OFFLINE, "--json")[1])
    code, out, _ = run(capture, "--compare", result, result)
    assert code == ExitCode.FINDING
    assert "the capture is damaged, line 7" in out


@pytest.mark.parametrize("option", ["-A=topologies.orders", "--loop=2", "--only=partition=0", "--speed=1"])
def test_two_results_are_compared_as_they_are(run: Any, capture: Path, tmp_path: Path, option: str) -> None:
    """Nothing is played: what says how has no effect, and is misuse."""
    a, b = tmp_path / "a.json", tmp_path / "b.json"
    code, out, said = run(capture, "--compare", a, b, option)
    assert (code, out) == (ExitCode.MISUSE, "")
    assert "nothing is played" in said


def test_a_result_has_its_own_app(run: Any, capture: Path, tmp_path: Path) -> None:
    """A second one would be nobody's."""
    (result := tmp_path / "a.json").write_text("{}")
    (settings := tmp_path / "b.toml").write_text("")
    code, _, said = run(capture, "--compare", result, settings, "-A", "one", "-A", "two")
    assert code == ExitCode.MISUSE
    assert "name one app" in said


def test_a_rate_alone_is_a_pace_offline(run: Any, capture: Path) -> None:
    """Its time is virtual, too."""
    code, out, _ = run(capture, *OFFLINE, "--json", "--rate", "2")
    assert (code, json.loads(out)["records"]) == (ExitCode.OK, 10)


def test_no_record_is_nothing_to_compare_by(run: Any, capture: Path, tmp_path: Path) -> None:
    """Where the choice takes none."""
    result = tmp_path / "a.json"
    result.write_text(run(capture, *OFFLINE, "--only", "key=nobody", "--json")[1])
    assert run(capture, "--compare", result, result)[0] == ExitCode.MISUSE
