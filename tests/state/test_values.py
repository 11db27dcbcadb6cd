"""Author values come back from storage equal and of the same types at every level."""

from __future__ import annotations

import contextlib
import enum
import random
import struct
from collections import Counter, OrderedDict, defaultdict, namedtuple
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Context, Decimal, localcontext
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from uproot_aio.errors import StorageError
from uproot_aio.state import values
from uproot_aio.state.identifiers import (
    GroupIdentifier,
    ModelIdentifier,
    PlayerIdentifier,
    SessionIdentifier,
)

names = st.from_regex(r"[A-Za-z0-9_-]{1,12}", fullmatch=True)
zones = st.one_of(
    st.none(),
    st.sampled_from([UTC, ZoneInfo("Europe/Zurich"), ZoneInfo("America/New_York"), ZoneInfo("UTC")]),
    st.builds(timezone, st.timedeltas(timedelta(hours=-23), timedelta(hours=23))),
    st.builds(timezone, st.timedeltas(timedelta(hours=-23), timedelta(hours=23)), st.text(max_size=5)),
)
texts = st.text(st.characters(codec=None, categories=None))
hashable_atoms = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**200), 2**200),
    st.sampled_from([-(2**63) - 1, -(2**63), 2**63, 2**64 - 1, 2**64]),
    st.floats(),
    texts,
    st.binary(),
    st.complex_numbers(),
    st.decimals(allow_nan=False),
    st.sampled_from([Decimal("NaN"), Decimal("-NaN42"), Decimal("-0"), Decimal("0E+7"), Decimal("1.10")]),
    st.dates(),
    st.datetimes(timezones=zones, allow_imaginary=True) | st.datetimes().map(lambda at: at.replace(fold=1)),
    st.times(timezones=zones),
    st.timedeltas(),
    st.uuids(),
    st.builds(SessionIdentifier, names),
    st.builds(PlayerIdentifier, names, names),
    st.builds(GroupIdentifier, names, names),
    st.builds(ModelIdentifier, names, names),
)
hashables = st.recursive(
    hashable_atoms,
    lambda parts: st.lists(parts, max_size=4).map(tuple) | st.frozensets(parts, max_size=4),
    max_leaves=6,
)


@st.composite
def generators(draw: st.DrawFn) -> random.Random:
    generator = random.Random(draw(st.integers()))
    if draw(st.booleans()):
        generator.gauss(0, 1)
    return generator


storable = st.recursive(
    hashables | st.binary().map(bytearray) | generators() | st.just(Decimal("sNaN123")),
    lambda parts: st.one_of(
        st.lists(parts, max_size=5),
        st.lists(parts, max_size=5).map(tuple),
        st.sets(hashables, max_size=5),
        st.dictionaries(hashables, parts, max_size=5),
        st.dictionaries(texts, parts, max_size=5),
    ),
    max_leaves=12,
)
thorough = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def same(a: Any, b: Any) -> bool:
    """Return whether two values are equal and of identical types at every level; NaN is the same as NaN."""
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return struct.pack(">d", a) == struct.pack(">d", b)
    if isinstance(a, complex):
        return same(a.real, b.real) and same(a.imag, b.imag)
    if isinstance(a, Decimal):
        return bool(a.as_tuple() == b.as_tuple())
    if isinstance(a, datetime | time):
        naive = a.replace(tzinfo=None) == b.replace(tzinfo=None)
        return naive and a.fold == b.fold and same_zone(a.tzinfo, b.tzinfo)
    if isinstance(a, random.Random):
        return bool(a.getstate() == b.getstate())
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, set | frozenset):
        return len(a) == len(b) and all(any(same(x, y) for y in b) for x in a)
    if isinstance(a, dict):
        return same(list(a.items()), list(b.items()))
    return bool(a == b)


def same_zone(a: tzinfo | None, b: tzinfo | None) -> bool:
    if isinstance(a, timezone) and isinstance(b, timezone):
        return a.utcoffset(None) == b.utcoffset(None) and a.tzname(None) == b.tzname(None)
    return a is b


def mutate(value: Any) -> int:
    """Change every mutable part in place and return how many there were."""
    if isinstance(value, bytearray):
        value.append(1)
        return 1
    if isinstance(value, random.Random):
        value.random()
        return 1
    if isinstance(value, set):
        changed = sum(map(mutate, list(value)))
        value.add(object())
        return 1 + changed
    if isinstance(value, tuple | frozenset):
        return sum(map(mutate, value))
    if isinstance(value, list):
        changed = sum(map(mutate, value))
        value.append(None)
        return 1 + changed
    if isinstance(value, dict):
        changed = sum(map(mutate, [*value.keys(), *value.values()]))
        value[object()] = None
        return 1 + changed
    return 0


