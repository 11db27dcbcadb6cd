"""Every cell of the coercion table: what a parameter of each type takes from a browser, and what it refuses."""

# ruff: noqa: UP007, UP045, RUF001  # authors write both spellings of unions, participants any digits

from __future__ import annotations

import dataclasses
import datetime
import enum
import json
import math
import pathlib
import typing
import uuid
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple, NotRequired, Optional, TypedDict, Union

import msgspec
import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uproot_aio.errors import InvalidArguments
from uproot_aio.experiment.annotations import read_annotation
from uproot_aio.experiment.live import LiveMethod
from uproot_aio.experiment.misfit import LAX, Budget, Misfit, Trial
from uproot_aio.state.identifiers import (
    GroupIdentifier,
    ModelIdentifier,
    PlayerIdentifier,
    SessionIdentifier,
)


class Colour(enum.Enum):
    RED = "red"
    ONE = 1


class Level(enum.IntEnum):
    LOW = 1


class Tone(enum.StrEnum):
    HIGH = "high"


class Point(NamedTuple):
    x: int
    y: int = 0


@dataclasses.dataclass
class Bid:
    amount: int
    note: str = ""


@dataclasses.dataclass
class Positive:
    amount: int

    def __post_init__(self) -> None:
        if self.amount <= 0:
            raise ValueError("amount must be above 0")


@dataclasses.dataclass(frozen=True)
class Place:
    name: str


@dataclasses.dataclass
class Tree:
    value: Decimal
    left: Tree | None = None
    right: Tree | None = None


class Offer(TypedDict):
    price: float
    note: NotRequired[str]


class Order(msgspec.Struct, rename="camel"):
    unit_price: float
    total_units: int = 1


class Buy(msgspec.Struct, tag="buy"):
    price: Decimal


class Sell(msgspec.Struct, tag="sell"):
    price: Decimal


class Pair(msgspec.Struct, array_like=True):
    first: int
    second: int


class Closed(msgspec.Struct, forbid_unknown_fields=True):
    price: Decimal


class Model(pydantic.BaseModel):
    amount: int
    items: list[int] = []


class Sealed:
    pass


Number = typing.NewType("Number", int)
UID = "12345678-1234-5678-1234-567812345678"
UTC = datetime.UTC


def taken(annotation: object, value: object) -> object:
    """Return what a method with one parameter of this annotation gets for the JSON value."""

    def method(page: object, player: object, value: object) -> None: ...

    method.__annotations__["value"] = annotation
    args, _ = LiveMethod(method, interleave=False, timeout=None).bind(json.dumps([value]).encode(), None)
    return args[0]


def taken_thoroughly(annotation: object, value: object) -> object:
    """Return what our own converters alone make of the JSON value."""
    return read_annotation(annotation).convert(value, Trial(LAX, {}, Budget()))


