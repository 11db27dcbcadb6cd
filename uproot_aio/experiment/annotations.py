"""Read an author's annotation: how values for it are converted, or why it makes no sense."""

from __future__ import annotations

import collections.abc
import dataclasses
import pathlib
import types
import typing
from collections.abc import Callable, Sequence
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, NamedTuple, NewType, TypeVar, Union, get_args, get_origin

import msgspec

from uproot_aio.experiment import coerce
from uproot_aio.experiment import coerce_containers as containers
from uproot_aio.experiment.annotation_classes import fields_of, is_named_tuple, is_struct
from uproot_aio.experiment.annotation_text import NoSense, reads
from uproot_aio.experiment.constraints import constrained
from uproot_aio.experiment.misfit import Converter
from uproot_aio.experiment.pydantic_types import NeedsPydantic, is_pydantic, pydantic_from, takes_json_object
from uproot_aio.state.identifiers import SessionIdentifier

LISTS: frozenset[object] = frozenset(
    {
        list,
        collections.abc.Sequence,
        collections.abc.MutableSequence,
        collections.abc.Collection,
        collections.abc.Iterable,
    }
)
SETS: dict[object, Callable[..., object]] = {
    set: set,
    collections.abc.Set: set,
    collections.abc.MutableSet: set,
    frozenset: frozenset,
}
DICTS: frozenset[object] = frozenset({dict, collections.abc.Mapping, collections.abc.MutableMapping})
LAX_TYPES: frozenset[object] = frozenset({object, Any, str, int, float, bool, list, dict})
NOT_NATIVE = frozenset({*coerce.IDENTIFIERS, Decimal, bytes, bytearray})
"""Types that msgspec reads otherwise than we do: Decimal NaN, Base64."""


class Reading(NamedTuple):
    """What was read from an annotation.

    `convert` takes JSON values as browsers send them. If `is_native`, msgspec's strict decoder gives the
    same result for every value that it accepts, and if `is_lax` its decoder with `strict=False` does, too.
    `takes_object` is what the function of that name says.
    """

    hint: object
    text: str
    convert: Converter
    is_native: bool
    is_lax: bool
    takes_object: bool

    @property
    def decoder(self) -> msgspec.json.Decoder[Any] | None:
        """A new decoder by msgspec alone, for the values that need no more."""
        return msgspec.json.Decoder(self.hint, strict=not self.is_lax) if self.is_native else None


def read_annotation(hint: object, text: str | None = None) -> Reading:
    """Return how values for a resolved annotation are converted; `text` is how its author wrote it.

    Raises:
        NoSense: it is no type, or one that JSON can never fill for a reason that is surely a mistake.
    """
    reader = _Reader()
    convert = reader.read(hint)
    native = reader.is_native and _msgspec_reads(hint)
    return Reading(hint, text or reads(hint), convert, native, native and _is_lax(hint), takes_object(hint))


def takes_object(hint: object) -> bool:
    """Return whether a JSON object may be the value: a dict, a class with fields, or anything at all."""
    hint = _plain(hint)
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return any(map(takes_object, args))
    kind = origin or hint
    if kind in DICTS or kind is object:
        return True
    if not isinstance(kind, type) or kind is SessionIdentifier or is_named_tuple(kind):
        return False
    if is_struct(kind):
        return not kind.__struct_config__.array_like
    if is_pydantic(kind):
        return takes_json_object(kind)
    return typing.is_typeddict(kind) or dataclasses.is_dataclass(kind)


