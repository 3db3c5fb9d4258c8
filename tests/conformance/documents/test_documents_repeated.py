"""Documents like those before: what a decoder remembers holds only where the bytes and the limits agree."""

import json
import re
from itertools import combinations
from typing import Any

import pytest

from stream_pool import Decoder, LimitExceeded, Limits, Pool, dumps

pytestmark = pytest.mark.usefixtures("implementation")

LOOSE = Limits()
SIGHTINGS = 4


def compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


@pytest.mark.parametrize("size", [*range(20), 63, 64, 65, 127, 128])
def test_a_text_of_any_length_is_itself_wherever_it_stands(size: int) -> None:
    """As a root, in arrays and objects, and at the very end of the input."""
    text = "abcdefghijklmnop"[: size % 16] + "z" * (size - size % 16)
    decoder = Decoder()
    for value in (text, [text], {"k": text}, {"k": {"l": [text, text]}, "m": text}, [[{"k": text}]]):
        raw = compact(value)
        for _ in range(SIGHTINGS):
            assert dumps(decoder.decode(raw)) == raw


def test_objects_that_lack_keys_of_those_before_them() -> None:
    """Any of seven members may be absent, in an object and in one within it."""
    members = {
        "id": 1,
        "status": "NEW",
        "note": None,
        "total": 1.5,
        "at": "2026-01-01T00:00:00Z",
        "x": {},
        "y": [],
    }
    decoder = Decoder()
    for count in (*range(8), *reversed(range(8))):
        for keys in combinations(members, count):
            some = {key: members[key] for key in keys}
            raw = compact({"all": members, "some": some, **some, "last": 0})
            assert dumps(decoder.decode(raw)) == raw


@pytest.mark.parametrize("absent", ["", "b", "f", "bf", "afi"])
def test_the_limit_of_keys_falls_on_the_first_key_too_many(absent: str) -> None:
    """In objects that come as expected, that lack keys, and that another decoder of the pool has seen."""
    order = {"a": 1, "b": {"c": 1, "d": {"e": 1, "f": 2}, "g": [{"h": 1, "i": 2}, {"h": 3}]}, "j": 4}

    def without(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: without(member) for key, member in value.items() if key not in absent}
        return [without(item) for item in value] if isinstance(value, list) else value

    pool = Pool(1000)
    whole, raw = compact(order), compact(without(order))
    for _ in range(SIGHTINGS):
        Decoder(pool=pool).decode(whole)
        Decoder(pool=pool).decode(raw)
    offsets = [match.start() for match in re.finditer(rb'"[a-j]":', raw)]
    for keys in range(len(offsets) + 2):
        decoder = Decoder(pool=pool, limits=Limits(keys=keys))
        for _ in range(SIGHTINGS):
            if keys >= len(offsets):
                assert dumps(decoder.decode(raw)) == raw
                continue
            with pytest.raises(LimitExceeded) as refused:
                decoder.decode(raw)
            assert (refused.value.reason, refused.value.offset) == ("keys_limit", offsets[keys])


@pytest.mark.parametrize("levels", [1, 2, 22, 23, 24, 25, 26, 47, 48, 49, 50, 63])
def test_the_limit_of_depth_falls_on_the_first_level_too_many(levels: int) -> None:
    """Nests of one layout within itself, and of a layout for each level."""
    for number, key in enumerate(("k", "k{}")):
        opening = "".join('{"' + key.format(level) + '":' for level in range(levels))
        raw = (opening + "7" + "}" * levels).encode()
        pool = Pool(1000)
        for _ in range(SIGHTINGS):
            assert dumps(Decoder(pool=pool).decode(raw)) == raw, number
        for depth in {1, levels - 1, levels, levels + 1} & set(range(1, LOOSE.depth)):
            decoder = Decoder(pool=pool, limits=Limits(depth=depth))
            for _ in range(2):
                if depth >= levels:
                    assert dumps(decoder.decode(raw)) == raw
                    continue
                with pytest.raises(LimitExceeded) as refused:
                    decoder.decode(raw)
                assert refused.value.offset == [at for at, byte in enumerate(raw) if byte == ord("{")][depth]


def test_an_object_that_came_before_keeps_the_limits_of_whoever_meets_it() -> None:
    """An address that another address of the document repeats, for decoders that allow less than it has."""
    address = {"street": "Garden Street", "lines": [1, 2, 3], "geo": {"lat": 1.5, "lon": 2.5}}
    raw = compact({"billing": address, "shipping": address})
    pool = Pool(1000)
    for _ in range(SIGHTINGS):
        document = Decoder(pool=pool).decode(raw)
        assert document["billing"] == document["shipping"]
    table = [
        (1, Limits(depth=2), "depth_limit"),
        (2, Limits(keys=11), "keys_limit"),
        (3, Limits(items=5), "items_limit"),
        (4, Limits(string_bytes=12), "string_bytes_limit"),
        (5, Limits(key_bytes=7), "key_bytes_limit"),
        (6, Limits(number_digits=1), "number_digits_limit"),
    ]
    for number, limits, reason in table:
        with pytest.raises(LimitExceeded) as refused:
            Decoder(pool=pool, limits=limits).decode(raw)
        assert refused.value.reason == reason, number
