"""What answers, notices and templates look like in JSON, and what cannot be said in it."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import enum
import json
import math
import random
import uuid
from decimal import Decimal
from typing import NamedTuple

import msgspec
import pydantic
import pytest

from uproot_aio.errors import UnencodableAnswer
from uproot_aio.experiment.json_values import script_json, to_json, to_rest_json, tojson_text
from uproot_aio.state.identifiers import GroupIdentifier, PlayerIdentifier, SessionIdentifier


@dataclasses.dataclass
class Bid:
    amount: object


class Order(msgspec.Struct, rename="camel", tag="order"):
    unit_price: object


class Pair(msgspec.Struct, array_like=True):
    first: object
    second: object


class Model(pydantic.BaseModel):
    amount: Decimal


class Point(NamedTuple):
    x: int
    y: int


class Colour(enum.Enum):
    RED = "red"


class Markup(str):
    pass


class Handle:
    def __init__(self, identifier: object) -> None:
        self._identifier = identifier

    @property
    def __identifier__(self) -> object:
        return self._identifier


UID = uuid.UUID("12345678-1234-5678-1234-567812345678")
ANN = PlayerIdentifier("s", "ann")

SAYABLE: list[tuple[object, str]] = [
    (None, "null"),
    (True, "true"),
    ("ä", '"ä"'),
    (1.5, "1.5"),
    (math.nan, "null"),
    (-math.inf, "null"),
    (2**80, str(2**80)),
    (-(2**63) - 1, str(-(2**63) - 1)),
    (Decimal("1.50"), "1.50"),
    (Decimal("NaN"), "null"),
    (Decimal("-Infinity"), "null"),
    ([Decimal("sNaN"), "NaN"], '[null,"NaN"]'),
    ({1}, "[1]"),
    (frozenset({"a"}), '["a"]'),
    ((1, (2,)), "[1,[2]]"),
    (Point(1, 2), "[1,2]"),
    (collections.deque([1]), "[1]"),
    ({"a": 1}.keys(), '["a"]'),
    (range(2), "[0,1]"),
    (collections.Counter("a"), '{"a":1}'),
    (datetime.date(2020, 1, 2), '"2020-01-02"'),
    (datetime.datetime(2020, 1, 2, tzinfo=datetime.UTC), '"2020-01-02T00:00:00Z"'),
    (datetime.time(10), '"10:00:00"'),
    (datetime.timedelta(seconds=90), '"PT90S"'),
    (UID, f'"{UID}"'),
    (Colour.RED, '"red"'),
    (Markup("a"), '"a"'),
    (Bid(Decimal("1.5")), '{"amount":1.5}'),
    (Order(1), '{"type":"order","unitPrice":1}'),
    (Pair(1, 2), "[1,2]"),
    (Model(amount=Decimal("1.50")), '{"amount":1.50}'),
    (ANN, '{"sname":"s","uname":"ann"}'),
    (Handle(ANN), '{"sname":"s","uname":"ann"}'),
    ([Handle(GroupIdentifier("s", "g"))], '[{"sname":"s","gname":"g"}]'),
    (SessionIdentifier("s"), '"s"'),
    (Handle(SessionIdentifier("s")), '"s"'),
    ({1: 2}, '{"1":2}'),
    ({True: 1, None: 2}, '{"true":1,"null":2}'),
    ({Decimal("1.5"): 1}, '{"1.5":1}'),
    ({UID: 1}, f'{{"{UID}":1}}'),
    ({datetime.date(2020, 1, 2): 1}, '{"2020-01-02":1}'),
    ({ANN: 1}, '{"ann":1}'),
    ({Colour.RED: Decimal("NaN")}, '{"red":null}'),
    ("\ud800", '"\\ud800"'),
    ({"\ud800": [2**80]}, f'{{"\\ud800":[{2**80}]}}'),
    ([], "[]"),
    ({}, "{}"),
]


@pytest.mark.parametrize(("value", "text"), SAYABLE)
def test_a_value_is_said_in_compact_json(value: object, text: str) -> None:
    assert to_json(value, where="x").decode() == text


@pytest.mark.parametrize(("value", "text"), SAYABLE)
def test_the_thorough_way_says_the_same(value: object, text: str) -> None:
    beside_nan = to_json([value, Decimal("NaN")], where="x")

    assert json.loads(beside_nan, parse_float=str) == [json.loads(text, parse_float=str), None]


def test_a_struct_and_its_like_are_said_the_thorough_way_too() -> None:
    nan = Decimal("NaN")

    result = to_json([Order(nan), Pair(nan, {1}), Bid(nan), Point(1, 2)], where="x")

    assert result == b'[{"type":"order","unitPrice":null},[null,[1]],{"amount":null},[1,2]]'


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (random.Random(1), "value is of type random.Random"),
        ({"a": [1, random.Random(1)]}, "value.a[1] is of type random.Random"),
        (len, "builtin_function_or_method"),
        (Bid, "value is of type type"),
        ([1j], "value[0] is of type complex"),
        ((number for number in [1]), "generator"),
        (object(), "value is of type object"),
        ({(1, 2): 3}, "value is of type tuple, which cannot be a key in JSON"),
        pytest.param(10**5000, "too many digits", id="5000 digits"),
        (Bid(1j), "value.amount is of type complex"),
        ({"my key": 1j}, 'value["my key"] is of type complex'),
    ],
)
def test_what_json_cannot_say_is_named_with_its_place(value: object, words: str) -> None:
    with pytest.raises(UnencodableAnswer) as caught:
        to_json(value, where="Trade.post_offer")

    assert str(caught.value).startswith("Trade.post_offer: ")
    assert words in str(caught.value)


def test_a_value_that_contains_itself_is_refused() -> None:
    endless: list[object] = []
    endless.append(endless)

    with pytest.raises(UnencodableAnswer, match="contains itself"):
        to_json(endless, where="Trade.post_offer")


def test_rest_says_decimals_as_texts() -> None:
    value = {"a": Decimal("1.50"), "b": [Decimal("NaN")], "c": Model(amount=Decimal("0.10"))}

    result = to_rest_json(value)

    assert result == b'{"a":"1.50","b":["NaN"],"c":{"amount":"0.10"}}'


def test_script_json_cannot_leave_its_script() -> None:
    value = {"</script>": "<!--<script>&\u2028\u2029"}

    result = script_json(value)

    assert not set(result) & set("<>&\u2028\u2029")
    assert json.loads(result) == value


def test_tojson_is_a_plain_text_that_decodes_identically() -> None:
    value = {"a": ['"</', Decimal("1.5"), {1}]}

    result = tojson_text(value)

    assert type(result) is str
    assert json.loads(result) == {"a": ['"</', 1.5, [1]]}
    assert " " not in result


def test_tojson_indents_on_request() -> None:
    assert tojson_text({"a": 2**80}, 2) == f'{{\n  "a": {2**80}\n}}'