ACCEPTED: list[tuple[object, object, object]] = [
    (str, "a", "a"),
    (str, "", ""),
    (int, 5, 5),
    (int, 5.0, 5),
    (int, "5", 5),
    (int, " 5 ", 5),
    (int, "5.0", 5),
    (int, "-5", -5),
    (int, "+5", 5),
    (int, True, 1),
    (int, False, 0),
    (int, 2**70, 2**70),
    (float, 5, 5.0),
    (float, 5.5, 5.5),
    (float, "5.5", 5.5),
    (float, " 5 ", 5.0),
    (float, "inf", math.inf),
    (float, "-Infinity", -math.inf),
    (float, True, 1.0),
    (float, False, 0.0),
    *[(bool, word, True) for word in ("true", "YES", "on", "1", "y", "T")],
    *[(bool, word, False) for word in ("false", "No", "off", "0", "n", "F")],
    (bool, True, True),
    (bool, 1, True),
    (bool, 0, False),
    (bool, 1.0, True),
    (bool, 0.0, False),
    (Decimal, 5, Decimal(5)),
    (Decimal, 5.5, Decimal("5.5")),
    (Decimal, 0.1, Decimal("0.1")),
    (Decimal, " 5.50 ", Decimal("5.50")),
    (list, [1, "a"], [1, "a"]),
    (list[int], ["1", 2.0], [1, 2]),
    (typing.Sequence[int], ["1"], [1]),
    (tuple, [1, "a"], (1, "a")),
    (tuple[int, str], ["1", "a"], (1, "a")),
    (tuple[int, ...], ["1", 2], (1, 2)),
    (tuple[()], [], ()),
    (set[int], ["1", 1, 2], {1, 2}),
    (frozenset[str], ["a"], frozenset({"a"})),
    (set, [1, "a"], {1, "a"}),
    (set[Place], [{"name": "a"}], {Place("a")}),
    (Point, ["1"], Point(1, 0)),
    (Point, [1, 2], Point(1, 2)),
    (dict, {"a": [1]}, {"a": [1]}),
    (dict[int, int], {"1": "2"}, {1: 2}),
    (dict[str, float], {"a": 2}, {"a": 2.0}),
    (dict[bool, int], {"yes": 2}, {True: 2}),
    (dict[Decimal, int], {"1.5": 2}, {Decimal("1.5"): 2}),
    (typing.Mapping[str, int], {"a": "1"}, {"a": 1}),
    (Optional[int], None, None),
    (Optional[int], "5", 5),
    (Optional[str], "null", "null"),
    (int | str, 5, 5),
    (int | str, "5", "5"),
    (int | str, 5.0, 5),
    (float | int, 5, 5),
    (float | int, 5.0, 5.0),
    (str | float, 5, 5.0),
    (bool | float, 1, 1.0),
    (bool | str, 1, True),
    (list[int] | list[str], ["1"], ["1"]),
    (list[int] | list[str], ["1", 2], [1, 2]),
    (list[int] | dict[str, int], {"a": "1"}, {"a": 1}),
    (tuple[int, int] | list[int], [1, 2], [1, 2]),
    (datetime.datetime | str, "2020-01-01T10:00", "2020-01-01T10:00"),
    (Union[Bid, dict[str, Any]], {"amount": 1}, Bid(1)),
    (Union[Bid, dict[str, Any]], {"other": 1}, {"other": 1}),
    (Union[Buy, Sell], {"type": "sell", "price": "1"}, Sell(Decimal(1))),
    (Literal["a", 1], "a", "a"),
    (Literal["a", 1], True, 1),
    (Literal["a", None], None, None),
    (Literal[Colour.RED], "red", Colour.RED),
    (Colour, "red", Colour.RED),
    (Colour, 1, Colour.ONE),
    (Level, 1, Level.LOW),
    (Level, "1", Level.LOW),
    (Level, " 1 ", Level.LOW),
    (Tone, "high", Tone.HIGH),
    (datetime.date, "2020-01-02", datetime.date(2020, 1, 2)),
    (datetime.date, 86400, datetime.date(1970, 1, 2)),
    (datetime.date, 86400.0, datetime.date(1970, 1, 2)),
    (datetime.datetime, "2020-01-02T03:04:05Z", datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)),
    (datetime.datetime, "2020-01-02T03:04", datetime.datetime(2020, 1, 2, 3, 4)),  # as from datetime-local
    (datetime.datetime, 1.5, datetime.datetime(1970, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC)),
    (datetime.datetime, 1_577_836_800_000, datetime.datetime(2020, 1, 1, tzinfo=UTC)),  # as from Date.now()
    (datetime.time, "10:00", datetime.time(10)),
    (datetime.time, "10:00:01", datetime.time(10, 0, 1)),
    (datetime.time, 3600, datetime.time(1)),
    (datetime.timedelta, 1.5, datetime.timedelta(seconds=1.5)),
    (datetime.timedelta, "10:30", datetime.timedelta(hours=10, minutes=30)),
    (datetime.timedelta, "-00:01:30", -datetime.timedelta(seconds=90)),
    (datetime.timedelta, "PT90S", datetime.timedelta(seconds=90)),
    (uuid.UUID, UID, uuid.UUID(UID)),
    (uuid.UUID, UID.replace("-", ""), uuid.UUID(UID)),
    (pathlib.Path, "a/b", pathlib.Path("a/b")),
    (bytes, "ä", "ä".encode()),
    (Bid, {"amount": "5", "other": 1}, Bid(5)),
    (Offer, {"price": "5", "other": 1}, {"price": 5.0}),
    (Order, {"unitPrice": "5", "totalUnits": 2.0}, Order(5.0, 2)),
    (Pair, ["1", 2], Pair(1, 2)),
    (Tree, {"value": 1, "left": {"value": "2"}}, Tree(Decimal(1), Tree(Decimal(2)))),
    (Model, {"amount": "5", "other": 1}, Model(amount=5)),
    (list[Model], [{"amount": 5}], [Model(amount=5)]),
    (Optional[Model], None, None),
    (Union[Model, int], {"amount": 5}, Model(amount=5)),
    (Annotated[int, pydantic.Field(gt=0)], "5", 5),
    (Annotated[int, msgspec.Meta(ge=1)], "5", 5),
    (Annotated[Decimal, msgspec.Meta(ge=0, multiple_of=0.1)], 0.3, Decimal("0.3")),
    (Annotated[int, "a remark"], 5, 5),
    (SessionIdentifier, {"sname": "s"}, SessionIdentifier("s")),
    (SessionIdentifier, "s", SessionIdentifier("s")),
    (PlayerIdentifier, {"sname": "s", "uname": "ann"}, PlayerIdentifier("s", "ann")),
    (GroupIdentifier, {"sname": "s", "gname": "g"}, GroupIdentifier("s", "g")),
    (ModelIdentifier, {"sname": "s", "mname": "m"}, ModelIdentifier("s", "m")),
    (Number, "5", 5),
    (Any, {"a": [1, None]}, {"a": [1, None]}),
    (object, "a", "a"),
    (None, None, None),
]


