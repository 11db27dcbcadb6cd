"""Say which part of a value cannot be stored, and what to store instead."""

from __future__ import annotations

import dataclasses
import inspect
import random
from collections import deque
from collections.abc import Callable, Iterator, MappingView
from enum import Enum
from typing import Any

import msgspec

SHOWN_STEPS = 8
SHOWN_KEY = 40
HANDLES = {"Player": "player.pid", "Session": "session.sid", "Group": "group.gid", "Model": "model.mid"}
NO_SPECIFIC_ADVICE = "Store the numbers, texts, dates, lists and dicts that it consists of."

ADVICE: tuple[tuple[Callable[[Any], bool], str], ...] = (
    (lambda value: isinstance(value, Enum), "Store its .value, or derive its class from IntEnum or StrEnum."),
    (lambda value: isinstance(value, type), "Store its name."),
    (inspect.ismodule, "Store its name."),
    (inspect.isroutine, "Store what calling it returns, or its name."),
    (inspect.isawaitable, "Store what awaiting it gives: is an `await` missing?"),
    (
        lambda value: isinstance(value, random.SystemRandom),
        "It has no state that could be kept: use random.Random().",
    ),
    (
        lambda value: isinstance(value, random.Random),
        "It may draw differently from its base class: use random.Random() itself.",
    ),
    (lambda value: isinstance(value, msgspec.Struct), "Store msgspec.structs.asdict(...) of it."),
    (dataclasses.is_dataclass, "Store dataclasses.asdict(...) of it."),
    (lambda value: isinstance(value, memoryview), "Store bytes(...) of it."),
    (lambda value: type(value).__module__ == "numpy", "Store .item() or .tolist() of it."),
    (lambda value: isinstance(value, Iterator | MappingView | range | deque), "Store list(...) of it."),
)


class Refused(Exception):
    """Travels from the part that cannot be stored out to the whole value, collecting the path."""

    def __init__(self, culprit: object, claim: str, advice: str) -> None:
        super().__init__(claim)
        self.culprit = culprit
        self.claim = claim
        self.advice = advice
        self.steps: list[str] = []

    def inside(self, container: object, step: str) -> None:
        """Note that `container` holds the culprit, and how to get from it one level towards the culprit."""
        self.steps.append(step)
        if (
            container is self.culprit
        ):  # met again further out, so it contains itself: the path up to here will do
            self.claim, self.advice = "contains itself", "Store a copy of what it should hold, or an index."
            self.steps.clear()

    def sentence(self) -> str:
        """Return what is wrong, where, and what to do."""
        where = "value"
        for step in self.steps[: -SHOWN_STEPS - 1 : -1]:
            where = step.replace("{}", where, 1) if step.startswith("list(") else where + step
        if len(self.steps) > SHOWN_STEPS:
            where += "..."
        return f"{where} {self.claim}, which cannot be stored. {self.advice}"


def refuse(value: object) -> Refused:
    """Return the error for a value of a type that cannot be stored."""
    kind = type(value)
    if is_handle(kind):
        return Refused(
            value,
            f"is a handle of type {type_name(kind)}",
            f"Store {HANDLES.get(kind.__name__, 'its identifier')} instead.",
        )
    claim = f"is the class {type_name(value)}" if isinstance(value, type) else f"is of type {type_name(kind)}"
    advice = (text for applies, text in ADVICE if applies(value))
    return Refused(value, claim, next(advice, NO_SPECIFIC_ADVICE))


def refuse_depth(value: object, limit: int) -> Refused:
    """Return the error for a container that stands deeper than `limit` levels."""
    claim = f"is a {type_name(type(value))} nested more than {limit} levels deep"
    return Refused(
        value, claim, "Store a flatter value, such as a list of parts that refer to each other by index."
    )


def is_handle(kind: type) -> bool:
    """Return whether instances are handles. Asks the type, because asking a handle would read a field."""
    return hasattr(kind, "__identifier__")


def index_step(index: int) -> str:
    """Return the step to one member of a list or tuple."""
    return f"[{index}]"


def key_step(key: object) -> str:
    """Return the step to the value under `key`."""
    if type(key) is str:
        return f'["{key}"]' if len(key) <= SHOWN_KEY else f'["{key[:SHOWN_KEY]}..."]'
    if type(key) is int and key.bit_length() > 64:  # repr() refuses integers of more than 4300 digits
        return f"[an integer of {key.bit_length()} bits]"
    text = repr(key) if type(key) in {int, float, bool, type(None)} else f"a {type_name(type(key))}"
    return f"[{text}]"


def unordered_step(position: int) -> str:
    """Return the step to a member of a set, or to a key: Python that an author may paste."""
    return f"list({{}})[{position}]"


def type_name(kind: type) -> str:
    """Return a type's name as an author would write it."""
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
