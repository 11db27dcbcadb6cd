"""Know the fields of classes made from a JSON object: dataclass, TypedDict, NamedTuple, Struct."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeGuard, TypeVar, get_args, get_origin

import msgspec

from uproot_aio.experiment.annotation_text import NoSense, resolve_fields


class ClassField(NamedTuple):
    """One field: `key` in JSON, `name` in Python."""

    key: str
    name: str
    hint: object
    is_required: bool


def is_struct(kind: type) -> TypeGuard[type[msgspec.Struct]]:
    """Return whether this is a msgspec Struct class."""
    return issubclass(kind, msgspec.Struct)


def is_named_tuple(kind: type) -> bool:
    """Return whether this class was made by NamedTuple or namedtuple."""
    return issubclass(kind, tuple) and hasattr(kind, "_fields")


def fields_of(hint: object, kind: type) -> Iterator[ClassField]:
    """Yield the fields of `kind`; `hint` is the class itself or with types for its type variables.

    Raises:
        NoSense: the annotation of a field cannot be evaluated.
    """
    if is_struct(kind):
        yield from _struct_fields(hint)
        return
    hints = resolve_fields(kind)
    variables = _variables(hint, kind)
    required = _required(kind, hints)
    for name in _names(kind, hints):
        field_hint = _substituted(_unqualified(hints.get(name, Any)), variables)
        yield ClassField(name, name, field_hint, name in required)


def _struct_fields(hint: object) -> Iterator[ClassField]:
    try:
        infos = msgspec.structs.fields(hint)  # type: ignore[arg-type]  # a Struct or one with type variables filled
    except Exception as error:  # evaluating an author's text can raise anything
        raise NoSense(f"a field of it: {error}") from None
    for info in infos:
        yield ClassField(info.encode_name, info.name, info.type, info.required)


def _names(kind: Any, hints: Mapping[str, object]) -> list[str]:
    if is_named_tuple(kind):
        return list(kind._fields)
    if dataclasses.is_dataclass(kind):
        return [field.name for field in _init_fields(kind)]
    return list(hints)


def _required(kind: Any, hints: Mapping[str, object]) -> frozenset[str]:
    if is_named_tuple(kind):
        return frozenset(kind._fields) - frozenset(kind._field_defaults)
    if dataclasses.is_dataclass(kind):
        missing = dataclasses.MISSING
        return frozenset(
            field.name
            for field in _init_fields(kind)
            if field.default is missing and field.default_factory is missing
        )
    # With postponed annotations, Python's own __required_keys__ does not see NotRequired.
    qualified = {name: get_origin(hint) for name, hint in hints.items()}
    return frozenset(
        name
        for name, origin in qualified.items()
        if origin is typing.Required or (name in kind.__required_keys__ and origin is not typing.NotRequired)
    )


def _init_fields(kind: Any) -> list[dataclasses.Field[Any]]:
    # __dataclass_fields__ has InitVars too, which fields() leaves out.
    every = kind.__dataclass_fields__.values()
    return [field for field in every if field.init and field._field_type.name != "_FIELD_CLASSVAR"]


def _unqualified(hint: object) -> object:
    while get_origin(hint) in (typing.Required, typing.NotRequired, typing.Final, typing.ClassVar):
        hint = get_args(hint)[0]
    return hint.type if isinstance(hint, dataclasses.InitVar) else hint


def _variables(hint: object, kind: Any) -> dict[object, object]:
    return dict(zip(getattr(kind, "__parameters__", ()), get_args(hint), strict=False))


def _substituted(hint: Any, variables: Mapping[object, object]) -> object:
    if isinstance(hint, TypeVar):
        return variables.get(hint, hint)
    if variables and (parameters := getattr(hint, "__parameters__", ())):
        return hint[tuple(variables.get(parameter, parameter) for parameter in parameters)]
    return hint
