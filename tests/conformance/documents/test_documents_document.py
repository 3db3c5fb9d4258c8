"""What a Document is to whoever holds one: a read-only mapping in all of Python's ways, at any depth."""

import copy
import json
import pickle
from collections import OrderedDict, UserDict
from collections.abc import Mapping, MutableMapping, Sequence
from types import MappingProxyType
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_pool import Decoder, Document, Limits, dumps, loads
from stream_pool.documents import default

pytestmark = pytest.mark.usefixtures("implementation")

RAW = b'{"order":{"id":7,"items":[1,2,{"sku":"a"}],"note":null},"total":1.5}'
DEEPEST = 1024


@pytest.fixture
def document() -> Any:
    return loads(RAW)


def test_reads_like_a_mapping(document: Any) -> None:
    """Keys in the input's order, values by key, views, membership, length."""
    assert isinstance(document, Mapping)
    assert not isinstance(document, (MutableMapping, Sequence, dict, list, tuple))
    assert list(document) == ["order", "total"]
    assert list(reversed(document)) == ["total", "order"]
    assert document["order"]["items"] == (1, 2, {"sku": "a"})
    assert len(document) == 2
    assert "total" in document
    assert "id" not in document
    assert document.get("nothing", 3) == 3
    assert document.keys() & {"total"} == {"total"}
    assert list(document.values())[1] == 1.5
    assert ("total", 1.5) in document.items()
    assert dict(document) == document
    assert {**document} == document
    with pytest.raises(KeyError, match="nothing"):
        document["nothing"]


def test_matches_as_a_mapping(document: Any) -> None:
    """`match` takes it for a mapping, with a rest, and its arrays for sequences."""
    match document:
        case {"order": {"items": [first, *_, {"sku": sku}]}, **rest}:
            assert (first, sku, rest) == (1, "a", {"total": 1.5})
        case _:
            pytest.fail("no match")
    match document:
        case [*_]:
            pytest.fail("taken for a sequence")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda d: setattr(d, "x", 1), id="1 a new attribute"),
        pytest.param(lambda d: setattr(d, "keys", None), id="2 a method"),
        pytest.param(lambda d: setattr(d, "__class__", dict), id="3 its class"),
        pytest.param(lambda d: delattr(d, "keys"), id="4 without a method"),
        pytest.param(lambda d: d.__setitem__("total", 2), id="5 a member"),
        pytest.param(lambda d: d.pop("total"), id="6 without a member"),
        pytest.param(lambda d: d.update(total=2), id="7 members"),
    ],
)
def test_cannot_be_changed(document: Any, change: Any) -> None:
    """Neither attributes nor members can be set or deleted."""
    with pytest.raises(AttributeError):
        change(document)
    assert document == json.loads(RAW) | {"order": loads(RAW)["order"]}


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: Document(), id="1 empty"),
        pytest.param(lambda: Document({"a": 1}), id="2 from a dict"),
        pytest.param(lambda: Document.__new__(Document), id="3 by __new__"),
        pytest.param(lambda: copy.copy(Document)(), id="4 by a copied class"),
        pytest.param(lambda: type("Mine", (Document,), {}), id="5 as a subclass"),
    ],
)
def test_cannot_be_made_by_hand(make: Any) -> None:
    """A Document comes from a decoder."""
    with pytest.raises(TypeError, match="Document"):
        make()


EQUALITY: list[tuple[str, bytes, Any, bool]] = [
    ("1 a dict", b'{"a":1}', {"a": 1}, True),
    ("2 another order", b'{"a":1,"b":2}', {"b": 2, "a": 1}, True),
    ("3 any mapping", b'{"a":1}', OrderedDict(a=1), True),
    ("4 a mapping that is no dict", b'{"a":1}', MappingProxyType({"a": 1}), True),
    ("5 a mapping of mappings that are no dicts", b'{"a":{"b":1}}', UserDict(a=UserDict(b=1)), True),
    ("6 arrays are tuples", b'{"a":[1]}', {"a": (1,)}, True),
    ("7 and no lists", b'{"a":[1]}', {"a": [1]}, False),
    ("8 nested dicts in tuples", b'{"a":[{"b":[]}]}', {"a": ({"b": ()},)}, True),
    ("9 numbers by value", b'{"a":1,"b":1.0,"c":true}', {"a": 1.0, "b": True, "c": 1}, True),
    ("10 a missing key", b'{"a":1}', {}, False),
    ("11 a key more", b'{"a":1}', {"a": 1, "b": 2}, False),
    ("12 another key", b'{"a":null}', {"b": None}, False),
    ("13 another value", b'{"a":1}', {"a": 2}, False),
    ("14 a longer array", b'{"a":[1]}', {"a": (1, 2)}, False),
    ("15 no mapping", b"{}", (), False),
    ("16 none at all", b"{}", None, False),
    ("17 an object and an array", b'{"a":{}}', {"a": ()}, False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "other", "equal"), [case[1:] for case in EQUALITY], ids=[case[0] for case in EQUALITY]
)
def test_equality(raw: bytes, other: Any, equal: bool) -> None:
    """`==` is Python's own, element by element, from either side."""
    document = loads(raw)
    assert (document == other) is equal
    assert (other == document) is equal
    assert (document != other) is not equal
    assert (loads(raw) == document) is True


