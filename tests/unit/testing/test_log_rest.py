"""Whatever happens to its members, a group comes to rest with one owner for each partition."""

import asyncio

import pytest
from aiokafka import TopicPartition
from hypothesis import given, settings
from hypothesis import strategies as st
from log_world import Member, World, in_world

from stream_pool.testing.groups import GroupState

NAMES = st.sampled_from(["one", "two", "three"])
DEEDS = st.tuples(
    st.sampled_from(["start", "stop", "kill", "freeze", "thaw", "slow", "away", "rebalance", "commit"]),
    NAMES,
    st.sampled_from([0.0, 0.5, 3.0, 9.0]),
)


class Crowd:
    """Members that come and go; each life has a name of its own."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.alive: dict[str, Member] = {}
        self.frozen: list[str] = []
        self._lives = 0

    async def do(self, deed: str, name: str) -> None:
        member = self.alive.get(name)
        if deed == "start" and member is None:
            self._lives += 1
            self.alive[name] = self.world.member(f"{name}-{self._lives}")
        elif deed == "away":
            self.world.faults.add("broker_away", worker=member.worker if member else None, for_s=4)
        elif deed == "rebalance":
            self.world.log.group("group").rebalance()
        elif member is not None and deed != "start":
            getattr(self, f"_{deed}")(name, member)

    def rest(self) -> None:
        """Let all go well from now on."""
        self.world.faults.heal()
        for name in list(self.frozen):
            self._thaw(name, self.alive[name])
        for member in self.alive.values():
            member.slow_s = 0.0

    def _stop(self, name: str, member: Member) -> None:
        if name not in self.frozen:
            member.run(member.consumer.stop())
            del self.alive[name]

    def _kill(self, name: str, member: Member) -> None:
        member.kill()
        del self.alive[name]
        if name in self.frozen:
            self.frozen.remove(name)

    def _freeze(self, name: str, member: Member) -> None:
        if name not in self.frozen:
            self.frozen.append(name)
            self.world.loop.freeze(member.worker)

    def _thaw(self, name: str, member: Member) -> None:
        if name in self.frozen:
            self.frozen.remove(name)
            self.world.loop.thaw(member.worker)

    def _slow(self, name: str, member: Member) -> None:
        member.slow_s = 7.0

    def _commit(self, name: str, member: Member) -> None:
        if member.has and name not in self.frozen:
            commit = member.run(member.consumer.commit({TopicPartition("orders", member.has[0]): 1}))
            commit.add_done_callback(lambda done: done.cancelled() or done.exception())


@pytest.mark.parametrize("latency_s", [0.0, 0.02, 1.0])
@settings(deadline=None)
@given(deeds=st.lists(DEEDS, max_size=12))
def test_a_group_comes_to_rest(latency_s: float, deeds: list[tuple[str, str, float]]) -> None:
    """Every partition has one owner among those that live, and all of them have read all that is there."""

    async def story(world: World) -> None:
        for partition in range(4):
            for _ in range(5):
                world.log.append("orders", partition, b"x")
        crowd = Crowd(world)
        for deed, name, pause_s in [("start", "one", 0.1), *deeds]:
            await crowd.do(deed, name)
            await asyncio.sleep(pause_s)
        crowd.rest()
        await asyncio.sleep(300)
        group = world.log.group("group")
        owned = sorted(partition for member in crowd.alive.values() for partition in member.has)
        assert owned == ([0, 1, 2, 3] if crowd.alive else [])
        assert len(group.members) == len(crowd.alive)
        assert group.state is (GroupState.STABLE if crowd.alive else GroupState.EMPTY)
        for member in crowd.alive.values():
            assert {(partition, 4) for partition in member.has} <= set(member.read)

    in_world(story, latency_s=latency_s)


def test_the_same_seed_is_the_same_story() -> None:
    """Every time and every assignment."""

    async def story(world: World) -> list[object]:
        crowd = Crowd(world)
        told: list[object] = []
        world.log.on_commit.append(lambda *commit: told.append((world.loop.time(), commit)))
        for deed, name in [("start", "one"), ("start", "two"), ("freeze", "one"), ("start", "three")]:
            await crowd.do(deed, name)
            await asyncio.sleep(7)
            await crowd.do("commit", "two")
        crowd.rest()
        await asyncio.sleep(100)
        return [*told, world.loop.time(), [member.told for member in crowd.alive.values()]]

    assert in_world(story, latency_s=0.2, seed=3) == in_world(story, latency_s=0.2, seed=3)
    assert in_world(story, latency_s=0.2, seed=3) != in_world(story, latency_s=0.2, seed=4)
