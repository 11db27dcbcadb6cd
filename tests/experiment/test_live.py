"""What @live marks, how calls bind to a method's parameters, and what is said when they do not."""

# ruff: noqa: UP045  # authors write both spellings of unions

from __future__ import annotations

import asyncio
import functools
import json
import subprocess
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, Literal, Optional

import msgspec
import pytest

from uproot_aio.errors import AuthorError, InvalidArguments
from uproot_aio.experiment.live import LiveMethod, live, live_method_of


@dataclass
class Line:
    price: Decimal
    tags: list[int] = field(default_factory=list)


class Helps:
    @live
    def from_mixin(page: Any, player: Any) -> Any:
        return "mixin"


class Base:
    @live
    def overridden(page: Any, player: Any) -> Any:
        return "base"

    @live
    def replaced(page: Any, player: Any) -> Any:
        return "base"


class Market(Helps, Base):
    remark = "no method"

    @live
    def place_bid(page: Any, player: Any, amount: float, item_id: int) -> Any:
        return [page, player, amount, item_id]

    @live
    async def wait(page: Any, player: Any) -> Any:
        await asyncio.sleep(0)

    @live(interleave=True, timeout=2.5)
    def tuned(page: Any, player: Any) -> Any: ...

    @live
    def replaced(page: Any, player: Any) -> Any:
        return "market"

    @classmethod
    def overridden(page: Any, player: Any) -> Any:
        return "hidden"

    @classmethod
    def show(page: Any, player: Any) -> Any:
        return True

    @staticmethod
    def helper() -> bool:
        return True

    wrapped = classmethod(functools.wraps(place_bid.__func__)(lambda page, player: "wrapper"))


def bound(method: Callable[..., object], *args: object, kwargs: object = None) -> Any:
    """Return what binding the JSON of these arguments gives."""
    raw_kwargs = None if kwargs is None else json.dumps(kwargs).encode()
    return LiveMethod(method, interleave=False, timeout=None).bind(json.dumps(args).encode(), raw_kwargs)


def refusal(method: Callable[..., object], *args: object, kwargs: object = None) -> InvalidArguments:
    """Return the error that binding the JSON of these arguments raises."""
    with pytest.raises(InvalidArguments) as caught:
        bound(method, *args, kwargs=kwargs)
    return caught.value


def compiled(source: str) -> None:
    """Compile the live method `m` of class `Trade` in a module `market` with this source."""
    module = types.ModuleType("market")
    exec("from uproot_aio.experiment.live import live\n" + source, vars(module))
    page: type = module.Trade
    found = live_method_of(page, "m")
    assert found is not None
    found[0].compile()


# What can be called


def test_a_live_method_is_found_by_name_and_called_with_the_player() -> None:
    found = live_method_of(Market, "place_bid")

    assert found is not None
    assert found[0].name == "place_bid"
    assert found[1]("ann", 1.5, 2) == [Market, "ann", 1.5, 2]


def test_python_calls_a_live_method_like_a_classmethod() -> None:
    assert Market.place_bid("ann", 1.5, 2) == [Market, "ann", 1.5, 2]
    assert getattr(Market.place_bid, "__live__", False)


@pytest.mark.parametrize(
    "name",
    ["show", "helper", "remark", "overridden", "wrapped", "mro", "__init__", "__class__", "absent", ""],
)
def test_what_is_not_marked_cannot_be_called(name: str) -> None:
    assert live_method_of(Market, name) is None


def test_a_method_of_a_mixin_can_be_called_and_gets_the_page() -> None:
    found = live_method_of(Market, "from_mixin")

    assert found is not None
    assert found[1].__self__ is Market  # type: ignore[attr-defined]  # a bound method


def test_an_override_with_the_mark_replaces_the_base() -> None:
    found = live_method_of(Market, "replaced")

    assert found is not None
    assert found[1]("ann") == "market"


def test_the_mark_says_whether_calls_overlap_and_when_they_end() -> None:
    tuned = live_method_of(Market, "tuned")
    plain = live_method_of(Market, "wait")

    assert tuned is not None
    assert (tuned[0].interleave, tuned[0].timeout, tuned[0].is_async) == (True, 2.5, False)
    assert plain is not None
    assert (plain[0].interleave, plain[0].timeout, plain[0].is_async) == (False, None, True)


