"""Pages are classes that follow rules; whoever breaks one is told which and what to do."""

from __future__ import annotations

import inspect
from typing import Any, Generic, TypeVar

import pytest

from uproot_aio.experiment.page_order import flatten, paths_for_player
from uproot_aio.experiment.pages import (
    HOOKS,
    NoshowPage,
    Page,
    PageRuleBroken,
    PageType,
    app_of,
    is_page,
    page_path,
)


class Welcome(Page):
    """Say hello."""


def test_a_plain_method_is_refused_with_its_name_and_both_ways_to_mend_it() -> None:
    with pytest.raises(TypeError) as caught:

        class Counter(Page):
            def increment(page, player): ...  # type: ignore[no-untyped-def]  # as authors write

    assert isinstance(caught.value, PageRuleBroken)
    assert "tests/Counter: Counter.increment is a plain method." in str(caught.value)
    assert "@live" in str(caught.value)
    assert "@classmethod" in str(caught.value)


def test_a_hook_without_classmethod_is_told_to_become_a_class_method() -> None:
    with pytest.raises(
        TypeError, match=r"Counter\.before_once is a plain method\. Put @classmethod above it\."
    ):

        class Counter(Page):
            def before_once(page, player): ...  # type: ignore[no-untyped-def,override]  # as authors write


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (lambda page, player: True, "plain method. Write it as a method: @classmethod, then def show"),
        (staticmethod(lambda player: True), "static method"),
        (type("Nested", (), {}), "a class inside a page. Move it out"),
        (print, "callable, but no method"),
    ],
)
def test_callables_other_than_class_methods_are_refused(value: object, said: str) -> None:
    with pytest.raises(TypeError) as caught:
        PageType("Odd", (Page,), {"show": value})

    assert said in str(caught.value)


def test_everything_wrong_with_a_class_is_said_at_once() -> None:
    with pytest.raises(PageRuleBroken) as caught:

        class Counter(Page):
            context = {"a": 1}

            def one(page, player): ...  # type: ignore[no-untyped-def]  # as authors write

            @staticmethod
            def two(player): ...  # type: ignore[no-untyped-def]  # as authors write

    assert [rule.what for rule in caught.value.broken] == [
        "Counter.one is a plain method.",
        "Counter.two is a static method.",
        "Counter.context has no meaning.",
    ]


def test_values_and_class_methods_are_welcome() -> None:
    class Offer(Page):
        fields = {"amount": 1}
        timeout = 120

        @classmethod
        def show(page, player: Any) -> bool:
            return bool(player)

        @classmethod
        async def before_once(page, player: Any) -> None: ...

    assert Offer.show(player=1) is True
    assert inspect.iscoroutinefunction(Offer.before_once)


def test_a_plain_mixin_may_hold_what_a_page_may_not() -> None:
    class Shared:
        def helper(self) -> None: ...

        @classmethod
        def show(page, player: Any) -> bool:
            return False

    class Offer(Shared, Page): ...

    assert Offer.show(player=None) is False


@pytest.mark.parametrize("name", ["all_here", "after_grouping"])
def test_hooks_that_let_several_players_go_are_never_async_not_even_from_a_mixin(name: str) -> None:
    async def hook(page: object, group: object) -> None: ...

    mixin = type("Mixin", (), {name: classmethod(hook)})

    with pytest.raises(TypeError, match=f"{name} is async"):
        PageType("Together", (mixin, Page), {})


def test_wait_pages_refuse_hooks_of_leaving_but_not_those_of_a_mixin() -> None:
    class SomeWait(Page): ...

    class Mixin:
        @classmethod
        def after_always_once(page, player: Any) -> None: ...

    class Quiet(Mixin, SomeWait): ...

    class Grouping(SomeWait):
        @classmethod
        def after_grouping(page, group: Any) -> None: ...

    with pytest.raises(TypeError, match="Loud is a wait page and cannot have after_once"):

        class Loud(SomeWait):
            @classmethod
            def after_once(page, player: Any) -> None: ...

    assert is_page(Quiet)
    assert is_page(Grouping)


def test_a_page_is_not_called() -> None:
    with pytest.raises(AttributeError, match="tests/Welcome: a page cannot be called"):
        Welcome()


def test_nothing_is_set_on_a_page_since_all_players_share_it() -> None:
    with pytest.raises(AttributeError, match=r"player\.count = "):
        Welcome.count = 1
    with pytest.raises(AttributeError, match="cannot be set or deleted"):
        del Welcome.show

    assert not hasattr(Welcome, "count")


def test_a_generic_page_works() -> None:
    T = TypeVar("T")

    class Choice(Page, Generic[T]): ...

    class Colour(Choice[str]): ...

    assert page_path(Colour) == "tests/Colour"


def test_a_page_of_a_submodule_belongs_to_the_app() -> None:
    page = PageType("Trust", (Page,), {"__module__": "games.trust"})

    assert page_path(page) == "games/Trust"
    assert app_of(page) == "games"


def test_only_page_classes_are_pages() -> None:
    assert is_page(Welcome)
    assert is_page(NoshowPage)
    assert not is_page(int)
    assert not is_page("Welcome")
    assert not is_page(None)


def test_every_hook_has_a_default_that_does_nothing() -> None:
    defaults = {name: getattr(Page, name) for name in HOOKS}

    results = {
        name: default(
            player=None, **({"data": {}} if "data" in inspect.signature(default).parameters else {})
        )
        for name, default in defaults.items()
        if callable(default) and name != "early"
    }

    assert set(results.values()) == {None}
    assert Page.show is True
    assert NoshowPage.show is False
    assert Page.may_proceed is True


def test_nested_lists_are_flattened_in_order() -> None:
    assert list(flatten([1, [2, [3], []], (4,)])) == [1, 2, 3, 4]


def test_a_list_within_itself_is_a_mistake_and_no_endless_loop() -> None:
    order: list[object] = []
    order.append(order)

    with pytest.raises(Exception, match="contains itself"):
        list(flatten(order))


def test_a_function_page_order_is_asked_for_each_player() -> None:
    def page_order(player: int) -> list[object]:
        return [[Welcome] * player]

    assert paths_for_player("app", page_order, 2) == ["tests/Welcome", "tests/Welcome"]
    assert paths_for_player("app", [Welcome], 2) == ["tests/Welcome"]


@pytest.mark.parametrize("result", [None, ["Welcome"], [None], "Welcome"])
def test_a_function_page_order_that_returns_no_pages_is_named(result: object) -> None:
    with pytest.raises(Exception, match=r"my_app: page_order\(player\) returned"):
        paths_for_player("my_app", lambda player: result, None)
