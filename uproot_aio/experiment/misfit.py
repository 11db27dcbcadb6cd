"""What a conversion may do and how it says that a value does not fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

EXACT, CLOSE, LAX = range(3)
"""How far to go: JSON's own type; what stands for the type in JSON; whatever can be read so."""

SHOWN = 60
CONVERTED_VALUES = 50_000


class TooManyValues(Exception):
    """A call has more values than may be converted one by one while everybody waits."""


class Budget:
    """How much of one call may still be converted value by value, which takes about a microsecond or more each.

    Counts the members of arrays and objects each time that they are tried, and the trials of unions that fail.
    """

    def __init__(self, left: int = CONVERTED_VALUES) -> None:
        self.left = left

    def spend(self, count: int) -> None:
        """Count conversions that are about to be made.

        Raises:
            TooManyValues: the call has used up its budget.
        """
        self.left -= count
        if self.left < 0:
            raise TooManyValues


class Trial(NamedTuple):
    """How far a conversion may go, and what unions have found out about the objects and arrays inside.

    Without that memory, a union that contains itself would take time exponential in the depth of a value.
    """

    level: int
    known: dict[tuple[int, int, int], object]
    budget: Budget


Converter: TypeAlias = Callable[[object, Trial], object]


class Misfit(Exception):
    """A value does not fit an annotation.

    Args:
        expected: what would have fit, as the annotation reads.
        value: what came.
        reason: replaces what came in the message, or with `adds` follows it.
        adds: say what came and the reason.
    """

    def __init__(self, expected: str, value: object, reason: str = "", *, adds: bool = False) -> None:
        super().__init__()
        self.expected = expected
        self.value = value
        self.reason = reason
        self.adds = adds
        self.steps: list[str | int] = []

    def inside(self, *steps: str | int) -> Misfit:
        """Note that the value stands at `steps` of the value around it, and return this error."""
        self.steps[:0] = steps
        return self

    def copy(self) -> Misfit:
        """Return an equal error, to be raised once more."""
        misfit = Misfit(self.expected, self.value, self.reason, adds=self.adds)
        misfit.steps = list(self.steps)
        return misfit

    def words(self) -> str:
        """Return what came and why it does not fit, to stand after "but"."""
        came = f"{shown(self.value)} came"
        if not self.reason:
            return came
        return f"{came}; {self.reason}" if self.adds else self.reason


def path_text(steps: Sequence[str | int]) -> str:
    """Return steps as JavaScript would write them: `.items[2]`, `["my key"]`."""
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step.isidentifier():
            text += f".{_shortened(step)}"
        else:
            text += f'["{_shortened(step)}"]'
    return text


def shown(value: object) -> str:
    """Return a short text that says which JSON value this is; takes the same time for huge values."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'the text "{_shortened(value)}"'
    if isinstance(value, dict):
        return f"an object with {_count(len(value), 'key')}"
    if isinstance(value, list):
        return f"an array of {_count(len(value), 'value')}"
    if isinstance(value, int) and value.bit_length() > 200:
        return "a very large number"
    return _shortened(str(value))


def _shortened(text: str) -> str:
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