def none_of(annotation: object, *values: object) -> list[tuple[object, object]]:
    """Return the cases in which the annotation refuses each of the values."""
    return [(annotation, value) for value in values]


REFUSED: list[tuple[object, object]] = [
    *none_of(str, 5, True, None, [], {}),
    *none_of(int, 5.5, "5.5", "", "abc", None, "٥", "9" * 5000, [], 1e400),
    *none_of(float, "", "abc", None, "1e400", "٥", []),
    *none_of(bool, 2, 0.5, " yes", "maybe", "", None),
    *none_of(Decimal, True, "inf", "NaN", "sNaN", "abc", None, []),
    *none_of(list, {"a": 1}, "ab", None),
    *none_of(list[int], [1, "a"], {"a": 1}, "12"),
    *none_of(tuple[int, str], [1], [1, "a", 2], "1a"),
    (set[int], ["a"]),
    (set, [[1]]),
    *none_of(Point, [], [1, 2, 3], {"x": 1}),
    *none_of(dict, [1], "a", None),
    (dict[int, int], {"a": 1}),
    (Optional[int], "null"),
    *none_of(int | str, 5.5, None, []),
    (list[int] | list[str], [1, "a"]),
    *none_of(Literal[1], "1", 2, None, []),
    *none_of(Colour, "RED", "1", True, None, []),
    *none_of(Level, 2, "LOW", 1.5),
    *none_of(datetime.date, "2020-01-02T10:00:00", 86401, True, "2020-13-01", "x", 1e30),
    *none_of(datetime.datetime, "x", True, 1e300, None, "20200101T100000"),
    *none_of(datetime.time, "10", -1, 86400, True, "25:00"),
    *none_of(datetime.timedelta, "x", True, 1e300, None),
    *none_of(uuid.UUID, "x", 5),
    *none_of(pathlib.Path, 5, None),
    *none_of(bytes, 5, [1]),
    *none_of(Bid, {}, {"amount": "x"}, [1], "a"),
    (Positive, {"amount": 0}),
    (Positive, {"amount": "0"}),
    (Offer, {"note": "a"}),
    (Closed, {"price": 1, "other": 2}),
    (Union[Buy, Sell], {"type": "rent", "price": 1}),
    (Model, {"amount": "x"}),
    (Annotated[int, pydantic.Field(gt=0)], 0),
    (Annotated[int, msgspec.Meta(ge=1)], "0"),
    (Annotated[Decimal, msgspec.Meta(ge=0)], -1),
    (Annotated[list[Decimal], msgspec.Meta(max_length=1)], [1, 2]),
    (Annotated[str, msgspec.Meta(pattern="^a$")], "b"),
    (PlayerIdentifier, "ann"),
    (PlayerIdentifier, {"sname": "s"}),
    (PlayerIdentifier, {"sname": "s", "uname": "../x"}),
    (None, 0),
]


