"""Rules as they are written, and what they say."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from stream_pool.errors import MisuseError

RULES_AT_MOST = 500
_STEPS_AT_MOST = 64
_ANY_MANY_AT_MOST = 2
"""With each more a document can tell a rule's states apart in more ways, and every state costs time."""
_STEP = re.compile(r'"(?:[^"\\]|\\.)*+"|[^."]++')


class Action(IntEnum):
    """What becomes of a value, from what tells most to what tells least."""

    KEEP_SHAPE = 1
    HASH = 2
    MASK = 3
    DROP = 4

    @property
    def word(self) -> str:
        """As a rule names it."""
        return self.name.lower().replace("_", "-")


_ACTIONS = {action.word: action for action in Action}


class AnyOne:
    """The step `*`."""


class AnyMany:
    """The step `**`."""


ANY_ONE = AnyOne()
ANY_MANY = AnyMany()
Step = str | AnyOne | AnyMany


class RuleError(MisuseError):
    """A rule that says nothing."""

    reason = "redaction_rule"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; `text` as it was given.

    `part` of the record; `steps` into its value, or None. `header` is its name in lower case, `*` for all.
    """

    text: str
    action: Action
    part: Literal["key", "header", "value"]
    steps: tuple[Step, ...] = ()
    header: str = ""


def parse_rules(texts: Iterable[str]) -> tuple[Rule, ...]:
    """The rules of several lines: empty ones, and those that begin with #, are none. Raises `RuleError`."""
    rules = tuple(parse_rule(line) for text in texts if (line := text.strip()) and not line.startswith("#"))
    if len(rules) > RULES_AT_MOST:
        raise RuleError(f"{len(rules)} rules: {RULES_AT_MOST} are allowed")
    return rules


def parse_rule(text: str) -> Rule:
    """The rule that a line is. Raises `RuleError`."""
    path, colon, word = (part.strip() for part in text.rpartition(":"))
    if not colon or not path:
        raise RuleError(f"{text!r} is no rule: PATH: ACTION, such as order.customer.*: hash")
    action = _ACTIONS.get(word)
    if action is None:
        raise RuleError(f"{text!r}: {word!r} is no action: {', '.join(_ACTIONS)} are")
    text = f"{path}: {word}"
    if path == "key":
        return Rule(text, action, "key")
    if path.startswith("header."):
        return Rule(text, action, "header", header=path.removeprefix("header.").lower())
    steps = _steps(text, path)
    if steps[0] == "key" and path.startswith("key"):
        raise RuleError(f"{text!r}: a key is taken whole; value.{path} is in the value")
    if steps[0] == "value" and path.startswith("value"):
        steps = steps[1:]
    return Rule(text, action, "value", steps)


def _steps(text: str, path: str) -> tuple[Step, ...]:
    steps: list[Step] = []
    at = 0
    while True:
        match = _STEP.match(path, at)
        if match is None:
            raise RuleError(f"{text!r}: no step of a path at {path[at:]!r}")
        steps.append(_step(text, match.group()))
        at = match.end()
        if at == len(path):
            break
        if path[at] != ".":
            raise RuleError(f"{text!r}: a dot should stand at {path[at:]!r}")
        at += 1
    if len(steps) > _STEPS_AT_MOST:
        raise RuleError(f"{text!r}: {len(steps)} steps, {_STEPS_AT_MOST} are allowed")
    if (count := steps.count(ANY_MANY)) > _ANY_MANY_AT_MOST:
        raise RuleError(f"{text!r}: {count} times **, {_ANY_MANY_AT_MOST} are allowed")
    return tuple(steps)


def _step(text: str, word: str) -> Step:
    if word == "*":
        return ANY_ONE
    if word == "**":
        return ANY_MANY
    if "*" in word and not word.startswith('"'):
        raise RuleError(f"{text!r}: a star stands alone; a name that has one is written in quotes")
    if not word.startswith('"'):
        return word
    try:
        name: str = json.loads(word)
    except ValueError as error:
        raise RuleError(f"{text!r}: {word} is no JSON string: {error}") from error
    return name
