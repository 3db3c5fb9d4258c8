"""Rewriting a document: the values that rules name are replaced, and every other byte stays.

A scanner of RFC 8259 rather than a parser, since a parser would not give back what it took: numbers longer
than it keeps, members that are there twice, escapes. It holds the places of the containers that are open, and
recurses nowhere. Where no rule names anything in a container its plain members are passed over in one go.
"""

import json
import re
from collections.abc import Callable

from stream_pool.incident.redaction.paths import State
from stream_pool.incident.redaction.rules import Action

_SPACE = r"[ \t\n\r]*+"
_STRING = r'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+"'
_NUMBER = r"-?+(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?+[0-9]++)?+"
_PLAIN = rf"(?:{_STRING}|{_NUMBER}|true|false|null)"

_VALUE = re.compile(rf"{_SPACE}({_PLAIN}|[\[{{])")
_NAME = re.compile(rf"{_SPACE}({_STRING}){_SPACE}:")
_BEHIND = re.compile(rf"{_SPACE}([,\]}}]|\Z)")
_CLOSING = re.compile(rf"{_SPACE}([\]}}])")
_MEMBERS = re.compile(rf"(?:{_SPACE}{_STRING}{_SPACE}:{_SPACE}{_PLAIN}{_SPACE},)*+")
_ITEMS = re.compile(rf"(?:{_SPACE}{_PLAIN}{_SPACE},)*+")


class NotJsonError(ValueError):
    """What was to be rewritten is no JSON."""


_END = {"{": "}", "[": "]"}


def rewrite(
    text: str,
    root: State,
    replace: Callable[[str, int], str],
    matched: Callable[[tuple[int, ...]], None],
) -> str:
    """A document in which `replace(token, action)` stands for each plain value that a rule names.

    `matched` is told the rules of each place that has some. Raises `NotJsonError`.
    """
    parts: list[str] = []
    taken = 0  # how much of the text is in the parts, as it was or replaced
    containers: list[tuple[State, int, str]] = []  # those that are open: state, action, closing bracket
    dropping: tuple[int, int] | None = None  # how many are open round the one that goes, where it begins
    state, action = root, 0
    at = 0
    while True:
        value = _match(_VALUE, text, at)
        token, begin, at = value[1], value.start(1), value.end()
        if state.rules:
            matched(state.rules)
            action = max(action, state.action)
        closing = _END.get(token)
        if closing is not None:
            if action == Action.DROP and dropping is None:
                dropping = len(containers), begin
            containers.append((state, action, closing))
        elif action and dropping is None:
            parts += text[taken:begin], replace(token, action)
            taken = at
        is_empty = closing is not None and _CLOSING.match(text, at)
        while closing is None or is_empty:
            mark = _match(_BEHIND, text, at)
            at = mark.end()
            if not mark[1] and not containers:
                return "".join([*parts, text[taken:]])
            if not containers:
                raise NotJsonError
            if mark[1] == ",":
                break
            if containers.pop()[2] != mark[1]:
                raise NotJsonError
            if dropping is not None and dropping[0] == len(containers):
                parts += text[taken : dropping[1]], "null"
                taken, dropping = at, None
            closing = None
        parent, action, end = containers[-1]
        is_plain = parent.is_dead and not (action and dropping is None)
        if end == "]":
            if is_plain:
                at = _match(_ITEMS, text, at).end()
            state = parent.item()
        else:
            if is_plain:
                at = _match(_MEMBERS, text, at).end()
            name = _match(_NAME, text, at)
            at = name.end()
            state = parent.member(_unescaped(name[1]))


def _match(pattern: re.Pattern[str], text: str, at: int) -> re.Match[str]:
    match = pattern.match(text, at)
    if match is None:
        raise NotJsonError
    return match


def _unescaped(token: str) -> str:
    if "\\" not in token:
        return token[1:-1]
    name: str = json.loads(token)
    return name
