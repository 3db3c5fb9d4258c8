"""Which broker is taken, and what is said when none can be."""

from collections.abc import Callable

import pytest

from stream_pool.broker import (
    Broker,
    BrokerMissingError,
    BrokerStartError,
    JavaBroker,
    Say,
    choose_broker,
    silent,
)
from stream_pool.broker.choose import MAKERS, BestBroker
from stream_pool.broker.docker import DockerBroker
from stream_pool.broker.embedded import EmbeddedBroker
from stream_pool.broker.external import ExternalBroker
from stream_pool.errors import ExitCode


class _Scripted(Broker):
    """A broker whose `start` does what the test says."""

    kind = "scripted"

    def __init__(self, name: str, on_start: Callable[[], None], ended: list[str]) -> None:
        self._name = name
        self._on_start = on_start
        self._ended = ended

    @property
    def version(self) -> str:
        return "1"

    @property
    def bootstrap_servers(self) -> str:
        return self._name

    def missing(self) -> str | None:
        return None

    def start(self) -> None:
        self._on_start()

    def stop(self) -> None:
        self._ended.append(self._name)


def _up() -> None:
    pass


def _missing() -> None:
    raise BrokerMissingError("needs a thing")


def _broken() -> None:
    raise BrokerStartError("died at once")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        pytest.param("docker", DockerBroker, id="1 docker"),
        pytest.param("java", JavaBroker, id="2 java"),
        pytest.param("embedded", EmbeddedBroker, id="3 embedded"),
        pytest.param("kafka://host:9092", ExternalBroker, id="4 a URL"),
        pytest.param("host:9092", ExternalBroker, id="5 host and port"),
        pytest.param("auto", BestBroker, id="6 the best"),
    ],
)
def test_a_kind_gives_its_broker(kind: str, expected: type[Broker], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each word means one kind; whatever has a port is an address."""
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
    assert type(choose_broker(kind)) is expected


def test_the_environment_names_the_best_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """`auto` takes the address in KAFKA_BOOTSTRAP_SERVERS and starts nothing of its own."""
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "one:9092,two:9092")
    chosen = choose_broker("auto")
    assert isinstance(chosen, ExternalBroker)
    assert chosen.bootstrap_servers == "one:9092,two:9092"


def test_an_explicit_kind_overrides_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever names a kind gets that kind."""
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "one:9092")
    assert isinstance(choose_broker("embedded"), EmbeddedBroker)


def test_an_unknown_kind_is_misuse_and_names_the_known_ones() -> None:
    """The message holds the word and what is allowed; the exit code is that of misuse."""
    with pytest.raises(BrokerMissingError, match="'dokcer': choose auto, docker, java, embedded") as caught:
        choose_broker("dokcer")
    assert caught.value.exit_code is ExitCode.MISUSE


def test_kafka_itself_is_preferred_to_the_stand_in() -> None:
    """A container first, then Java, and the embedded broker last."""
    assert list(MAKERS) == ["docker", "java", "embedded"]


@pytest.mark.parametrize(
    ("starts", "taken", "ended"),
    [
        pytest.param([_up, _up], "0", [], id="1 the first that comes up is taken"),
        pytest.param([_missing, _up], "1", ["0"], id="2 one that this machine cannot give is passed over"),
        pytest.param([_broken, _up], "1", ["0"], id="3 and so is one that fails"),
        pytest.param([_missing, _broken, _up], "2", ["0", "1"], id="4 both"),
    ],
)
def test_the_best_is_the_first_that_comes_up(
    starts: list[Callable[[], None]], taken: str, ended: list[str]
) -> None:
    """Those passed over are stopped before the next is tried, and the one taken when all ends."""
    stopped: list[str] = []
    best = _best(starts, stopped)
    best.start()
    assert (best.bootstrap_servers, stopped) == (taken, ended)
    best.stop()
    assert stopped == [*ended, taken]


def test_no_broker_at_all_says_why_for_each_kind() -> None:
    """The message tells what every kind lacked."""
    with pytest.raises(BrokerMissingError, match="no broker; 0: needs a thing; 1: died at once"):
        _best([_missing, _broken], []).start()


def test_a_failure_is_told_when_the_next_kind_is_tried() -> None:
    """A broker that should have come up and did not is never passed over in silence."""
    said: list[str] = []
    _best([_broken, _up], [], said.append).start()
    assert said == ["died at once; trying the next kind"]


def test_stopped_while_starting_tries_no_other_kind() -> None:
    """`stop` during a start ends it with that kind's own error, and is no reason to fall back."""
    stopped: list[str] = []

    def stop_and_break() -> None:
        best.stop()
        _broken()

    said: list[str] = []
    best = _best([stop_and_break, _up], stopped, said.append)
    with pytest.raises(BrokerStartError, match="died at once"):
        best.start()
    assert set(stopped) == {"0"}
    assert said == []


def test_a_broker_says_what_and_where_it_is() -> None:
    """The line that demos and test runs print."""
    assert str(_Scripted("host:9092", _up, [])) == "Apache Kafka 1 (scripted) at host:9092"


def _best(starts: list[Callable[[], None]], ended: list[str], say: Say = silent) -> BestBroker:
    scripted = {str(number): _Scripted(str(number), start, ended) for number, start in enumerate(starts)}
    return BestBroker({name: lambda _say, name=name: scripted[name] for name in scripted}, say)
