"""Every value that an event may have, for the rooms whose tests must hold for all of them."""

import types
from dataclasses import fields, is_dataclass
from enum import StrEnum
from math import isfinite
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from stream_pool.events import Scalar


def strategy_of(hint: Any) -> st.SearchStrategy[Any]:
    """Every value that a type hint of an event admits and JSON can carry without loss."""
    integers = st.integers(-(2**53), 2**53)
    floats = st.floats(allow_nan=False, allow_infinity=False)
    origin, arguments = get_origin(hint), get_args(hint)
    if hint == Scalar:
        return st.one_of(st.text(), integers, floats, st.booleans(), st.none())
    if hint in (str, int, float, bool):
        return {str: st.text(), int: integers, float: floats, bool: st.booleans()}[hint]
    if origin is Annotated:
        top = arguments[1].maximum
        return st.floats(0, top) if isfinite(top) else strategy_of(arguments[0]).map(abs)
    if origin in (Union, types.UnionType):
        return st.none() | strategy_of(arguments[0])
    if origin is Literal:
        return st.sampled_from(arguments)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return st.sampled_from(list(hint))
    if origin is tuple and arguments[-1] is Ellipsis:
        return st.lists(strategy_of(arguments[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*map(strategy_of, arguments))
    if origin is dict:
        return st.dictionaries(st.text(), strategy_of(arguments[1]), max_size=3)
    assert is_dataclass(hint)
    hints = get_type_hints(hint, include_extras=True)
    return st.builds(hint, **{field.name: strategy_of(hints[field.name]) for field in fields(hint)})