def test_equality_asks_a_mapping_for_nothing_it_lacks() -> None:
    """Comparing with a defaultdict does not add to it."""
    from collections import defaultdict

    other: defaultdict[str, int] = defaultdict(int, b=0)
    assert loads(b'{"a":0}') != other
    assert dict(other) == {"b": 0}


HASHES: list[tuple[str, bytes, bytes]] = [
    ("1 the same", b'{"a":[1,{"b":2}]}', b'{"a":[1,{"b":2}]}'),
    ("2 another order", b'{"a":1,"b":2}', b'{"b":2,"a":1}'),
    ("3 another order below", b'{"x":[{"a":1,"b":2}]}', b'{"x":[{"b":2,"a":1}]}'),
    ("4 numbers by value", b'{"a":1,"b":[true,0.0]}', b'{"b":[1.0,-0.0],"a":true}'),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), [case[1:] for case in HASHES], ids=[case[0] for case in HASHES])
def test_equal_documents_have_equal_hashes(one: bytes, other: bytes) -> None:
    """So a set keeps one of them."""
    assert loads(one) == loads(other)
    assert len({loads(one), loads(other)}) == 1


def test_different_documents_differ_in_hash() -> None:
    """Keys, values, structure and nesting all count."""
    raws = [
        b"{}",
        b'{"a":1}',
        b'{"b":1}',
        b'{"a":2}',
        b'{"a":[1]}',
        b'{"a":{"a":1}}',
        b'{"a":[[1]]}',
        b'{"a":"1"}',
    ]
    assert len({hash(loads(raw)) for raw in raws}) == len(raws)


def test_union_gives_a_dict(document: Any) -> None:
    """`|` with any mapping, from either side; the right one wins; nothing else joins."""
    assert document | {"total": 2, "x": 1} == {"order": document["order"], "total": 2, "x": 1}
    assert {"total": 2, "x": 1} | document == {"total": 1.5, "x": 1, "order": document["order"]}
    assert type(document | document) is dict
    with pytest.raises(TypeError):
        document | [("a", 1)]
    with pytest.raises(TypeError):
        [("a", 1)] | document


def test_copies_are_the_document_itself(document: Any) -> None:
    """What cannot change need not be copied."""
    assert copy.copy(document) is document
    assert copy.deepcopy(document) is document
    assert copy.deepcopy([document])[0] is document


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles(document: Any, protocol: int) -> None:
    """Every protocol gives an equal document, in the same order."""
    again = pickle.loads(pickle.dumps(document, protocol))
    assert again == document
    assert dumps(again) == dumps(document)
    assert type(again) is Document


def test_to_dict_is_deep_and_new(document: Any) -> None:
    """Dicts and lists all the way down: what json.loads gives, with nothing shared between two."""
    plain = document.to_dict()
    assert plain == json.loads(RAW)
    assert list(plain) == list(json.loads(RAW))
    plain["order"]["items"].append(4)
    assert document.to_dict() == json.loads(RAW)


