"""Page: one screen of an experiment, the hooks it may define, and the rules its class must follow.

A page is a class and stays one: it is never instantiated, nothing is ever set on it, and the first parameter
of its methods is the class, by convention called `page`. What belongs to somebody is stored on the player.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import Any, ClassVar, NoReturn, TypeGuard

from uproot_aio.errors import AuthorError

NEVER_ASYNC = ("all_here", "after_grouping")
"""Hooks that run while several players are let go at once, in one stretch."""


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """One thing wrong with a page class: what, what to do, and the line if it is known."""

    what: str
    advice: str
    line: int | None = None


class PageRuleBroken(AuthorError, TypeError):
    """A page class does not follow the rules; `broken` lists everything that is wrong with it."""

    code = "page-rule-broken"

    def __init__(self, page: str, broken: list[BrokenRule]) -> None:
        super().__init__(f"{page}: " + " ".join(f"{rule.what} {rule.advice}" for rule in broken))
        self.broken = broken


class PageType(type):
    """The type of page classes: it refuses instances of them and changes to them."""

    def __call__(cls, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: nothing of a page belongs to one visit of it."""
        raise AttributeError(
            f"{page_path(cls)}: a page cannot be called. Name the class itself, without parentheses."
        )

    def __setattr__(cls, name: str, value: object) -> None:
        if not _is_dunder(name):  # `typing.Generic` and its like set some on each subclass
            _refuse_change(cls, name)
        super().__setattr__(name, value)

    def __delattr__(cls, name: str) -> None:
        _refuse_change(cls, name)


class Page(metaclass=PageType):
    """One screen of an experiment. Derive from it; every hook below is optional.

    Where the default is a plain value, a class method `(page, player)` that returns one does as well. Any
    hook may be an `async def`. `player` and `data` come by keyword.
    """

    show: ClassVar[Any] = True
    """Whether the player sees this page; asked each time they reach it."""
    fields: ClassVar[Any] = {}
    """The form: names, which are also the player's attributes, and their fields."""
    templatevars: ClassVar[Any] = {}
    """More variables for the template."""
    jsvars: ClassVar[Any] = {}
    """What JavaScript finds in `uproot.vars`."""
    timeout: ClassVar[Any] = None
    """Seconds until the browser submits the page by itself; None for never."""
    allow_back: ClassVar[Any] = False
    """Whether there is a Back button."""
    may_proceed: ClassVar[Any] = True
    """Whether the player may leave the page now."""
    stealth_fields: ClassVar[Any] = ()
    """Names of fields that are checked like others but never stored."""
    template: ClassVar[str | None] = None
    """A template's path in place of `<app>/<class>.html`. No method."""
    keep_values: ClassVar[bool] = False
    """Whether the form starts with what the player has stored. No method."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        broken = list(_broken_rules(cls))
        if broken:
            raise PageRuleBroken(page_path(cls), broken)

    @classmethod
    def early(page, player: Any, request: Any) -> Any:
        """Run when the player reaches the page, before everything else."""

    @classmethod
    def before_always_once(page, player: Any) -> Any:
        """Run once when the player reaches the page, also if it is then skipped."""

    @classmethod
    def before_once(page, player: Any) -> Any:
        """Run once before the page is shown for the first time."""

    @classmethod
    def validate(page, player: Any, data: Any) -> Any:
        """Return what is wrong with the form: a text, several, or texts by name of field."""

    @classmethod
    def before_form_save(page, player: Any, data: Any) -> Any:
        """Run before the values of a correct form are stored."""

    @classmethod
    def handle_stealth_fields(page, player: Any, data: Any) -> Any:
        """Receive the fields that are not stored; may return what is wrong with them."""

    @classmethod
    def timeout_reached(page, player: Any) -> Any:
        """Run when the time is up."""

    @classmethod
    def after_once(page, player: Any) -> Any:
        """Run once when the player leaves the page forwards."""

    @classmethod
    def after_always_once(page, player: Any) -> Any:
        """Run once when the player leaves the page forwards, also if it was skipped."""


HOOKS = frozenset(name for name in vars(Page) if not name.startswith("_"))
"""Names that mean something on a page."""


def is_page(candidate: object) -> TypeGuard[type[Page]]:
    """Say whether this is a page class."""
    return isinstance(candidate, PageType)


def app_of(page: type) -> str:
    """Return the name of the app that a page belongs to, also if it is defined in a submodule of the app."""
    return page.__module__.partition(".")[0]


def page_path(page: type) -> str:
    """Return the name under which sessions remember a page: "counter/Counter"."""
    return f"{app_of(page)}/{page.__name__}"


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _refuse_change(page: type, name: str) -> NoReturn:
    raise AttributeError(
        f"{page_path(page)}: {name} cannot be set or deleted, because a page is shared by all players. "
        f"Store the value with the player: player.{name} = ..."
    )


def _broken_rules(page: type) -> Iterator[BrokenRule]:
    for name, value in vars(page).items():
        if not _is_dunder(name) and callable(value):
            yield _not_a_class_method(page, name, value)
    if "context" in vars(page):
        yield BrokenRule(f"{page.__name__}.context has no meaning.", "Call it templatevars.")
    for name in NEVER_ASYNC:
        if inspect.iscoroutinefunction(getattr(page, name, None)):
            yield BrokenRule(
                f"{page.__name__}.{name} is async.",
                "Write def instead of async def, and await nothing in it.",
            )
    if any(is_page(base) and "Wait" in base.__name__ for base in page.__mro__[1:]):
        for name in vars(page):
            if name.startswith("after_") and name != "after_grouping":
                yield BrokenRule(
                    f"{page.__name__} is a wait page and cannot have {name}.",
                    "Put its code into after_grouping or all_here, or into a hook of the page that follows.",
                )


def _not_a_class_method(page: type, name: str, value: object) -> BrokenRule:
    where = f"{page.__name__}.{name}"
    if isinstance(value, type):
        return BrokenRule(
            f"{where} is a class inside a page.", "Move it out of the page, to the level of the module."
        )
    line = None
    if isinstance(value, staticmethod):
        value, kind = value.__func__, "a static method"
    else:
        kind = "a plain method" if isinstance(value, FunctionType) else "callable, but no method"
    if isinstance(value, FunctionType):
        line = value.__code__.co_firstlineno
    if isinstance(value, FunctionType) and value.__name__ == "<lambda>":
        advice = f"Write it as a method: @classmethod, then def {name}(page, player)."
    elif name in HOOKS:
        advice = "Put @classmethod above it."
    else:
        advice = "Put @live above it if JavaScript calls it, and @classmethod otherwise."
    return BrokenRule(f"{where} is {kind}.", advice, line)


class NoshowPage(Page):
    """A page that nobody sees: `early`, `before_always_once` and `after_always_once` run in passing."""

    show = False