def test_a_method_knows_where_it_stands() -> None:
    found = live_method_of(Market, "place_bid")

    assert found is not None
    assert found[0].file == __file__
    assert found[0].line > 1


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("class Trade:\n @live\n def m(page): ...", "def m(page, player, ...)"),
        ("class Trade:\n @live\n def m(*args): ...", "def m(page, player, ...)"),
        ("class Trade:\n @live\n @staticmethod\n def m(page, player): ...", "@staticmethod"),
        ("class Trade:\n @live\n def m(page, player): yield 1", "Return a list"),
        ("class Trade:\n @live\n def __m__(page, player): ...", "two underscores"),
        ("class Trade:\n @live(timeout=0)\n def m(page, player): ...", "seconds above 0"),
        ("class Trade:\n @live(timeout='5')\n def m(page, player): ...", "seconds above 0"),
        ("class Trade:\n @live(timeout=True)\n def m(page, player): ...", "seconds above 0"),
    ],
)
def test_what_cannot_be_a_live_method_is_an_error_where_it_is_marked(source: str, words: str) -> None:
    with pytest.raises(AuthorError) as caught:
        compiled(source)

    assert words in str(caught.value)


# Annotations


@pytest.mark.parametrize(
    ("parameter", "reason"),
    [
        ("items: list[5]", "5 is no type"),
        ("items: 5", "5 is no type"),
        ("items: 'Absent'", "name 'Absent' is not defined"),
        ("items: list['Absent']", "name 'Absent' is not defined"),
        ("items: 'list['", "must be an expression"),
        ("items: Literal[()]", "lists no values"),
        ("items: Literal[1.5]", "lists 1.5"),
        ("items: set[dict]", "cannot hash"),
        ("items: set[list[int]]", "cannot hash"),
        ("items: dict[list, int]", "cannot hash"),
        ("items: frozenset[tuple[int, dict]]", "cannot hash"),
        ("items: set[Plain]", "cannot hash"),
        ("items: list[int, str]", "2 types stand in brackets"),
        ("items: tuple[int, ..., str]", "is no type"),
        ("items: Annotated[str, msgspec.Meta(ge=1)]", "constraint"),
        ("items: ClassVar[int]", "is not valid"),
        ("items: Never", "is no type"),
        ("items: len", "is no type"),
        ("items: Broken", "name 'Absent' is not defined"),
        ("*items: 5", "5 is no type"),
        ("**items: 5", "5 is no type"),
    ],
)
def test_an_annotation_without_sense_names_module_method_and_parameter(parameter: str, reason: str) -> None:
    source = (
        "from typing import *\nimport dataclasses, msgspec\n"
        "@dataclasses.dataclass\nclass Plain: pass\n"
        "@dataclasses.dataclass\nclass Broken:\n a: 'Absent'\n"
        f"class Trade:\n @live\n def m(page, player, {parameter}): ..."
    )

    with pytest.raises(AuthorError) as caught:
        compiled(source)

    message = str(caught.value)
    assert message.startswith('market: Trade.m: the parameter "items" is annotated ')
    assert reason in message
    assert "Correct it" in message


def test_annotations_of_page_player_and_the_answer_are_not_looked_at() -> None:
    compiled("class Trade:\n @live\n def m(page: 'Absent', player: 5, a: int) -> 'Absent': ...")


def test_annotations_that_are_text_are_read_in_the_methods_module() -> None:
    def method(page: object, player: object, line: Line, more: list[Line] | None = None) -> None: ...

    args, _ = bound(method, {"price": "1"}, [{"price": 2}])

    assert args == [Line(Decimal(1)), [Line(Decimal(2))]]


