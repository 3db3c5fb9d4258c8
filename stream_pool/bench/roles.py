"""What a node of a cluster does for a group and its topic, and which node is to be killed next. Pure."""

import random
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """Whose loss is felt in a way of its own."""

    CONTROLLER = "controller"
    COORDINATOR = "group coordinator"
    LEADER = "leader"


@dataclass(frozen=True, slots=True)
class NodeRoles:
    """`leads`: partitions of the topic whose leader it is, of `partitions`."""

    roles: frozenset[Role]
    leads: int
    partitions: int

    def __str__(self) -> str:
        told = [str(role) for role in Role if role in self.roles - {Role.LEADER}]
        return ", ".join([*told, f"leader of {self.leads} of {self.partitions} partitions"])


def roles_of(
    nodes: Collection[int], *, controller: int, coordinator: int, leaders: Sequence[int]
) -> dict[int, NodeRoles]:
    """The roles of each node; `leaders` has one entry a partition."""
    return {
        node: NodeRoles(
            frozenset(
                role
                for role, holds in (
                    (Role.CONTROLLER, node == controller),
                    (Role.COORDINATOR, node == coordinator),
                    (Role.LEADER, node in leaders),
                )
                if holds
            ),
            leaders.count(node),
            len(leaders),
        )
        for node in nodes
    }


def next_to_kill(
    roles: Mapping[int, NodeRoles], left: Collection[int], hit: AbstractSet[Role], chance: random.Random
) -> int:
    """Of the nodes whose turn is `left`, one with the most roles that no kill has `hit` yet."""
    fresh = {node: len(roles[node].roles - hit) for node in sorted(left)}
    return chance.choice([node for node, count in fresh.items() if count == max(fresh.values())])
