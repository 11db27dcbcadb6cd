"""Arguments made to hurt: deep, huge, malformed. They are refused cleanly, or taken in time linear in their size."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any

import msgspec
import pytest

from uproot_aio.errors import InvalidArguments
from uproot_aio.experiment.live import LiveMethod
from uproot_aio.experiment.misfit import CONVERTED_VALUES


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


@pytest.mark.parametrize("element", [b"1", b'"1"'])
def test_a_list_of_400_000_elements_that_need_no_conversion_is_taken(element: bytes) -> None:
    def method(page: object, player: object, items: list[int]) -> None: ...

    raw = b"[[" + b",".join([element] * 400_000) + b"]]"

    args, _ = LiveMethod(method, interleave=False, timeout=None).bind(raw)

    assert args == [[1] * 400_000]


@pytest.mark.parametrize("element", [b'" 1 "', b"1.0"])
def test_a_list_of_40_000_elements_is_converted_element_by_element(element: bytes) -> None:
    def method(page: object, player: object, items: list[int | None]) -> None: ...

    raw = b"[[" + b",".join([element] * 40_000) + b"]]"

    args, _ = LiveMethod(method, interleave=False, timeout=None).bind(raw)

    assert args == [[1] * 40_000]


def test_the_last_of_40_000_elements_is_refused_by_its_place() -> None:
    def method(page: object, player: object, items: list[int | None]) -> None: ...

    error = refusal(method, [1] * 40_000 + ["x"])

    assert error.path == "$.items[40000]"


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (list[int], [" 1"] * (CONVERTED_VALUES + 1)),
        (list[int | str | None], [1.0] * (CONVERTED_VALUES + 1)),
        (list[list[int] | list[bool]], [["y"]] * (CONVERTED_VALUES // 6)),
        (dict[int, Decimal], {str(number): 1 for number in range(CONVERTED_VALUES + 1)}),
        (list[Line], [{"price": 1}] * (CONVERTED_VALUES // 2)),
        (tuple[Decimal, ...], [1] * (CONVERTED_VALUES + 1)),
    ],
    ids=str,
)
def test_more_values_than_can_be_converted_in_a_moment_are_refused(annotation: object, value: object) -> None:
    def method(page: object, player: object, value: object) -> None: ...

    method.__annotations__ = {"value": annotation}

    error = refusal(method, value)

    assert "value has too many values: at most 50,000 of a call can be converted" in str(error)
    assert error.path == "$.value"


def test_all_arguments_of_a_call_share_its_budget_of_conversions() -> None:
    def method(page: object, player: object, *lists: list[Decimal]) -> None: ...

    error = refusal(method, *[[1, 2, 3]] * (CONVERTED_VALUES // 4), [])

    assert error.path == f"$.lists[{CONVERTED_VALUES // 4}]"


@pytest.mark.parametrize("value", ["1e99999999", "-1E-99999999", "0e401", 10**401])
def test_a_decimal_with_a_huge_exponent_is_refused(value: object) -> None:
    def method(page: object, player: object, amount: Decimal) -> None: ...

    assert "its exponent is too large" in str(refusal(method, value))


def test_decimals_up_to_400_digits_are_taken() -> None:
    def method(page: object, player: object, *amounts: Decimal) -> None: ...

    assert bound(method, "1e400", "1e-400") == ([Decimal("1e400"), Decimal("1e-400")], {})


@pytest.mark.parametrize("value", ["1e30", "-" + "9" * 100])
def test_a_decimal_too_large_for_its_constraint_is_refused(value: str) -> None:
    def method(
        page: object, player: object, amount: Annotated[Decimal, msgspec.Meta(multiple_of=3)]
    ) -> None: ...

    error = refusal(method, value)

    assert "it is too large to say whether it must be a multiple of 3" in str(error)
    assert error.path == "$.amount"


@pytest.mark.parametrize(
    "text",
    [
        '{"__proto__":1}',
        '[[{"a": 1, "__proto__" : {}}]]',
        '{"\\u005f\\u005Fproto__":1}',
        '{"__\\u0070\\u0072\\u006f\\u0074\\u006F__":1}',
    ],
)
@pytest.mark.parametrize("annotation", [object, dict, dict[str, int], list, Line])
def test_proto_as_a_key_is_refused_everywhere_and_in_all_spellings(text: str, annotation: object) -> None:
    def method(page: object, player: object, data: object = None, **more: object) -> None: ...

    method.__annotations__ = {"data": annotation, "more": annotation}
    live_method = LiveMethod(method, interleave=False, timeout=None)

    for args, kwargs in ((f"[{text}]", None), ("[]", f'{{"x":{text}}}'), ("[]", '{"__proto__":{}}')):
        with pytest.raises(InvalidArguments) as caught:
            live_method.bind(args.encode(), None if kwargs is None else kwargs.encode())
        assert "__proto__" in str(caught.value)


@pytest.mark.parametrize(
    "value", ["__proto__", '"__proto__":', {'"__proto__': 1}, {"a__proto__": 1, "__proto__ ": 2}, ["\x00"]]
)
def test_proto_is_a_text_and_a_part_of_a_key_like_any_other(value: object) -> None:
    def method(page: object, player: object, data: object) -> None: ...

    assert bound(method, value) == ([value], {})


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
