"""Resolve annotations that are text, and say annotations as an author would write them."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from typing import Annotated, Literal, Union, get_args, get_origin

from uproot_aio.experiment.described import has_address


class NoSense(Exception):
    """An annotation makes no sense; the text says why."""


def resolve(annotation: object, function: Callable[..., object]) -> object:
    """Return the annotation with its texts evaluated, with the names of the function's module and class.

    Raises:
        NoSense: a text is no Python expression, or uses a name that is not defined there.
    """
    holder = types.SimpleNamespace(__annotations__={"it": annotation})
    try:
        return typing.get_type_hints(
            holder, function.__globals__, _class_names(function), include_extras=True
        )["it"]
    except NoSense:
        raise
    except Exception as error:  # evaluating an author's text can raise anything
        raise NoSense(str(error)) from None


def resolve_fields(kind: type) -> dict[str, object]:
    """Return the annotations of a class's fields with texts evaluated.

    Raises:
        NoSense: one of them cannot be evaluated.
    """
    try:
        return typing.get_type_hints(kind, include_extras=True)
    except Exception as error:  # evaluating an author's text can raise anything
        raise NoSense(f"a field of {kind.__name__}: {error}") from None


def reads(hint: object) -> str:
    """Return the annotation as it reads in source, without the names of modules."""
    if hint is type(None):
        return "None"
    if hint is Ellipsis:
        return "..."
    if isinstance(hint, list):
        return "[" + ", ".join(map(reads, hint)) + "]"
    origin, args = get_origin(hint), get_args(hint)
    if origin is None:
        name = getattr(hint, "__name__", None)
        if isinstance(name, str):
            return name
        return type(hint).__name__ if has_address(hint) else repr(hint).removeprefix("typing.")
    if origin is Annotated:
        return f"Annotated[{reads(args[0])}, {', '.join(map(repr, args[1:]))}]"
    if origin is Literal:
        return f"Literal[{', '.join(map(repr, args))}]"
    if origin is types.UnionType:
        return " | ".join(map(reads, args))
    if origin is Union:
        if len(args) == 2 and args[1] is type(None):
            return f"Optional[{reads(args[0])}]"
        return f"Union[{', '.join(map(reads, args))}]"
    name = reads(origin)
    return f"{name}[{', '.join(map(reads, args)) or '()'}]" if args or origin is tuple else name


def _class_names(function: Callable[..., object]) -> dict[str, object]:
    # A page may define the classes of its methods' parameters in its own body.
    names = function.__globals__
    for name in function.__qualname__.split(".")[:-1]:
        place = names.get(name)
        if not isinstance(place, type):
            return {}
        names = dict(vars(place))
    return names