class _Reader:
    """Reads one annotation; remembers the classes met, which may refer to themselves."""

    def __init__(self) -> None:
        self.is_native = True
        self._classes: dict[object, Converter] = {}

    def read(self, hint: object) -> Converter:
        if self._for_pydantic(hint):
            self.is_native = False
            return self._read_pydantic(hint)
        if get_origin(hint) is Annotated:
            return self._read_annotated(hint)
        hint = _plain(hint)
        origin, args = get_origin(hint), get_args(hint)
        if origin in (Union, types.UnionType):
            return self._read_union(hint, args)
        if origin is Literal or hint is Literal:
            return self._read_literal(hint, args)
        kind = origin or hint
        if kind in LISTS:
            return containers.list_from(self._element(args, 0, 1))
        if kind in SETS:
            return containers.collection_from(SETS[kind], self._key(args, hint, count=1))
        if kind in DICTS:
            return containers.dict_from(self._key(args, hint, count=2), self._element(args, 1, 2))
        if kind is tuple:
            return self._read_tuple(hint, args)
        if not isinstance(kind, type):
            raise NoSense(f"{reads(hint)} is no type for a value")
        return self._read_class(hint, kind)

    def _for_pydantic(self, hint: object) -> bool:
        try:
            return is_pydantic(hint)
        except NeedsPydantic as error:
            raise NoSense(f"{error}, and nobody imports Pydantic") from None

    def _read_pydantic(self, hint: object) -> Converter:
        try:
            return pydantic_from(hint, reads(hint))
        except Exception as error:  # Pydantic raises what it likes for a class that it cannot describe
            raise NoSense(f"Pydantic cannot read it: {str(error).partition(chr(10))[0]}") from None

    def _read_annotated(self, hint: object) -> Converter:
        inner, *extras = get_args(hint)
        rules = [extra for extra in extras if isinstance(extra, msgspec.Meta)]
        convert = self.read(inner)
        if not rules:
            return convert
        plain = get_origin(_plain(inner)) or _plain(inner)
        if plain is not Decimal and plain in {*coerce.SCALARS, list, dict, set, frozenset, tuple}:
            try:
                msgspec.json.Decoder(Annotated[plain, *rules])
            except TypeError as error:
                raise NoSense(f"its constraint does not suit its type: {error}") from None
        return constrained(convert, rules, reads(hint))

    def _read_union(self, hint: object, args: Sequence[object]) -> Converter:
        others = [arg for arg in args if arg is not type(None)]
        convert = containers.union_from([self.read(arg) for arg in others], reads(hint))
        return containers.optional_from(convert) if len(others) < len(args) else convert

    def _read_literal(self, hint: object, args: Sequence[object]) -> Converter:
        if not args:
            raise NoSense("it lists no values")
        for arg in args:
            if arg is not None and not isinstance(arg, (str, int, Enum)):
                raise NoSense(f"it lists {arg!r}, which JSON cannot say")
        return coerce.literal_from(tuple(args), reads(hint))

    def _read_tuple(self, hint: object, args: Sequence[object]) -> Converter:
        if hint is tuple or hint is typing.Tuple:  # noqa: UP006  # what an author may have written
            return containers.collection_from(tuple, coerce.anything)
        if len(args) == 2 and args[1] is Ellipsis:
            return containers.collection_from(tuple, self.read(args[0]))
        return containers.tuple_from([self.read(arg) for arg in args], reads(hint))

    def _read_class(self, hint: object, kind: type) -> Converter:
        if kind in NOT_NATIVE:
            self.is_native = False
        if kind in coerce.SCALARS:
            return coerce.SCALARS[kind]
        if kind in coerce.IDENTIFIERS:
            return coerce.identifier_from(kind)
        if issubclass(kind, Enum):
            return coerce.enum_from(kind)
        if issubclass(kind, pathlib.PurePath):
            self.is_native = False
            return coerce.path_from(kind)
        if (
            is_struct(kind)
            or is_named_tuple(kind)
            or typing.is_typeddict(kind)
            or dataclasses.is_dataclass(kind)
        ):
            return self._read_fields(hint, kind)
        self.is_native = False
        return coerce.instance_of(kind)

    def _read_fields(self, hint: object, kind: type) -> Converter:
        if hint in self._classes:
            return self._classes[hint]
        if is_struct(kind) and kind.__struct_config__.array_like:
            return coerce.msgspec_from(hint, reads(hint))
        fields: list[containers.Field] = []
        name = reads(hint)
        convert: Converter
        if is_named_tuple(kind):
            convert = containers.named_tuple_from(kind, fields, name)
        elif is_struct(kind):
            config = kind.__struct_config__
            convert = containers.object_from(kind, fields, name, closed=config.forbid_unknown_fields)
            if config.tag_field is not None:
                convert = containers.tagged(convert, config.tag_field, config.tag, name)
        else:
            convert = containers.object_from(kind, fields, name)
            # msgspec fills a dataclass without calling the __init__ that its author may have written.
            self.is_native &= typing.is_typeddict(kind) or _has_plain_init(kind)
        self._classes[hint] = convert
        for key, name_in_python, field_hint, is_required in fields_of(hint, kind):
            field = containers.Field(key, name_in_python, self.read(field_hint), is_required)
            fields.append(field)
        return convert

    def _element(self, args: Sequence[object], index: int, count: int) -> Converter:
        if not args:
            return coerce.anything
        if len(args) != count:
            raise NoSense(f"{len(args)} types stand in brackets instead of {count}")
        return self.read(args[index])

    def _key(self, args: Sequence[object], hint: object, *, count: int) -> Converter:
        convert = self._element(args, 0, count)
        if args and not _is_hashable(args[0]):
            role = "members" if count == 1 else "keys"
            raise NoSense(f"the {role} of {reads(hint)} cannot be {reads(args[0])}, which Python cannot hash")
        return convert


def _plain(hint: object) -> object:
    """Return the annotation without what changes nothing: Annotated, NewType, aliases, type variables."""
    while True:
        if hint is None:
            return type(None)
        if hint is Any:
            return object
        if get_origin(hint) is Annotated:
            hint = get_args(hint)[0]
        elif isinstance(hint, NewType):
            hint = hint.__supertype__
        elif isinstance(hint, TypeVar):
            union = Union[hint.__constraints__] if hint.__constraints__ else object  # noqa: UP007  # at run time
            hint = hint.__bound__ or union
        elif hint is getattr(typing, "LiteralString", None):
            return str
        elif hasattr(hint, "__value__") and type(hint).__name__ == "TypeAliasType":
            hint = hint.__value__
        elif isinstance(hint, typing._SpecialForm) and hint is not Literal:
            raise NoSense(f"{reads(hint)} is no type for a value")
        else:
            return hint


def _is_lax(hint: object) -> bool:
    # Not with None, Literal or Enum: strict=False takes "null" for None and "5" for 5 there.
    if get_origin(hint) in (list, dict):
        return all(map(_is_lax, get_args(hint)))
    return isinstance(hint, collections.abc.Hashable) and hint in LAX_TYPES


def _is_hashable(hint: object) -> bool:
    hint = _plain(hint)
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType) or origin in (tuple, frozenset):
        return all(_is_hashable(arg) for arg in args if arg is not Ellipsis)
    if origin is Literal:
        return True
    kind = origin or hint
    return kind not in LISTS and kind not in DICTS and getattr(kind, "__hash__", None) is not None


def _has_plain_init(kind: type) -> bool:
    parameters = kind.__dataclass_params__  # type: ignore[attr-defined]  # what dataclass() leaves
    return bool(parameters.init) and all(field.init for field in dataclasses.fields(kind))


def _msgspec_reads(hint: object) -> bool:
    try:
        msgspec.json.Decoder(hint)
    except Exception:  # whatever it cannot describe, our converter reads
        return False
    return True