@thorough
@given(storable)
def test_any_storable_value_comes_back_equal_and_of_the_same_types(value: object) -> None:
    blob = values.encode(value)

    back = values.decode(blob)

    assert same(back, value)
    assert values.encode(back) == blob


@thorough
@given(storable)
def test_changing_a_copy_in_every_part_leaves_the_original_as_it_was(value: object) -> None:
    before = values.encode(value)
    twin = values.copy(value)
    assert same(twin, value)

    changed = mutate(twin)

    assert values.encode(value) == before
    assert values.is_immutable(value) == (changed == 0)


@thorough
@given(st.lists(hashable_atoms, max_size=8), st.randoms(use_true_random=False))
def test_equal_sets_have_equal_bytes_in_whatever_order_they_were_filled(
    members: list[object], order: random.Random
) -> None:
    one = set(members)
    shuffled = list(one)
    order.shuffle(shuffled)

    other: set[object] = set()
    for member in shuffled:
        other.add(member)

    assert values.encode(other) == values.encode(one)
    assert values.encode([frozenset(other)]) == values.encode([frozenset(one)])


@thorough
@given(
    st.binary(max_size=60)
    | st.builds(bytes.__add__, st.sampled_from([b"\xc7\x07", b"\xd4", b"\x92"]), st.binary())
)
def test_arbitrary_bytes_are_read_or_refused_with_a_storage_error(blob: bytes) -> None:
    with contextlib.suppress(StorageError):
        values.decode(blob)


@thorough
@given(storable, st.data())
def test_damaged_bytes_are_read_or_refused_with_a_storage_error(value: object, data: st.DataObject) -> None:
    blob = bytearray(values.encode(value))
    at = data.draw(st.integers(0, len(blob) - 1))
    blob[at] = data.draw(st.integers(0, 255))

    with contextlib.suppress(StorageError):
        values.decode(bytes(blob))


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        b"\xc1",
        b"\x01\x01",
        b"\xdd\xff\xff\xff\xff",
        b"\xa1\xff",
        b"\x91" * 100_000,
        b"\xd4\x64\x00",
        b"\xd4\x0b\x90",
    ],
)
def test_garbage_is_refused_with_a_storage_error(blob: bytes) -> None:
    with pytest.raises(StorageError, match=r"^A stored value (cannot be read|is of kind 100)"):
        values.decode(blob)


def test_a_time_zone_unknown_to_this_machine_is_named() -> None:
    blob = values.encode(datetime(2026, 1, 1, tzinfo=ZoneInfo("Europe/Zurich")))

    with pytest.raises(StorageError, match=r"time zone 'Europe/Zurixx', which this machine does not know"):
        values.decode(blob.replace(b"Zurich", b"Zurixx"))


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (5, "05"),
        ("é", "a2c3a9"),
        ([1, None, b"x"], "9301c0c40178"),
        ({"b": 1, "a": 2}, "82a16201a16102"),
        (2**64, "c70901010000000000000000"),
        ("\ud800", "c70302eda080"),
        (1 + 2j, "c7130392cb3ff0000000000000cb4000000000000000"),
        (bytearray(b"ab"), "d5046162"),
        (Decimal("1e5"), "d605" + b"1E+5".hex()),
        (date(2026, 2, 3), "c7060693cd07ea0203"),
        (datetime(2026, 2, 3, 4, 5, 6, 7, UTC), "c70d0799cd07ea020304050607009100"),
        (time(1, 2, 3, 4, fold=1), "c70708960102030401c0"),
        (timedelta(1, 2, 3), "d60993010203"),
        (UUID(int=1), "d80a" + "00" * 15 + "01"),
        (SessionIdentifier("s"), "d40c73"),
        (PlayerIdentifier("s", "p"), "c7050d92a173a170"),
        (GroupIdentifier("s", "g"), "c7050e92a173a167"),
        (ModelIdentifier("s", "m"), "c7050f92a173a16d"),
        ((1, 2), "c70310920102"),
        ({2, 1}, "c70311920102"),
        (frozenset({2, 1}), "c70312920102"),
        ({(1,): 2}, "d7139291d51091019102"),
    ],
    ids=lambda value: None if isinstance(value, str) else type(value).__name__,
)
def test_the_format_stays_what_earlier_versions_wrote(value: object, stored: str) -> None:
    blob = values.encode(value)

    assert blob.hex() == stored
    assert same(values.decode(bytes.fromhex(stored)), value)


