"""What was deployed: how the build of each life of a worker differs from the one before it."""

from collections.abc import Iterator, Sequence

from stream_pool.incident.report.cited import Cited, EventRef
from stream_pool.incident.report.parts import Cell
from stream_pool.incident.report.story import Build, Life, Story

_TELLING = {"service_version", "git_commit", "deploy_id"}


def successions(lives: Sequence[Life]) -> Iterator[tuple[Life, Life | None]]:
    """Each life with the one that it follows: the same worker's, or else the latest that began before it."""
    latest: Life | None = None
    by_worker: dict[str, Life] = {}
    for life in sorted(lives, key=_begins):
        yield life, by_worker.get(life.worker, latest)
        by_worker[life.worker] = latest = life


def changed(before: Build, after: Build) -> list[tuple[str, str, str]]:
    """Name, value before and value after of everything that differs; empty where it is not set."""
    was, now = _told(before), _told(after)
    names = [*now, *(name for name in was if name not in now)]
    return [(name, was.get(name, ""), now.get(name, "")) for name in names if was.get(name) != now.get(name)]


def told(story: Story) -> Iterator[Cell]:
    """What is to be said where the log cannot tell of deploys."""
    builds = [life.build for life in story.members.lives if life.build is not None]
    if not builds:
        yield Cell("The log does not say what was deployed: a deploy shows as new lives of workers.")
    elif not any(build.labels.keys() & _TELLING for build in builds):
        yield Cell(
            "No worker said what was deployed on it: STREAM_POOL_SERVICE_VERSION, _GIT_COMMIT or _DEPLOY_ID "
            "do. A deploy shows as new lives of workers.",
            Cited.one(builds[-1].ref),
        )


def _begins(life: Life) -> EventRef:
    """Where a life says what it is, be it long before the story begins; else where it is first seen."""
    return life.first.cited.events[0] if life.build is None else life.build.ref


def _told(build: Build) -> dict[str, str]:
    return {name: str(value) for name, value in build.labels.items()} | {"stream-pool": build.version}
