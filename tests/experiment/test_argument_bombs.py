"""Arguments made to hurt: deep, huge, malformed. They are refused cleanly, or taken in time linear in their size."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from uproot_aio.errors import InvalidArguments
from uproot_aio.experiment.live import LiveMethod


@dataclass
class Line:
    price: Decimal
    tags: list[int] = field(default_factory=list)


def bound(method: Callable[..., object], *args: object, kwargs: object = None) -> Any:
    """Return what binding the JSON of these arguments gives."""
    raw_kwargs = None if kwargs is None else json.dumps(kwargs).encode()
    return LiveMethod(method, interleave=False, timeout=None).bind(json.dumps(args).encode(), raw_kwargs)


def refusal(method: Callable[..., object], *args: object, kwargs: object = None) -> InvalidArguments:
    """Return the error that binding the JSON of these arguments raises."""
    with pytest.raises(InvalidArguments) as caught:
        bound(method, *args, kwargs=kwargs)
    return caught.value


DEEP = b"[" * 100_000 + b"]" * 100_000
TAKES: list[object] = [object, int, list, list[list[int]], dict, Line, "list[int] | list[str]"]
BOMBS = {
    "closed brackets": DEEP,
    "open brackets": b"[" * 100_000,
    "nested objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "4400 digits": b"1" * 4_400,
    "a million digits": b"1" * 1_000_000,
    "NaN": b"NaN",
    "huge exponent": b"1e999999999",
    "high surrogate": b'"\\ud800"',
    "low surrogate": b'["\\udc00"]',
    "surrogate key": b'{"\\ud800":1}',
    "encoded surrogate": b'"\xed\xa0\x80"',
    "zero byte": b"\x00",
}


@pytest.mark.parametrize("annotation", TAKES, ids=str)
@pytest.mark.parametrize("value", BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_refused_cleanly(annotation: object, value: bytes) -> None:
    def method(page: object, player: object, value: object = None, **more: object) -> None: ...

    method.__annotations__ = {"value": annotation, "more": annotation}
    live_method = LiveMethod(method, interleave=False, timeout=None)

    for args, kwargs in ((b"[" + value + b"]", None), (b"[]", b'{"x":' + value + b"}"), (value, None)):
        with pytest.raises(InvalidArguments) as caught:
            live_method.bind(args, kwargs)
        assert len(str(caught.value)) < 500


def test_half_of_a_surrogate_pair_is_named_as_the_reason() -> None:
    def method(page: object, player: object, name: str) -> None: ...

    with pytest.raises(InvalidArguments) as caught:
        LiveMethod(method, interleave=False, timeout=None).bind(b'["a\\ud800b"]')

    assert "half of a surrogate pair" in str(caught.value)


@pytest.mark.parametrize("element", [b"1", b'"1"', b'" 1 "', b"1.0"])
def test_a_list_of_400_000_elements_is_taken(element: bytes) -> None:
    def method(page: object, player: object, items: list[int]) -> None: ...

    raw = b"[[" + b",".join([element] * 400_000) + b"]]"

    args, _ = LiveMethod(method, interleave=False, timeout=None).bind(raw)

    assert args == [[1] * 400_000]


def test_the_last_of_400_000_elements_is_refused_by_its_place() -> None:
    def method(page: object, player: object, items: list[int | None]) -> None: ...

    error = refusal(method, [1] * 400_000 + ["x"])

    assert error.path == "$.items[400000]"


def test_proto_is_a_key_like_any_other() -> None:
    def method(page: object, player: object, data: dict[str, int]) -> None: ...

    assert bound(method, {"__proto__": 1}, kwargs={}) == ([{"__proto__": 1}], {})
    assert bound(method, kwargs={"__proto__": 1}) == ([], {"data": {"__proto__": 1}})


@dataclass
class Left:
    down: Left | Right | int


@dataclass
class Right:
    down: Left | Right | int


def test_a_union_that_contains_itself_takes_no_exponential_time() -> None:
    def method(page: object, player: object, tree: Left | Right) -> None: ...

    value: object = "x"
    for _ in range(60):
        value = {"down": value}

    error = refusal(method, value)

    assert error.path.startswith("$.tree")


def test_binding_does_not_share_values_between_calls() -> None:
    def method(page: object, player: object, tree: list[list[int] | list[str]]) -> None: ...

    live_method = LiveMethod(method, interleave=False, timeout=None)

    first, _ = live_method.bind(b'[[["1"],["1"]]]')
    second, _ = live_method.bind(b'[[["1"],["1"]]]')

    assert first == second
    assert first[0][0] is not second[0][0]  # type: ignore[index]  # lists
    assert first[0][0] is not first[0][1]  # type: ignore[index]  # lists
