"""Say stored values in JSON and in CSV cells, as analysis scripts expect them.

Decimals are texts, so that no digit is lost; bytes and UUIDs are Base64; a complex number is its two parts; sets are
sorted by their JSON; keys of dicts are sorted; names of players, groups and models are arrays; a random generator is
its internal state. What JSON cannot say as a number (NaN, infinities) is a text.
"""

from __future__ import annotations

import json
import random
from base64 import b64encode
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import isnan
from typing import Any, Final
from uuid import UUID

import msgspec

from uproot_aio.state.identifiers import (
    GroupIdentifier,
    ModelIdentifier,
    PlayerIdentifier,
    SessionIdentifier,
)

_encode: Final = msgspec.json.Encoder().encode
AS_THEY_ARE: Final = frozenset({type(None), bool, str})


def export_json(value: object) -> bytes:
    """Return compact JSON of a value of any type that can be stored."""
    return _encode(_plain(value))


def csv_cell(value: object) -> str:
    """Return the text of a cell: nothing for None, TRUE or FALSE, texts as they are, else JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if type(value) is str:
        return value
    plain = _plain(value)
    return plain if isinstance(plain, str) else _encode(plain).decode()


def _plain(value: Any) -> object:
    """Return an equivalent that msgspec can say."""
    convert = CONVERTERS.get(type(value))
    return value if convert is None else convert(value)


def _text(value: str) -> object:
    try:
        value.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which only an escape can say
        return msgspec.Raw(json.dumps(value).encode())
    return value


def _integer(value: int) -> object:
    if -(2**63) <= value < 2**64:
        return value
    return msgspec.Raw(str(Decimal(value)).encode())  # str(int) refuses more than 4300 digits


def _float(value: float) -> object:
    if value - value == 0:
        return value
    return "NaN" if isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _base64(value: bytes | bytearray) -> str:
    return b64encode(value).decode("ascii")


def _array(values: Iterable[object]) -> list[object]:
    return [_plain(value) for value in values]


def _list(values: list[object] | tuple[object, ...]) -> list[object]:
    if values and all(type(value) is PlayerIdentifier for value in values):
        return [{"sname": value.sname, "uname": value.uname} for value in values]  # type: ignore[attr-defined]
    return _array(values)


def _set(values: Iterable[object]) -> list[object]:
    return sorted(_array(values), key=_encode)


def _dict(value: dict[object, object]) -> object:
    """Return an object with sorted keys; if two keys would read alike, an array of pairs."""
    items = [(_key(key), key, _plain(member)) for key, member in value.items()]
    if len({text for text, _, _ in items}) < len(items):
        return [[_plain(key), member] for _, key, member in items]
    items.sort(key=lambda item: item[0])
    if all(isinstance(_text(text), str) for text, _, _ in items):
        return {text: member for text, _, member in items}
    parts = (json.dumps(text).encode() + b":" + _encode(member) for text, _, member in items)
    return msgspec.Raw(b"{" + b",".join(parts) + b"}")


def _key(key: object) -> str:
    if type(key) is str:
        return key
    plain = _plain(key)
    return plain if isinstance(plain, str) else _encode(plain).decode()


CONVERTERS: Final[dict[type, Callable[[Any], object]]] = {
    str: _text,
    int: _integer,
    float: _float,
    Decimal: str,
    complex: lambda value: [_float(value.real), _float(value.imag)],
    bytes: _base64,
    bytearray: _base64,
    UUID: lambda value: _base64(value.bytes),
    datetime: datetime.isoformat,
    date: date.isoformat,
    time: time.isoformat,
    timedelta: msgspec.to_builtins,
    list: _list,
    tuple: _list,
    set: _set,
    frozenset: _set,
    dict: _dict,
    random.Random: lambda value: list(value.getstate()[1]),
    SessionIdentifier: str,
    PlayerIdentifier: list,
    GroupIdentifier: list,
    ModelIdentifier: list,
}