@pytest.mark.parametrize(("annotation", "value", "expected"), ACCEPTED)
def test_a_value_that_fits_arrives_as_the_annotated_type(
    annotation: object, value: object, expected: object
) -> None:
    result = taken(annotation, value)

    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(("annotation", "value"), REFUSED)
def test_a_value_that_does_not_fit_is_refused(annotation: object, value: object) -> None:
    with pytest.raises(InvalidArguments):
        taken(annotation, value)


@pytest.mark.parametrize(("annotation", "value", "expected"), ACCEPTED)
def test_our_converters_alone_accept_the_same(annotation: object, value: object, expected: object) -> None:
    result = taken_thoroughly(annotation, value)

    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("annotation", "value"), [case for case in REFUSED if case[1] != 1e400 and case[1] != "9" * 5000]
)
def test_our_converters_alone_refuse_the_same(annotation: object, value: object) -> None:
    with pytest.raises(Misfit):
        taken_thoroughly(annotation, value)


def test_a_text_that_says_nan_is_a_float() -> None:
    result = taken(float, "NaN")

    assert isinstance(result, float)
    assert math.isnan(result)


def test_a_class_refuses_all_but_its_instances() -> None:
    instance = Sealed()

    result = taken_thoroughly(Sealed, instance)

    assert result is instance
    every_kind: list[object] = [1, "a", {}, [], None]
    for refused in every_kind:
        with pytest.raises(Misfit):
            taken_thoroughly(Sealed, refused)


def test_the_element_of_a_union_decides_for_the_whole_container() -> None:
    result = taken(list[int | str], ["5", 5, 5.0])

    assert result == ["5", 5, 5]


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(-1e6, 1e6)
    | st.sampled_from(["5", "5.5", " 5 ", "true", "null", "red", "2020-01-02", "10:00", "x", UID]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "1", "amount"]), inner),
    max_leaves=6,
)
ANNOTATIONS = [
    str,
    int,
    float,
    bool,
    Optional[int],
    int | str,
    float | int,
    bool | float,
    int | list[int],
    Literal[1, "x"],
    Colour,
    datetime.date,
    datetime.time,
    uuid.UUID,
    list[int],
    dict[int, float],
    dict[str, Any],
    tuple[int, ...],
    tuple[int, str],
    set[int],
    Bid,
    Offer,
    Point,
    Optional[Bid],
]


@settings(max_examples=400, deadline=None)
@given(annotation=st.sampled_from(ANNOTATIONS), value=JSON_VALUES)
def test_the_fast_way_and_the_thorough_way_agree(annotation: object, value: object) -> None:
    try:
        thorough: object = taken_thoroughly(annotation, value)
    except Misfit:
        thorough = Misfit
    try:
        fast: object = taken(annotation, value)
    except InvalidArguments:
        fast = Misfit

    assert repr(fast) == repr(thorough)
