"""What the environment can set, and what it is told when it is wrong."""

import pytest
from support.meanings import meanings

from stream_pool.detection.rules import Rules
from stream_pool.documents.limits import Limits
from stream_pool.errors import ExitCode, MisuseError
from stream_pool.settings import (
    Settings,
    UnknownVariable,
    allowed,
    load_settings,
    unknown_variables,
    variable,
)
from stream_pool.telemetry.snapshot import BuildInfo

pytestmark = pytest.mark.usefixtures("bare_environment")


WRONG = [
    pytest.param("INTERVAL_S", "0.01", "a number from 0.1 to 300", id="1 below the bound"),
    pytest.param("INTERVAL_S", "301", "a number from 0.1 to 300", id="2 above the bound"),
    pytest.param("INTERVAL_S", "nan", "a number from 0.1 to 300", id="3 not a number at all"),
    pytest.param("INTERVAL_S", "1e999", "a number from 0.1 to 300", id="4 infinite"),
    pytest.param("DETECTOR_LATENCY_P99_LIMIT_S", "0", "a number above 0 to 86400", id="5 open bound"),
    pytest.param("WEB_PORT", "70000", "a whole number from 0 to 65535", id="6 no such port"),
    pytest.param("BUFFER_RECORDS", "1.5", "a whole number from 1 to 10000000", id="7 a fraction of a record"),
    pytest.param("POOL_ADAPTIVE", "maybe", "true or false", id="9 neither true nor false"),
    pytest.param("LOG_FORMAT", "xml", "auto or json or console", id="10 none of the choices"),
    pytest.param("LIMIT_DEPTH", "1025", "a whole number from 1 to 1024", id="11 over the hard ceiling"),
    pytest.param("REGION", "x" * 201, "a text of at most so many characters: 200", id="12 label too long"),
    pytest.param(
        "BROKER", "localhost:9092", "kafka://host:port, more servers after a comma", id="13 no scheme"
    ),
    pytest.param("BROKER", "kafka://a:b", "kafka://host:port, more servers after a comma", id="14 no port"),
    pytest.param(
        "BROKER", "kafka://a:65536", "kafka://host:port, more servers after a comma", id="15 port too high"
    ),
    pytest.param(
        "BROKER", "kafka://a:1,", "kafka://host:port, more servers after a comma", id="16 empty server"
    ),
]


@pytest.mark.parametrize(("name", "value", "words"), WRONG)
def test_a_wrong_value_is_named_with_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    """The message has the variable, the value (cut when long) and what may stand there; exit code 2."""
    monkeypatch.setenv(f"STREAM_POOL_{name}", value)
    with pytest.raises(MisuseError) as caught:
        load_settings()
    shown = value if len(value) <= 80 else value[:80] + "…"
    assert str(caught.value) == f"STREAM_POOL_{name}={shown} is not allowed: it must be {words}"
    assert caught.value.exit_code == ExitCode.MISUSE


