"""Which node is killed next: each has its turn, and every role is hit soon."""

import random

import pytest

from stream_pool.bench.roles import NodeRoles, Role, next_to_kill, roles_of

ALL = roles_of([1, 2, 3], controller=2, coordinator=3, leaders=[1, 3, 3, 1])


def test_a_node_has_the_roles_that_the_cluster_gives_it() -> None:
    """And says so in a line, the partitions that it leads last."""
    assert ALL[1] == NodeRoles(frozenset({Role.LEADER}), 2, 4)
    assert [str(roles) for roles in ALL.values()] == [
        "leader of 2 of 4 partitions",
        "controller, leader of 0 of 4 partitions",
        "group coordinator, leader of 2 of 4 partitions",
    ]


@pytest.mark.parametrize(
    ("left", "hit", "expected"),
    [
        pytest.param([1, 2, 3], set(), {3}, id="1 most roles first"),
        pytest.param([1, 2], {Role.COORDINATOR, Role.LEADER}, {2}, id="2 a role that was not hit yet"),
        pytest.param([1, 3], set(Role), {1, 3}, id="3 chance among equals"),
        pytest.param([1], set(), {1}, id="4 whose turn is left"),
    ],
)
def test_next_to_kill(left: list[int], hit: set[Role], expected: set[int]) -> None:
    """Of the nodes whose turn is left, those with the most roles that no kill has hit."""
    chosen = {next_to_kill(ALL, left, hit, random.Random(seed)) for seed in range(20)}
    assert chosen == expected


def test_the_order_follows_the_seed() -> None:
    """A run can be repeated."""
    chosen = [next_to_kill(ALL, [3, 1, 2], set(Role), random.Random(7)) for _ in range(5)]
    assert len(set(chosen)) == 1
