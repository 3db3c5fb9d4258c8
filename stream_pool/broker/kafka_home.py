"""Apache Kafka's jars: fetched once by Maven, then kept in the user's cache.

The directory of a version appears under its name only when it is complete (it is renamed into place), and a
file lock keeps two processes from fetching at once.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib.resources import files
from pathlib import Path

from stream_pool.broker.base import Say
from stream_pool.broker.process import Kennel, LeashedProcess

_POM = files("stream_pool.broker").joinpath("kafka.pom.xml")
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
_FETCH_TIMEOUT_S = 900.0


def kafka_version() -> str:
    """The version in our pom, which is the only place that names it."""
    found = re.search(r"<kafka\.version>([^<]+)<", _POM.read_text(encoding="utf-8"))
    assert found is not None
    return found[1]


def cached_jars() -> Path:
    """Where the jars are, or will be."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "stream-pool" / f"kafka-{kafka_version()}"


def fetch_jars(kennel: Kennel, maven: str, say: Say) -> Path:
    """The directory of the jars, filled first where it is not there yet: 54 MB, some seconds on a good line.

    Raises BrokerStartError with Maven's last words.
    """
    jars = cached_jars()
    if jars.is_dir():
        return jars
    jars.parent.mkdir(parents=True, exist_ok=True)
    with _locked(jars.with_suffix(".lock"), say):
        if jars.is_dir():
            return jars
        say(f"fetching Apache Kafka {kafka_version()} with Maven (54 MB, only once)")
        pom = kennel.write("pom.xml", _POM.read_text(encoding="utf-8"))
        incoming = jars.with_suffix(".incoming")
        shutil.rmtree(incoming, ignore_errors=True)
        command = [maven, "--batch-mode", "--file", str(pom), _COPY]
        command += [f"-DoutputDirectory={incoming}", "-DincludeScope=runtime"]
        kennel.run(command, log="maven.log", timeout_s=_FETCH_TIMEOUT_S, still_at_it=partial(_tell, say))
        incoming.rename(jars)
        say(f"kept in {jars}")
    return jars


def _tell(say: Say, maven: LeashedProcess) -> None:
    fetched = sum(" Downloaded from " in line for line in maven.log_lines())
    say(f"still fetching: {fetched} files so far")


@contextmanager
def _locked(path: Path, say: Say) -> Iterator[None]:
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another process that is fetching Apache Kafka")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