PATHS: list[tuple[str, tuple[str | int, ...], Any]] = [
    ("1 nowhere", (), json.loads(RAW) | {"order": loads(RAW)["order"]}),
    ("2 a key", ("total",), 1.5),
    ("3 keys and a position", ("order", "items", 2, "sku"), "a"),
    ("4 a position from the end", ("order", "items", -3), 1),
    ("5 a null that is there", ("order", "note"), None),
]
ASTRAY: list[tuple[str, tuple[str | int, ...], tuple[str | int, ...]]] = [
    ("1 a key that is not there", ("order", "x", "y"), ("order", "x")),
    ("2 a position outside", ("order", "items", 3), ("order", "items", 3)),
    ("3 a key into an array", ("order", "items", "sku"), ("order", "items", "sku")),
    ("4 a position into an object", (0,), (0,)),
    ("5 into a scalar", ("total", "x"), ("total", "x")),
    ("6 a position into a string", ("order", "items", 2, "sku", 0), ("order", "items", 2, "sku", 0)),
    ("7 into null", ("order", "note", "x"), ("order", "note", "x")),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value"), [case[1:] for case in PATHS], ids=[case[0] for case in PATHS])
def test_at(document: Any, path: tuple[str | int, ...], value: Any) -> None:
    """A path of keys and positions leads to its value, whatever the default."""
    assert document.at(*path) == value
    assert document.at(*path, default="other") == value


@pytest.mark.parametrize(
    ("path", "followed"), [case[1:] for case in ASTRAY], ids=[case[0] for case in ASTRAY]
)
def test_at_astray(document: Any, path: tuple[str | int, ...], followed: tuple[str | int, ...]) -> None:
    """A path that leads nowhere gives the default, or a KeyError with the path as far as it went."""
    assert document.at(*path, default=None) is None
    assert document.at(*path, default=0) == 0
    with pytest.raises(KeyError) as caught:
        document.at(*path)
    assert caught.value.args == (followed,)


def test_repr_is_for_a_person() -> None:
    """It shows the first levels and members, and stays short whatever is in there."""
    assert repr(loads(b'{"a":[1,{"b":[]}],"c":{"d":{"e":{"f":1}}}}')) == (
        "Document({'a': (1, {'b': ()}), 'c': {'d': {'e': {…}}}})"
    )
    assert repr(loads(b'{"a":[1]}')) == "Document({'a': (1,)})"
    assert repr(loads(b"{}")) == "Document({})"
    wide = loads(
        json.dumps({f"{n}" * 300: ["x" * 10_000, 10**900, list(range(99))] for n in range(99)}).encode()
    )
    assert len(repr(wide)) < 4000
    assert repr(wide).endswith("…})")


def test_serializers_that_do_not_know_it_fail(document: Any) -> None:
    """They never write something wrong; with `default` they write the document."""
    with pytest.raises(TypeError):
        json.dumps(document)
    with pytest.raises(TypeError):
        orjson.dumps(document)
    assert json.loads(json.dumps([document], default=default)) == [json.loads(RAW)]
    assert orjson.dumps(document, default=default) == RAW
    with pytest.raises(TypeError, match="set"):
        json.dumps({1, 2}, default=default)


def test_dumps_writes_compact_utf8() -> None:
    """No spaces, the input's order, only what must be escaped is; every scalar as Python writes it."""
    raw = '{"é":"€\\"\\n\\u0001","z":[1,-0.0,1e+100,true,null,{},[]],"a":12345678901234567890123}'.encode()
    assert dumps(loads(raw)) == raw
    assert [dumps(value) for value in (None, True, 0, "x", (1, (2,)))] == [
        b"null",
        b"true",
        b"0",
        b'"x"',
        b"[1,[2]]",
    ]


@pytest.mark.parametrize(
    ("value", "error"),
    [
        pytest.param({"a": 1}, TypeError, id="1 a dict"),
        pytest.param([1], TypeError, id="2 a list"),
        pytest.param(({1},), TypeError, id="3 a set in a tuple"),
        pytest.param(float("nan"), ValueError, id="4 NaN"),
        pytest.param((float("-inf"),), ValueError, id="5 an infinity"),
        pytest.param("\ud800", ValueError, id="6 a lone surrogate"),
        pytest.param(OrderedDict(), TypeError, id="7 another mapping"),
    ],
)
def test_dumps_refuses_what_no_decoder_gives(value: Any, error: type[Exception]) -> None:
    """Rather an error than text that does not come back as it was."""
    with pytest.raises(error):
        dumps(value)


@given(
    st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text(st.characters(codec="utf-8"))
)
def test_scalars_come_back_exactly(value: Any) -> None:
    """Every float, integer and string survives being written and read."""
    again = loads(dumps((value,)))[0]
    assert again == value
    assert type(again) is type(value)
    assert repr(again) == repr(value)


DEEP: list[tuple[str, bytes]] = [
    ("1 objects", b'{"a":' * (DEEPEST - 1) + b"{}" + b"}" * (DEEPEST - 1)),
    ("2 arrays in an object", b'{"a":' + b"[" * (DEEPEST - 1) + b"]" * (DEEPEST - 1) + b"}"),
    ("3 both by turns", b'{"a":[' * (DEEPEST // 2) + b"]}" * (DEEPEST // 2)),
]


@pytest.mark.parametrize("raw", [case[1] for case in DEEP], ids=[case[0] for case in DEEP])
def test_the_deepest_document_does_all_that_any_does(raw: bytes) -> None:
    """1,024 levels decode, compare, hash, pickle, copy, print, serialize, convert and go away again."""
    decoder = Decoder(limits=Limits(depth=DEEPEST))
    one, other = decoder.decode(raw), decoder.decode(raw)
    assert one == other
    assert hash(one) == hash(other)
    assert pickle.loads(pickle.dumps(one)) == one
    assert copy.deepcopy(one) is one
    assert len(repr(one)) < 100
    assert dumps(one) == raw
    assert _depth(one.to_dict()) == DEEPEST
    assert one.at(*_way_down(one)) in ({}, ())
    del one, other


def _way_down(value: Any) -> list[str | int]:
    path: list[str | int] = []
    while value:
        path.append(step := "a" if isinstance(value, Mapping) else 0)
        value = value[step]
    return path


def _depth(value: Any) -> int:
    depth = 0
    while isinstance(value, (dict, list)):
        depth += 1
        value = next(iter(value.values() if isinstance(value, dict) else value), None)
    return depth
