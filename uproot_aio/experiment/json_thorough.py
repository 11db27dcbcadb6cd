"""Say in JSON what msgspec alone cannot, value by value, or say what and where JSON cannot say it."""

from __future__ import annotations

import collections.abc
import dataclasses
import datetime
import json
import math
import uuid
from collections.abc import Iterable
from decimal import Decimal
from enum import Enum
from typing import Any

import msgspec

from uproot_aio.errors import UnencodableAnswer
from uproot_aio.experiment.misfit import path_text
from uproot_aio.state.identifiers import (
    GroupIdentifier,
    ModelIdentifier,
    PlayerIdentifier,
    SessionIdentifier,
)

NAMES_AS_KEYS = (PlayerIdentifier, GroupIdentifier, ModelIdentifier)
PLAIN = (str, int, float, Decimal, bytes)
LEAVES = (
    datetime.date,
    datetime.time,
    datetime.timedelta,
    uuid.UUID,
    bytes,
    bytearray,
    memoryview,
    msgspec.Raw,
)


class _Unsayable(TypeError):
    """JSON has nothing for this value."""

    def __init__(self, value: object, reason: str = "which JSON cannot say") -> None:
        super().__init__(reason)
        self.value = value


def simpler(value: Any) -> object:
    """Return an equivalent that msgspec knows better: a handle's identifier, a dict for a mapping.

    Raises:
        TypeError: there is none.
    """
    kind = type(value)
    if hasattr(kind, "__identifier__"):
        value = value.__identifier__
        return str(value) if isinstance(value, SessionIdentifier) else value
    for plain in PLAIN:
        if issubclass(kind, plain) and kind not in (bool, plain):
            return str.__str__(value) if plain is str else plain(value)
    if hasattr(kind, "__pydantic_serializer__") and hasattr(kind, "model_dump"):
        return value.model_dump()
    if issubclass(kind, collections.abc.Mapping):
        return dict(value)
    if issubclass(kind, collections.abc.Collection):
        return list(value)
    raise _Unsayable(value)


def thorough_json(value: object, where: str, *, decimals_are_numbers: bool) -> bytes:
    """Return the value as compact JSON; much slower than msgspec.

    Raises:
        UnencodableAnswer: JSON cannot say part of it; names `where`, the type, and the place in the value.
    """
    writer = _Writer(decimals_are_numbers)
    try:
        writer.write(value)
    except _Unsayable as error:
        place = "value" + path_text(writer.steps)
        raise UnencodableAnswer(
            f"{where}: {place} is of type {_name(error.value)}, {error}. "
            "Use numbers, texts, True, False, None, and lists and dicts of these."
        ) from None
    except RecursionError:
        raise UnencodableAnswer(
            f"{where}: this {_name(value)} contains itself or is nested too deeply for JSON. "
            "Use fewer levels of lists and dicts."
        ) from None
    return "".join(writer.parts).encode()


class _Writer:
    """Writes values as text, and knows at which place it is: the place of an error stays in `steps`."""

    def __init__(self, decimals_are_numbers: bool) -> None:
        self.parts: list[str] = []
        self.steps: list[str | int] = []
        self._decimals_are_numbers = decimals_are_numbers

    def write(self, value: Any) -> None:
        kind = type(value)
        if value is None or kind in (str, bool, int, float, Decimal):
            self.parts.append(self._scalar(value))
        elif isinstance(value, Enum):
            self.write(value.value)
        elif isinstance(value, dict):
            self._write_object((self._key(key), item) for key, item in value.items())
        elif isinstance(value, (list, tuple, set, frozenset)):
            self._write_array(value)
        elif isinstance(value, msgspec.Struct):
            self._write_struct(value)
        elif dataclasses.is_dataclass(value) and not isinstance(value, type):
            self._write_object(
                (field.name, getattr(value, field.name)) for field in dataclasses.fields(value)
            )
        elif isinstance(value, LEAVES):
            self.parts.append(_leaf(value))
        else:
            self.write(simpler(value))

    def _write_struct(self, value: msgspec.Struct) -> None:
        config = value.__struct_config__
        tag = [] if config.tag_field is None else [(config.tag_field, config.tag)]
        fields = [(info.encode_name, getattr(value, info.name)) for info in msgspec.structs.fields(value)]
        if config.array_like:
            self._write_array([item for _, item in tag + fields])
        else:
            self._write_object(tag + fields)

    def _scalar(self, value: Any) -> str:
        if isinstance(value, float) and not math.isfinite(value):
            return "null"
        if isinstance(value, Decimal):
            if not self._decimals_are_numbers:
                return f'"{value}"'
            return str(value) if value.is_finite() else "null"
        try:
            # Half of a surrogate pair becomes an escape, which a browser reads back as it was.
            return json.dumps(value)
        except ValueError:
            raise _Unsayable(value, "which has too many digits") from None

    def _write_array(self, values: Iterable[object]) -> None:
        separator = "["
        for index, item in enumerate(values):
            self.parts.append(separator)
            self.steps.append(index)
            self.write(item)
            self.steps.pop()
            separator = ","
        self.parts.append("]" if separator == "," else "[]")

    def _write_object(self, items: Iterable[tuple[str, object]]) -> None:
        separator = "{"
        for key, item in items:
            if item is msgspec.UNSET:
                continue
            self.parts.append(f"{separator}{json.dumps(key)}:")
            self.steps.append(key)
            self.write(item)
            self.steps.pop()
            separator = ","
        self.parts.append("}" if separator == "," else "{}")

    def _key(self, key: Any) -> str:
        if hasattr(type(key), "__identifier__"):
            key = key.__identifier__
        if isinstance(key, NAMES_AS_KEYS):
            return str(key)
        if isinstance(key, Enum):
            return self._key(key.value)
        if isinstance(key, str):
            return str.__str__(key)
        if key is None or isinstance(key, bool):
            return json.dumps(key)
        if isinstance(key, (int, float, Decimal)):
            return str(simpler(key) if type(key) not in PLAIN else key)
        if isinstance(key, LEAVES):
            return str(json.loads(_leaf(key)))
        raise _Unsayable(key, "which cannot be a key in JSON")


def _leaf(value: object) -> str:
    try:
        return msgspec.json.encode(value).decode()
    except TypeError:
        raise _Unsayable(value) from None


def _name(value: object) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
