"""The account of all records that were ever reported on: how many counted, how many came again, how many
never.

It is kept as the reports come, so it outlives the partitions that it is about. Positions are counted, by
`stream_pool.signals.Coverage`: from the first that was reported of a partition to the last, each is either
counted or unobserved.
"""

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from stream_pool.signals import Covered

if TYPE_CHECKING:
    from stream_pool.detection.state import State

MAX_TOPICS = 1_000


@dataclass(slots=True)
class Account:
    """Positions that counted (once each), those that were reported again, and those never observed.

    A position that is reported three times counts once and is repeated twice.
    """

    counted: int = 0
    repeated: int = 0
    unobserved: int = 0

    def add(self, covered: Covered) -> None:
        """Takes in what one report's range did to its partition's account."""
        self.counted += covered.fresh
        self.repeated += covered.repeated
        self.unobserved += covered.unobserved

    def absorb(self, other: "Account") -> None:
        """Adds another account."""
        self.counted += other.counted
        self.repeated += other.repeated
        self.unobserved += other.unobserved


@dataclass(slots=True)
class Accounts:
    """An account a topic, in the order of their first reports; of more than `MAX_TOPICS` the first go into
    `others`."""

    topics: OrderedDict[str, Account] = field(default_factory=OrderedDict)
    others: Account = field(default_factory=Account)

    def add(self, topic: str, covered: Covered) -> None:
        """Takes in what one report's range did to its partition's account."""
        account = self.topics.get(topic)
        if account is None:
            if len(self.topics) >= MAX_TOPICS:
                self.others.absorb(self.topics.popitem(last=False)[1])
            account = self.topics[topic] = Account()
        account.add(covered)


def account(state: "State") -> Account:
    """The account of all topics together."""
    total = Account()
    total.absorb(state.accounts.others)
    for each in state.accounts.topics.values():
        total.absorb(each)
    return total


def account_by_topic(state: "State") -> dict[str, Account]:
    """The account of each topic that is still known by name."""
    return {topic: replace(each) for topic, each in state.accounts.topics.items()}