def test_annotations_may_name_classes_of_the_pages_body() -> None:
    module = types.ModuleType("nested_bid")
    sys.modules["nested_bid"] = module
    source = (
        "from __future__ import annotations\nfrom uproot_aio.experiment.live import live\nimport dataclasses\n"
        "class Trade:\n @dataclasses.dataclass\n class Bid:\n  a: int\n"
        " @live\n def m(page, player, bid: Bid): ..."
    )
    exec(source, vars(module))

    found = live_method_of(module.Trade, "m")
    sys.modules.pop("nested_bid")

    assert found is not None
    assert found[0].bind(b'[{"a": "1"}]') == ([module.Trade.Bid(1)], {})


def test_pydantic_is_not_imported_by_us() -> None:
    source = (
        "import sys\n"
        "from typing import Annotated\n"
        "from uproot_aio.experiment.live import live, live_method_of\n"
        "class Trade:\n @live\n def m(page, player, a: list[int], b: dict): ...\n"
        "live_method_of(Trade, 'm')[0].bind(b'[[1],{}]')\n"
        "assert 'pydantic' not in sys.modules\n"
    )

    result = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stderr


# Binding


def test_arguments_in_order_fill_parameters_in_order() -> None:
    def method(page: object, player: object, a: int, b: str = "x") -> None: ...

    assert bound(method, 1) == ([1], {})
    assert bound(method, 1, "y") == ([1, "y"], {})


def test_a_method_without_parameters_takes_none() -> None:
    def method(page: object, player: object) -> None: ...

    assert bound(method) == ([], {})
    assert bound(method, kwargs={}) == ([], {})


def test_missing_values_are_left_to_pythons_defaults() -> None:
    def method(page: object, player: object, a: list[int] = [], b: int = 2) -> None: ...  # noqa: B006

    assert bound(method) == ([], {})


def test_star_arguments_are_converted_one_by_one() -> None:
    def method(page: object, player: object, first: str, *rest: int) -> None: ...

    assert bound(method, "a", 1, "2") == (["a", 1, 2], {})
    assert bound(method, "a") == (["a"], {})


def test_keywords_are_converted_by_name() -> None:
    def method(page: object, player: object, a: int, *, b: bool = False, **rest: float) -> None: ...

    assert bound(method, 1, kwargs={"b": "yes", "c": "1.5"}) == ([1], {"b": True, "c": 1.5})


def test_a_trailing_object_is_keywords() -> None:
    def method(page: object, player: object, a: int, b: int) -> None: ...

    assert bound(method, 1, kwargs={"b": 5}) == ([1], {"b": 5})
    assert bound(method, kwargs={"a": 1, "b": 5}) == ([], {"a": 1, "b": 5})


def test_a_trailing_object_that_is_no_keywords_is_the_argument_that_takes_one() -> None:
    def of_dict(page: object, player: object, data: dict) -> None: ...  # type: ignore[type-arg]  # as authors write
    def of_dataclass(page: object, player: object, line: Line) -> None: ...
    def of_anything(page, player, stroke): ...  # type: ignore[no-untyped-def]  # as authors write
    def second(page: object, player: object, a: int, data: dict[str, int]) -> None: ...
    def by_position(page: object, player: object, data: dict[str, int], /) -> None: ...
    def star(page: object, player: object, *data: dict[str, int]) -> None: ...

    assert bound(of_dict, kwargs={"a": 1}) == ([], {"data": {"a": 1}})
    assert bound(of_dict, kwargs={}) == ([], {"data": {}})
    assert bound(of_dict, kwargs={"data": {"a": 1}}) == ([], {"data": {"a": 1}})
    assert bound(of_dict, kwargs={"player": 1}) == ([], {"data": {"player": 1}})
    assert bound(of_dataclass, kwargs={"price": 1}) == ([], {"line": Line(Decimal(1))})
    assert bound(of_anything, kwargs={"x": 1}) == ([], {"stroke": {"x": 1}})
    assert bound(second, 1, kwargs={"x": 1}) == ([1], {"data": {"x": 1}})
    assert bound(by_position, kwargs={"x": 1}) == ([{"x": 1}], {})
    assert bound(star, {"x": 1}, kwargs={"y": 2}) == ([{"x": 1}, {"y": 2}], {})


