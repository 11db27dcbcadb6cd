"""Every kind of parameter: what JavaScript sends, what Python gets, and what a wrong value is told."""

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Annotated, Literal, Optional, TypedDict
from uuid import UUID

import msgspec

from uproot_aio import *

try:
    import pydantic
except ImportError:
    pydantic = None

DESCRIPTION = "Each type of parameter, with right and wrong values"


class Side(Enum):
    LEFT = "left"
    RIGHT = "right"


class Point(TypedDict):
    x: float
    y: float


@dataclass
class Guess:
    number: int
    certain: bool = False


class Trade(msgspec.Struct):
    price: float
    quantity: int = 1


if pydantic:

    class Offer(pydantic.BaseModel):
        price: Annotated[float, pydantic.Field(gt=0)]
        note: str = ""


Percent = Annotated[int, msgspec.Meta(ge=0, le=100)]


def described(value):
    return {"type": type(value).__name__, "value": repr(value)}


class Types(Page):
    """What Python got, as Python would write it, is sent back by every method."""

    @live
    def take_str(page, player, value: str):
        return described(value)

    @live
    def take_int(page, player, value: int):
        return described(value)

    @live
    def take_float(page, player, value: float):
        return described(value)

    @live
    def take_bool(page, player, value: bool):
        return described(value)

    @live
    def take_list(page, player, value: list):
        return described(value)

    @live
    def take_list_of_int(page, player, value: list[int]):
        return described(value)

    @live
    def take_dict(page, player, value: dict):
        return described(value)

    @live
    def take_dict_of_float(page, player, value: dict[str, float]):
        return described(value)

    @live
    def take_optional(page, player, value: Optional[int]):
        return described(value)

    @live
    def take_union(page, player, value: int | str):
        return described(value)

    @live
    def take_literal(page, player, value: Literal["cooperate", "defect"]):
        return described(value)

    @live
    def take_enum(page, player, value: Side):
        return described(value)

    @live
    def take_decimal(page, player, value: Decimal):
        return described(value)

    @live
    def take_date(page, player, value: date):
        return described(value)

    @live
    def take_datetime(page, player, value: datetime):
        return described(value)

    @live
    def take_time(page, player, value: time):
        return described(value)

    @live
    def take_uuid(page, player, value: UUID):
        return described(value)

    @live
    def take_tuple(page, player, value: tuple[int, str]):
        return described(value)

    @live
    def take_set(page, player, value: set[str]):
        return described(value)

    @live
    def take_typeddict(page, player, value: Point):
        return described(value)

    @live
    def take_dataclass(page, player, value: Guess):
        return described(value)

    @live
    def take_struct(page, player, value: Trade):
        return described(value)

    @live
    def take_constrained(page, player, value: Percent):
        return described(value)

    if pydantic:

        @live
        def take_model(page, player, value: Offer):
            return described(value)

    @live
    def take_anything(page, player, value):
        return described(value)


# Method, how its parameter is written, a value that fits, one that does not.
EXAMPLES = [
    ("take_str", "str", "hello", 5),
    ("take_int", "int", "5", 5.5),
    ("take_float", "float", 2.5, "a lot"),
    ("take_bool", "bool", "yes", "perhaps"),
    ("take_list", "list", [1, "two", None], "one"),
    ("take_list_of_int", "list[int]", [1, "2", 3.0], [1, "two"]),
    ("take_dict", "dict", {"any": ["thing"]}, [1, 2]),
    ("take_dict_of_float", "dict[str, float]", {"a": 1, "b": "2.5"}, {"a": "one"}),
    ("take_optional", "Optional[int]", None, "none"),
    ("take_union", "int | str", "5", [5]),
    ("take_literal", 'Literal["cooperate", "defect"]', "defect", "neither"),
    ("take_enum", "Side", "left", "middle"),
    ("take_decimal", "Decimal", "12.50", "a dozen"),
    ("take_date", "date", "2026-02-28", "2026-02-30"),
    ("take_datetime", "datetime", "2026-02-28T09:30:00", "yesterday"),
    ("take_time", "time", "09:30", "25:00"),
    ("take_uuid", "UUID", "0b1f3c1e-6f0e-4c57-9a55-3a5e0d7f8f10", "0b1f3c1e"),
    ("take_tuple", "tuple[int, str]", [1, "one"], [1]),
    ("take_set", "set[str]", ["a", "b", "a"], "a"),
    ("take_typeddict", "Point", {"x": 1, "y": 2}, {"x": 1}),
    ("take_dataclass", "Guess", {"number": 7, "certain": True}, {"certain": True}),
    ("take_struct", "Trade", {"price": 9.5}, {"price": "high"}),
    ("take_constrained", "Annotated[int, Meta(ge=0, le=100)]", 50, 101),
    ("take_anything", "no annotation", {"as": ["it", "is"]}, None),
]
if pydantic:
    EXAMPLES.insert(-1, ("take_model", "Offer", {"price": 3}, {"price": -3}))


page_order = [Types]