def test_the_order_of_a_dict_is_kept_and_is_part_of_its_value() -> None:
    value = {"b": 1, 3: 2, (1, "x"): 3, None: 4, 2.5: 5, False: 6, "a": 7}

    back = values.decode(values.encode(value))

    assert isinstance(back, dict)
    assert list(back.items()) == list(value.items())
    assert values.encode({"a": 1, "b": 2}) != values.encode({"b": 2, "a": 1})


def test_a_generator_goes_on_where_it_was() -> None:
    generator = random.Random(7)
    generator.gauss(0, 1)

    back = values.decode(values.encode(generator))

    assert isinstance(back, random.Random)
    assert [back.gauss(0, 1), back.random(), back.randrange(9)] == [
        generator.gauss(0, 1),
        generator.random(),
        generator.randrange(9),
    ]


def test_an_integer_of_many_digits_is_stored() -> None:
    value = {"big": [10**20_000, -(10**20_000)]}

    assert values.decode(values.encode(value)) == value


def test_a_decimal_is_written_alike_in_every_decimal_context() -> None:
    value = Decimal("1.50E+30")

    with localcontext(Context(prec=2, capitals=0)):
        blob = values.encode(value)

    assert blob == values.encode(value)


def test_both_moments_of_a_repeated_hour_are_kept() -> None:
    first = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Zurich"))
    second = first.replace(fold=1)

    back = [values.decode(values.encode(moment)) for moment in (first, second)]

    assert all(map(same, back, [first, second]))
    assert [moment.utcoffset() for moment in back if isinstance(moment, datetime)] == [
        timedelta(hours=2),
        timedelta(hours=1),
    ]


def test_values_in_long_lists_keep_their_types() -> None:
    long = [*range(100), True, 2.0, "x", (1,), Decimal(1), 2**70, "\udfff"]

    for value in (long, tuple(long), [long, long], dict.fromkeys(long, long), set(long), [1.0] * 1000):
        assert same(values.decode(values.encode(value)), value)
        assert same(values.copy(value), value)


class Suit(enum.IntEnum):
    HEARTS = 1


class Colour(enum.StrEnum):
    RED = "red"


class Text(str):
    def __str__(self) -> str:
        return "another text"


class Whole(int):
    pass


class Real(float):
    pass


class Raw(bytes):
    pass


class Moment(datetime):
    pass


class Named(SessionIdentifier):
    pass


Point = namedtuple("Point", "x y")


@pytest.mark.parametrize(
    ("value", "base"),
    [
        (Markup("<b>"), "<b>"),
        (Text("a text"), "a text"),
        (Suit.HEARTS, 1),
        (Colour.RED, "red"),
        (Whole(2**70), 2**70),
        (Real(1.5), 1.5),
        (Raw(b"x"), b"x"),
        (Point(1, [2]), (1, [2])),
        (defaultdict(list, a=[1]), {"a": [1]}),
        (Counter("aab"), {"a": 2, "b": 1}),
        (Moment(2026, 1, 2), datetime(2026, 1, 2)),
        (Named("s"), SessionIdentifier("s")),
        ([Markup("x")] * 100, ["x"] * 100),
        ({Suit.HEARTS: {Colour.RED}}, {1: {"red"}}),
        (bytearray(b"ab"), bytearray(b"ab")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_instance_of_a_subclass_is_stored_and_copied_as_its_base_type(value: object, base: object) -> None:
    assert values.encode(value) == values.encode(base)
    assert same(values.decode(values.encode(value)), base)
    assert same(values.copy(value), base)


def test_an_ordered_dict_keeps_the_order_that_it_was_given() -> None:
    value = OrderedDict(a=1, b=2)
    value.move_to_end("a")

    assert same(values.decode(values.encode(value)), {"b": 2, "a": 1})


@pytest.mark.parametrize(
    ("value", "immutable"),
    [
        (1, True),
        (((1, "x"), frozenset({(2, None)})), True),
        (datetime(2026, 1, 1, tzinfo=UTC), True),
        (PlayerIdentifier("s", "p"), True),
        ((1, [2]), False),
        ([], False),
        (bytearray(), False),
        (random.Random(1), False),
        (Markup("x"), False),
        ((Markup("x"),), False),
        (frozenset({Suit.HEARTS}), False),
    ],
    ids=repr,
)
def test_only_exact_types_that_cannot_change_are_immutable(value: object, immutable: bool) -> None:
    assert values.is_immutable(value) is immutable
