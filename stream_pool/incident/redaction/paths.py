"""Which rules a place in a document is named by: an automaton over the steps to it, built as it is needed.

A state is a set of (rule, steps that were met). An item of an array has the state of the array, so that a
path goes through arrays by itself, and that of a member, so that `*` may stand for an item.

A document chooses which states there are, so what they hold is bounded: beyond `PLACES_AT_MOST` all are
forgotten, in the middle of a document too, and made again as they are met.
"""

from collections.abc import Iterable, Sequence
from weakref import WeakSet

from stream_pool.incident.redaction.rules import ANY_MANY, ANY_ONE, Action, Rule, Step

PLACES_AT_MOST = 500_000
"""Of all states together: some 40 MB."""

_Place = tuple[int, int]


class State:
    """A place in a document, for the rules. `rules` are those that name it, by number."""

    __slots__ = (
        "__weakref__",
        "_item",
        "_named",
        "_other",
        "_paths",
        "_places",
        "action",
        "is_dead",
        "rules",
    )

    def __init__(self, paths: "Paths", places: frozenset[_Place]) -> None:
        self._paths = paths
        self._places = places
        self.rules = tuple(sorted({rule for rule, met in places if met == len(paths.steps[rule])}))
        self.action: int = max((paths.actions[rule] for rule in self.rules), default=0)
        """The strictest of the rules' actions; 0 where there is no rule."""
        self.is_dead = len(self.rules) == len(places)
        """Whether nothing in it is named by a rule of its own."""
        self._named: dict[str, State | None] = {
            step: None for rule, met in places if isinstance(step := paths.step(rule, met), str)
        }
        self._other: State | None = None
        self._item: State | None = None

    def member(self, name: str) -> "State":
        """The state of a member."""
        if name not in self._named:
            if self._other is None:
                self._other = self._paths.state(self._met(None))
            return self._other
        if (state := self._named[name]) is None:
            state = self._named[name] = self._paths.state(self._met(name))
        return state

    def item(self) -> "State":
        """The state of an item, were this an array."""
        if self._item is None:
            done = {(rule, len(self._paths.steps[rule])) for rule in self.rules}
            self._item = self._paths.state((self._places - done) | self._met(None))
        return self._item

    def forget(self) -> None:
        """Let go of the states that were met from here."""
        self._named = dict.fromkeys(self._named)
        self._other = self._item = None

    def _met(self, name: str | None) -> set[_Place]:
        """What one step makes of the places; None is a name that no rule has."""
        met = set()
        for rule, at in self._places:
            step = self._paths.step(rule, at)
            if step is ANY_MANY:
                met.add((rule, at))
            elif step is ANY_ONE or (name is not None and step == name):
                met.add((rule, at + 1))
        return met


class Paths:
    """The paths of rules about values."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.steps: list[tuple[Step, ...]] = [rule.steps for rule in rules]
        self.actions: list[Action] = [rule.action for rule in rules]
        self._states: dict[frozenset[_Place], State] = {}
        self._alive: WeakSet[State] = WeakSet()
        self._places = 0
        self._reached: dict[_Place, set[_Place]] = {}
        self._left: dict[_Place, set[_Place]] = {}
        for rule, steps in enumerate(self.steps):
            self._take(rule, steps)
        self._root = self.state((rule, 0) for rule in range(len(rules)))

    def root(self) -> State:
        """The state of a whole document."""
        return self._root

    def step(self, rule: int, at: int) -> Step | None:
        """A step of a rule's path; None behind its last."""
        steps = self.steps[rule]
        return steps[at] if at < len(steps) else None

    def state(self, places: Iterable[_Place]) -> State:
        """The state that these places are."""
        key = self._closed(places)
        if (state := self._states.get(key)) is None:
            if self._places + len(key) > PLACES_AT_MOST:
                self._forget()
            state = self._states[key] = State(self, key)
            self._alive.add(state)
            self._places += len(key)
        return state

    def _take(self, rule: int, steps: tuple[Step, ...]) -> None:
        """What the place of each `**` reaches without a step, and which places it leaves behind.

        Those are all before: whatever they would come to, it comes to as well.
        """
        for at in range(len(steps)):
            end = at
            while self.step(rule, end) is ANY_MANY:
                end += 1
            if end > at:
                self._reached[rule, at] = {(rule, place) for place in range(at, end + 1)}
                self._left[rule, at] = {(rule, place) for place in range(end - 1)}

    def _closed(self, places: Iterable[_Place]) -> frozenset[_Place]:
        """The places, with what they reach and without what they leave behind."""
        closed, left = set(places), set[_Place]()
        for place in closed & self._reached.keys():
            closed |= self._reached[place]
            left |= self._left[place]
        return frozenset(closed - left)

    def _forget(self) -> None:
        """Begin anew. States that a document is in live on, each by itself."""
        for state in tuple(self._alive):
            state.forget()
        self._states = {}
        self._places = 0