def test_every_wrong_setting_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two wrong values make two lines, so that nobody has to try twice."""
    monkeypatch.setenv("STREAM_POOL_WEB_PORT", "x")
    monkeypatch.setenv("STREAM_POOL_EVENT_BUFFER", "0")
    with pytest.raises(MisuseError) as caught:
        load_settings()
    lines = str(caught.value).splitlines()
    assert [line.partition("=")[0] for line in lines] == ["STREAM_POOL_WEB_PORT", "STREAM_POOL_EVENT_BUFFER"]


TOGETHER = [
    pytest.param(
        {"pool_capacity": 512}, ("POOL_CAPACITY=512", "POOL_CAPACITY_MIN=1024"), id="1 below the floor"
    ),
    pytest.param(
        {"pool_capacity": 4096, "pool_capacity_max": 4095},
        ("POOL_CAPACITY=4096", "POOL_CAPACITY_MAX=4095"),
        id="2 above the ceiling",
    ),
    pytest.param(
        {"drain_timeout_s": 15}, ("DRAIN_TIMEOUT_S=15", "STOP_TIMEOUT_S=15"), id="3 drain outlives the stop"
    ),
    pytest.param(
        {"drain_timeout_s": 10, "rebalance_timeout_ms": 10_000},
        ("DRAIN_TIMEOUT_S=10", "REBALANCE_TIMEOUT_MS=10000"),
        id="4 drain outlives the rebalance",
    ),
]


@pytest.mark.parametrize(("overrides", "named"), TOGETHER)
def test_settings_that_do_not_fit_together_are_both_named(
    overrides: dict[str, float], named: tuple[str, ...]
) -> None:
    """Each value may be allowed and the pair still not: the message has both."""
    with pytest.raises(MisuseError) as caught:
        load_settings(**overrides)
    assert all(f"STREAM_POOL_{part}" in str(caught.value) for part in named)


def test_the_command_line_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """An option that was typed stands above a variable that was exported."""
    monkeypatch.setenv("STREAM_POOL_WEB_PORT", "7000")
    assert load_settings().web_port == 7000
    assert load_settings(web_port=8000).web_port == 8000


def test_an_empty_variable_is_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """`STREAM_POOL_POOL_CAPACITY=` in a compose file means the default."""
    monkeypatch.setenv("STREAM_POOL_POOL_CAPACITY", "")
    assert load_settings().pool_capacity == Settings.model_fields["pool_capacity"].default


def test_an_override_that_no_setting_has_is_refused() -> None:
    """A misspelt option is named with the setting that is nearest."""
    with pytest.raises(
        MisuseError, match=r"STREAM_POOL_WEB_PROT is not a setting; did you mean STREAM_POOL_WEB_PORT\?"
    ):
        load_settings(web_prot=1)


def test_unknown_variables_are_reported_with_the_nearest_name() -> None:
    """Only our prefix counts; what is read elsewhere, and any case of a known name, is known."""
    environment = {
        "STREAM_POOL_INTERVAL": "1",
        "STREAM_POOL_QQQQ": "1",
        "STREAM_POOL_PURE": "1",
        "stream_pool_broker": "kafka://x",
        "STREAM_POOLS": "1",
        "PATH": "/bin",
    }
    assert unknown_variables(environment) == (
        UnknownVariable("STREAM_POOL_INTERVAL", "STREAM_POOL_INTERVAL_S"),
        UnknownVariable("STREAM_POOL_QQQQ", None),
    )


BROKERS = [
    pytest.param("kafka://localhost", ("localhost:9092",), id="1 Kafka's own port"),
    pytest.param("kafka://a:1,b:2", ("a:1", "b:2"), id="2 commas"),
    pytest.param("kafka://a:1;kafka://b:2", ("a:1", "b:2"), id="3 Faust's way"),
    pytest.param("kafka://[::1]:9093", ("[::1]:9093",), id="4 IPv6"),
]


@pytest.mark.parametrize(("broker", "servers"), BROKERS)
def test_the_broker_becomes_bootstrap_servers(broker: str, servers: tuple[str, ...]) -> None:
    """Clients get host:port pairs, whichever way the URL was written."""
    assert load_settings(broker=broker).bootstrap_servers == servers


def test_the_default_limits_are_the_documents_own() -> None:
    """A bound that nobody set is the one that `Limits()` has, and one that was set arrives."""
    assert load_settings().limits == Limits()
    assert load_settings(limit_depth=17).limits == Limits(depth=17)


def test_the_default_rules_are_the_detectors_own() -> None:
    """A rule that nobody set is the one that `Rules()` has, and each that was set arrives."""
    assert load_settings().rules == Rules()
    assert load_settings(detector_lag_threshold_records=7).rules == Rules(lag_limit_records=7)


def test_no_detector_setting_is_without_effect() -> None:
    """Changing any of them changes the rules, but for those that say whether, and how often it is kept."""
    no_rules = ("detector_enabled", "detector_snapshot_interval_s")
    for name in Settings.model_fields:
        if name.startswith("detector_") and name not in no_rules:
            default = getattr(load_settings(), name)
            changed = default / 2 if isinstance(default, float) else default + 1
            assert load_settings(**{name: changed}).rules != Rules(), name


def test_process_labels_come_from_the_settings_of_their_name() -> None:
    """Each label of the build info is a setting."""
    assert load_settings(git_commit="abc", region="eu").build_info == BuildInfo(
        service_name="stream-pool", git_commit="abc", region="eu"
    )


def test_every_setting_describes_itself_and_says_what_it_takes() -> None:
    """Documentation is made from the declarations, so none may be silent."""
    told = meanings()
    for name, field in Settings.model_fields.items():
        assert told[name], name
        assert allowed(field), name
        assert variable(name).startswith("STREAM_POOL_")


def test_every_default_is_itself_allowed() -> None:
    """Defaults written out as variables load to the same settings."""
    defaults = load_settings()
    assert load_settings(**{name: value for name, value in defaults if value is not None}) == defaults
