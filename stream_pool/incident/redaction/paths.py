"""Which rules a place in a document is named by: an automaton over the steps to it, built as it is needed.

A state is a set of (rule, steps that were met). An item of an array has the state of the array, so that a
path goes through arrays by itself, and that of a member, so that `*` may stand for an item.
"""

from collections.abc import Iterable, Sequence

from stream_pool.incident.redaction.rules import ANY_MANY, ANY_ONE, Action, Rule, Step

STATES_AT_MOST = 10_000

_Place = tuple[int, int]


class State:
    """A place in a document, for the rules. `rules` are those that name it, by number."""

    __slots__ = ("_item", "_named", "_other", "_paths", "_places", "action", "is_dead", "rules")

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
        self._root = self._begin()

    def root(self) -> State:
        """The state of a whole document."""
        if len(self._states) > STATES_AT_MOST:
            self._root = self._begin()
        return self._root

    def step(self, rule: int, at: int) -> Step | None:
        """A step of a rule's path; None behind its last."""
        steps = self.steps[rule]
        return steps[at] if at < len(steps) else None

    def state(self, places: Iterable[_Place]) -> State:
        """The state that these places are."""
        closed = set(places)
        for rule, at in tuple(closed):
            while self.step(rule, at) is ANY_MANY:
                at += 1
                closed.add((rule, at))
        key = frozenset(closed)
        if (state := self._states.get(key)) is None:
            state = self._states[key] = State(self, key)
        return state

    def _begin(self) -> State:
        self._states = {}
        return self.state((rule, 0) for rule in range(len(self.steps)))