def test_an_empty_trailing_object_leaves_the_object_before_it_an_argument() -> None:
    def method(page: object, player: object, data: dict[str, int]) -> None: ...

    assert bound(method, {"q": 1}, kwargs={}) == ([{"q": 1}], {})


def test_an_object_is_not_guessed_between_two_parameters() -> None:
    def method(page: object, player: object, a: dict[str, int], b: dict[str, int]) -> None: ...

    error = refusal(method, kwargs={"q": 1})

    assert error.path == "$.q"


@pytest.mark.parametrize("name", ["page", "player"])
def test_page_and_player_cannot_be_passed(name: str) -> None:
    def method(page: object, player: object, **rest: int) -> None: ...

    error = refusal(method, kwargs={name: 1})

    assert error.path == f"$.{name}"
    assert "given by the server" in str(error)


# Refusals


def test_a_refusal_says_where_what_came_and_what_is_expected() -> None:
    def method(page: object, player: object, amount: float, item_id: int) -> None: ...

    error = refusal(method, "abc", 2)

    assert (error.path, error.expected) == ("$.amount", "float")
    assert str(error) == 'method: amount must be float, but the text "abc" came.'


def test_a_refusal_inside_a_value_says_where_inside() -> None:
    def method(page: object, player: object, items: list[int], line: Line | None = None) -> None: ...

    assert refusal(method, [1, 2, "x"]).path == "$.items[2]"
    assert refusal(method, [], {"price": 1, "tags": [1, None]}).path == "$.line.tags[1]"
    assert refusal(method, [], {"tags": []}).path == "$.line"


def test_a_refusal_repeats_the_annotation_as_it_was_written() -> None:
    def method(page: object, player: object, a: Optional[float], b: Literal["x", 1] = "x") -> None: ...

    assert refusal(method, "abc").expected == "Optional[float]"
    assert refusal(method, 1, "y").expected == "Literal['x', 1]"


def test_a_refusal_of_a_constraint_says_the_constraint() -> None:
    def method(page: object, player: object, amount: Annotated[int, msgspec.Meta(ge=1)]) -> None: ...

    error = refusal(method, 0)

    assert error.path == "$.amount"
    assert "at least 1" in str(error)


def test_arguments_of_star_parameters_are_named_by_index_and_key() -> None:
    def method(page: object, player: object, *items: int, **more: int) -> None: ...

    assert refusal(method, 1, "x").path == "$.items[1]"
    assert refusal(method, kwargs={"my key": "x"}).path == '$.more["my key"]'


@pytest.mark.parametrize(
    ("args", "kwargs", "path", "words"),
    [
        ((), None, "$.amount", '"amount" is missing'),
        ((1, 2, 3), None, "$", "at most 2, but 3"),
        ((1,), {"amount": 2}, "$.amount", "given twice"),
        ((1,), {"item": 2}, "$.item", 'did you mean "item_id"?'),
        ((1,), {}, "$.item_id", '"item_id" is missing'),
    ],
)
def test_wrong_numbers_and_names_of_arguments_are_refused(
    args: tuple[object, ...], kwargs: object, path: str, words: str
) -> None:
    def method(page: object, player: object, amount: float, item_id: int) -> None: ...

    error = refusal(method, *args, kwargs=kwargs)

    assert error.path == path
    assert words in str(error)
    assert "method(amount: float, item_id: int)" in str(error)


@pytest.mark.parametrize(
    ("args", "kwargs"), [(b"{}", None), (b"5", None), (b"", None), (b"[]", b"[]"), (b"[]", b"5")]
)
def test_what_is_not_a_list_and_an_object_is_refused(args: bytes, kwargs: bytes | None) -> None:
    def method(page: object, player: object, *rest: int, **more: int) -> None: ...

    with pytest.raises(InvalidArguments):
        LiveMethod(method, interleave=False, timeout=None).bind(args, kwargs)


def test_a_method_without_parameters_says_so_when_arguments_come() -> None:
    def increment(page: object, player: object) -> None: ...

    error = refusal(increment, 1)

    assert str(error) == "increment: it takes no arguments, but 1 came. It is called as increment()."
