"""What cannot be stored is refused where it is assigned, with its place, its type and advice."""

from __future__ import annotations

import dataclasses
import enum
import math
import random
import sys
import types
from collections import defaultdict, deque
from collections.abc import Callable
from datetime import datetime, time, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from uproot_aio.errors import Unstorable
from uproot_aio.state import values
from uproot_aio.state.identifiers import PlayerIdentifier


class Plain(enum.Enum):
    A = 1


class Offer(msgspec.Struct):
    price: int


@dataclasses.dataclass
class Bid:
    price: int


@dataclasses.dataclass
class Table(dict[str, int]):
    rows: int = 0


class Player:
    def __getattr__(self, name: str) -> object:
        raise AssertionError("reading a field of a handle")

    @property
    def __identifier__(self) -> PlayerIdentifier:
        return PlayerIdentifier("s", "p")


class Lottery(random.Random):
    pass


class Unzoned(tzinfo):
    def utcoffset(self, moment: datetime | None) -> timedelta:
        return timedelta(0)

    def dst(self, moment: datetime | None) -> None:
        return None

    def tzname(self, moment: datetime | None) -> str:
        return "nowhere"


async def wait() -> None:
    pass


def unnamed_zone() -> ZoneInfo:
    for folder in ("/usr/share/zoneinfo", *map(str, Path(sys.prefix).rglob("tzdata/zoneinfo"))):
        file = Path(folder, "Europe/Zurich")
        if file.exists():
            with file.open("rb") as opened:
                return ZoneInfo.from_file(opened)
    raise AssertionError("no time zone data")


REFUSED: list[tuple[Callable[[], object], str]] = [
    (
        lambda: Plain.A,
        r"is of type \S+Plain, .* Store its \.value, or derive its class from IntEnum or StrEnum\.",
    ),
    (lambda: wait, r"is of type function, .* Store what calling it returns"),
    (lambda: [].append, r"is of type builtin_function_or_method, .* Store what calling it returns"),
    (lambda: math, r"is of type module, .* Store its name\."),
    (lambda: Bid, r"is the class \S+Bid, .* Store its name\."),
    (lambda: object(), r"is of type object, .* Store the numbers, texts, dates, lists and dicts"),
    (lambda: Path("x"), r"is of type pathlib\.PosixPath, .* Store the numbers"),
    (lambda: types.SimpleNamespace(a=1), r"is of type types\.SimpleNamespace, .* Store the numbers"),
    (lambda: Offer(1), r"is of type \S+Offer, .* Store msgspec\.structs\.asdict"),
    (lambda: Bid(1), r"is of type \S+Bid, .* Store dataclasses\.asdict"),
    (lambda: Table(1), r"is of type \S+Table, .* Store dataclasses\.asdict"),
    (Player, r"is a handle of type \S+Player, .* Store player\.pid instead\."),
    (random.SystemRandom, r"is of type random\.SystemRandom, .* use random\.Random\(\)"),
    (lambda: Lottery(1), r"is of type \S+Lottery, .* use random\.Random\(\) itself"),
    (
        lambda: datetime(2026, 1, 1, tzinfo=Unzoned()),
        r"has a time zone of type \S+Unzoned, .* Use zoneinfo\.ZoneInfo",
    ),
    (lambda: memoryview(b""), r"is of type memoryview, .* Store bytes\(\.\.\.\)"),
    (lambda: range(3), r"is of type range, .* Store list\(\.\.\.\)"),
    (lambda: deque([1]), r"is of type collections\.deque, .* Store list\(\.\.\.\)"),
    (lambda: {}.keys(), r"is of type dict_keys, .* Store list\(\.\.\.\)"),
    (lambda: iter([1]), r"is of type list_iterator, .* Store list\(\.\.\.\)"),
]


