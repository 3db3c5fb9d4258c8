"""The compose file, which no engine runs here: the specification's schema, and what it must hold besides."""

import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from deployed import DEFAULTS, DOCKER, load, prometheus, services

from stream_pool.broker.kafka_home import kafka_version
from stream_pool.settings import load_settings, unknown_variables, variable
from stream_pool.stream import find_app

COMPOSE = DOCKER / "compose.yaml"
OURS = ("worker", "detector")
SERVICES = sorted(services())
STAYING = [name for name in SERVICES if name != "topics"]
WRITES_BENEATH_ITS_PROGRAMS = {"kafka", "topics"}


def judged(path: Path) -> subprocess.CompletedProcess[str]:
    """What the schema of the compose specification says of a file."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def seconds(duration: str) -> float:
    """`90s`, `1m30s` → 90."""
    assert re.fullmatch(r"(\d+[hms])+", duration), duration
    units = {"h": 3600, "m": 60, "s": 1}
    return sum(int(count) * units[unit] for count, unit in re.findall(r"(\d+)([hms])", duration))


def test_it_is_what_the_specification_says() -> None:
    """Valid by the schema that the specification's own repository publishes."""
    found = judged(COMPOSE)
    assert found.returncode == 0, found.stdout + found.stderr


def test_the_schema_is_no_rubber_stamp(tmp_path: Path) -> None:
    """A misspelt key is refused."""
    wrong = tmp_path / "compose.yaml"
    wrong.write_text(COMPOSE.read_text().replace("stop_grace_period:", "stop_grace_time:"))
    found = judged(wrong)
    assert found.returncode == 1
    assert "'stop_grace_time'" in found.stdout


@pytest.mark.parametrize("name", SERVICES)
def test_an_image_is_pinned(name: str) -> None:
    """By an exact version and the digest of its content, or the project's own version where it is built."""
    service = services()[name]
    if "build" in service:
        assert service["image"] == f"stream-pool:{version('stream-pool')}"
        assert (COMPOSE.parent / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
    else:
        assert re.fullmatch(r"[a-z/]+:v?\d+\.\d+\.\d+@sha256:[0-9a-f]{64}", service["image"])


def test_kafka_is_the_one_that_the_tests_run() -> None:
    """One version of Apache Kafka everywhere."""
    for name in ("kafka", "topics"):
        assert services()[name]["image"].startswith(f"apache/kafka:{kafka_version()}@")


def test_only_loopback_is_published() -> None:
    """Each published port says its address: 127.0.0.1."""
    ports = [port for service in services().values() for port in service.get("ports", [])]
    assert sorted(ports) == ["127.0.0.1:3000:3000", "127.0.0.1:9090:9090", "127.0.0.1:9092:9092"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_may_do_and_take_no_more_than_it_needs(name: str) -> None:
    """No capabilities, no new privileges; memory, processors, processes and logs are bounded; read-only."""
    service = services()[name]
    assert service["cap_drop"] == ["ALL"]
    assert not {"cap_add", "privileged"} & service.keys()
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"mem_limit", "cpus", "pids_limit"} <= service.keys()
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert service.get("read_only", False) is (name not in WRITES_BENEATH_ITS_PROGRAMS)


@pytest.mark.parametrize("name", STAYING)
def test_a_service_that_stays_is_looked_after(name: str) -> None:
    """Its health is asked, it is started again when it ends, and has time to stop."""
    service = services()[name]
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["restart"] != "no"
    assert seconds(service["stop_grace_period"]) >= 20


@pytest.mark.parametrize("name", OURS)
def test_our_processes_stop_by_themselves(name: str) -> None:
    """The engine waits longer than the deadline that the process keeps by itself."""
    told = services()[name]["environment"].get(variable("stop_timeout_s"), DEFAULTS.stop_timeout_s)
    assert seconds(services()[name]["stop_grace_period"]) >= float(told) + 5


@pytest.mark.parametrize("name", OURS)
def test_our_processes_are_asked_whether_they_are_ready(name: str) -> None:
    """At the port that the worker serves, by the interpreter that is in the image."""
    program, *arguments = services()[name]["healthcheck"]["test"][1:]
    assert program == "python"
    assert f"http://127.0.0.1:{DEFAULTS.web_port}/health/ready" in arguments[-1]
    assert services()[name]["expose"] == [str(DEFAULTS.web_port)]


def test_a_worker_over_its_budget_is_not_started_for_ever() -> None:
    """Each start may bury another hundred records before the budget stops it again."""
    assert re.fullmatch(r"on-failure:\d+", services()["worker"]["restart"])


def test_the_topic_is_there_before_anybody_reads_it() -> None:
    """A service that ends makes it, once Kafka is well; worker and detector wait for its success."""
    assert services()["topics"]["depends_on"] == {"kafka": {"condition": "service_healthy"}}
    assert services()["topics"]["restart"] == "no"
    for name in OURS:
        assert services()[name]["depends_on"] == {"topics": {"condition": "service_completed_successfully"}}


def test_topic_group_and_app_are_the_same_everywhere() -> None:
    """What is made is what the app reads, and the detector watches the app's group."""
    worker, detector, topics = (services()[name]["command"] for name in ("worker", "detector", "topics"))
    app = find_app(worker[worker.index("-A") + 1])
    assert detector == ["detector", "--group", app.conf.id]
    read = {topic for channel in app.batch_channels for topic in channel.topics}
    assert read - {app.plant.events_topic} == {topics[topics.index("--topic") + 1]}
    assert "--if-not-exists" in topics


@pytest.mark.parametrize("name", OURS)
def test_every_setting_is_one_and_its_value_allowed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a container is read as the worker reads it."""
    environment: dict[str, Any] = services()[name]["environment"]
    assert list(unknown_variables(environment)) == []
    for key, value in environment.items():
        monkeypatch.setenv(key, value)
    (server,) = load_settings().bootstrap_servers
    assert server in services()["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]


def test_what_is_mounted_is_there() -> None:
    """Each path of ours exists and is read-only; each volume is declared, and each declared one used."""
    mounts = [volume.split(":") for service in services().values() for volume in service.get("volumes", [])]
    paths = [mount for mount in mounts if mount[0].startswith(".")]
    assert len(paths) == 3
    for path, _inside, mode in paths:
        assert (COMPOSE.parent / path).is_dir()
        assert mode == "ro"
    named = {mount[0] for mount in mounts} - {path for path, *_ in paths}
    assert named == load(COMPOSE)["volumes"].keys()


def test_prometheus_finds_every_process_of_ours() -> None:
    """Each name that it looks up is a service, at the port that the service serves."""
    looked_up = {
        (name, str(each["port"]))
        for job in prometheus()["scrape_configs"]
        for each in job.get("dns_sd_configs", [])
        for name in each["names"]
    }
    assert looked_up == {(name, services()[name]["expose"][0]) for name in OURS}