@pytest.mark.parametrize(("make", "message"), REFUSED, ids=[message.split(", ")[0] for _, message in REFUSED])
@pytest.mark.parametrize("wrap", [lambda v: v, lambda v: {"a": [0, (v,)]}], ids=["alone", "nested"])
def test_what_cannot_be_stored_is_refused_with_its_place_its_type_and_advice(
    make: Callable[[], object], message: str, wrap: Callable[[object], object]
) -> None:
    value = wrap(make())
    where = r'value\["a"\]\[1\]\[0\] ' if isinstance(value, dict) and value else "value "

    with pytest.raises(Unstorable, match=f"^{where}{message}"):
        values.encode(value)
    with pytest.raises(Unstorable, match=message):
        values.copy(value)


def test_a_time_zone_that_nobody_could_look_up_again_is_refused() -> None:
    opening = time(9, tzinfo=unnamed_zone())

    with pytest.raises(
        Unstorable, match=r"^value has a time zone whose key None is unknown, .* Use zoneinfo"
    ):
        values.encode(opening)


def test_a_coroutine_is_refused_with_a_hint_at_the_missing_await() -> None:
    coroutine = wait()

    with pytest.raises(Unstorable, match=r"^value\[0\] is of type coroutine, .* is an `await` missing\?$"):
        values.encode([coroutine])

    coroutine.close()


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ([[1], [2, object()]], r"value\[1\]\[1\]"),
        ((2**70, [object()]), r"value\[1\]\[0\]"),
        ([(2**70,), object()], r"value\[1\]"),
        ({"x" * 50: object()}, r'value\["x{40}\.\.\."\]'),
        ({1: object()}, r"value\[1\]"),
        ({10**6000: object()}, r"value\[an integer of \d+ bits\]"),
        ({(1, 2): object()}, r"value\[a tuple\]"),
        ({1: 2, object: 3}, r"list\(value\)\[1\]"),
        ({"a": {(print, 1)}}, r'list\(value\["a"\]\)\[0\]\[0\]'),
        ([[[[[[[[[[object()]]]]]]]]]], r"value(\[0\]){8}\.\.\."),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_message_says_which_part_cannot_be_stored(value: object, where: str) -> None:
    with pytest.raises(Unstorable, match=f"^{where} is "):
        values.encode(value)


def test_a_value_that_contains_itself_is_refused() -> None:
    friends: dict[str, object] = {"name": "Ann"}
    friends["of"] = [{"name": "Ben", "of": (friends,)}]

    with pytest.raises(Unstorable, match=r"value\S* contains itself, which cannot be stored\."):
        values.encode([1, friends])
    with pytest.raises(Unstorable, match=r"contains itself"):
        values.copy(friends)


def nested(levels: int, wrap: Callable[[object], object]) -> object:
    value: object = 1
    for _ in range(levels):
        value = wrap(value)
    return value


WRAPS: list[Callable[[object], object]] = [
    lambda part: [part],
    lambda part: (part,),
    lambda part: {"a": part},
    lambda part: {None: part, (): 1},
    lambda part: frozenset([part]),
    lambda part: defaultdict(list, a=part),
]


@pytest.mark.parametrize("wrap", WRAPS)
def test_a_hundred_levels_are_stored_even_far_down_in_the_stack(wrap: Callable[[object], object]) -> None:
    value = nested(99, wrap)

    def far_down(frames: int) -> object:
        return far_down(frames - 1) if frames else values.decode(values.encode(values.copy(value)))

    assert far_down(400) == value


@pytest.mark.parametrize("levels", [101, 5000])
@pytest.mark.parametrize("wrap", WRAPS[:4])
def test_deeper_nesting_is_refused(wrap: Callable[[object], object], levels: int) -> None:
    value = nested(levels, wrap)

    with pytest.raises(Unstorable, match=r"nested more than 100 levels deep, which cannot be stored\."):
        values.encode(value)


@pytest.mark.parametrize("wrap", [lambda part: [part], lambda part: {"a": part}])
def test_a_copy_of_something_nested_without_end_is_refused_too(wrap: Callable[[object], object]) -> None:
    value = nested(5000, wrap)

    with pytest.raises(Unstorable, match=r"nested more than 100 levels deep"):
        values.copy(value)
