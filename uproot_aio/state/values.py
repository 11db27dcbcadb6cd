"""Turn a value that an author assigns into bytes and back: equal, and of the same types at every level.

A storage format: later versions read what this one writes, so a code never changes its meaning and is
never used again. None, bool, float, bytes, integers of up to 64 bits, text without lone surrogates, lists,
and dicts with such scalars as keys are plain msgpack. Everything else is a msgpack extension; where its
payload is an array, that is msgpack again.

| code | type                     | payload                                                              |
| ---- | ------------------------ | -------------------------------------------------------------------- |
|    1 | int beyond 64 bits       | two's complement, big-endian                                         |
|    2 | str with lone surrogates | UTF-8, each surrogate as three bytes                                 |
|    3 | complex                  | array: real, imaginary                                               |
|    4 | bytearray                | the bytes                                                            |
|    5 | Decimal                  | its text in capitals                                                 |
|    6 | date                     | array: year, month, day                                              |
|    7 | datetime                 | array: as date, then as time                                         |
|    8 | time                     | array: hour, minute, second, microsecond, fold, zone                 |
|    9 | timedelta                | array: days, seconds, microseconds                                   |
|   10 | UUID                     | its 16 bytes                                                         |
|   11 | random.Random            | array: version, 625 unsigned 32-bit words big-endian, next gauss     |
|   12 | SessionIdentifier        | the name                                                             |
|   13 | PlayerIdentifier         | array: session, player                                               |
|   14 | GroupIdentifier          | array: session, group                                                |
|   15 | ModelIdentifier          | array: session, model                                                |
|   16 | tuple                    | array of the members                                                 |
|   17 | set                      | array of the members, ordered by their bytes                         |
|   18 | frozenset                | as set                                                               |
|   19 | dict with other keys     | array of two arrays: keys, values                                    |

A zone is nil, the key of a ZoneInfo, or an array: offset in microseconds and, where one was given, the name.

Equal values of the same types have the same bytes, in whatever order a set was filled; the order of a dict
is part of its value. Instances of subclasses (Markup, a namedtuple, defaultdict, an IntEnum's member) are
stored as the type that they derive from.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Collection
from datetime import datetime, time, timezone
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from uproot_aio.errors import StorageError, Unstorable
from uproot_aio.state.atoms import ALWAYS_NATIVE, ATOMS, NATIVE, WHOLE_ATOMS, copy_random, is_native, pack
from uproot_aio.state.refusals import (
    Refused,
    index_step,
    is_handle,
    key_step,
    refuse,
    refuse_depth,
    unordered_step,
)

DEEPEST = 100
"""Containers within containers. Bounded, so that reading never runs out of Python's stack."""

MANY = 64  # members, from which on it pays to look first whether all are of one type
TUPLE, SET, FROZENSET, PAIRS = 16, 17, 18, 19
IMMUTABLE = WHOLE_ATOMS | {tuple, frozenset, datetime, time, timezone, ZoneInfo}
HOLDERS: dict[type, Callable[[Any], Collection[object]]] = {
    tuple: lambda value: value,
    frozenset: lambda value: value,
    datetime: lambda value: (value.tzinfo,),
    time: lambda value: (value.tzinfo,),
}


def encode(value: object) -> bytes:
    """Return the bytes of a value. Below a microsecond for a number or a short text.

    Raises:
        Unstorable: a part is of a type that cannot be stored, contains itself or is nested too deeply. The
            message calls the whole "value" and says which part, as in `value["offers"][3]`.
    """
    try:
        try:
            return pack(value if type(value) in NATIVE else _plain(value, NATIVE, 0))
        except (OverflowError, UnicodeEncodeError):  # rare, so only now look at every integer and text
            return pack(_plain(value, ALWAYS_NATIVE, 0))
    except Refused as refused:
        raise Unstorable(refused.sentence()) from None


def decode(blob: bytes) -> object:
    """Return the value, all of its mutable parts fresh.

    Raises:
        StorageError: the bytes are not what encode() writes.
    """
    try:
        return _unpack(blob)
    except UNREADABLE as error:
        raise StorageError(
            f"A stored value cannot be read: {error}. "
            "The data were damaged, or written by another version of this software."
        ) from error


def is_immutable(value: object) -> bool:
    """Return whether a value is of an exact immutable type all the way down, so that it may be shared."""
    if type(value) in WHOLE_ATOMS:
        return True
    level: Collection[object] = (value,)
    while not WHOLE_ATOMS.issuperset(map(type, level)):
        if not IMMUTABLE.issuperset(map(type, level)):
            return False
        level = [part for whole in level if type(whole) in HOLDERS for part in HOLDERS[type(whole)](whole)]
    return True


def copy(value: object) -> object:
    """Return what decode(encode(value)) would, faster: equal, of the base types, sharing nothing mutable.

    Raises:
        Unstorable: as encode() does.
    """
    try:
        return _copy(value)
    except RecursionError:
        return decode(encode(value))


def _are_all(kinds: frozenset[type], members: Collection[object]) -> bool:
    """Return whether the exact type of every member is among `kinds`."""
    if len(members) < MANY:
        return kinds.issuperset(map(type, members))
    found = [*map(type, members)]
    if found.count(found[0]) == len(found):  # a third faster than asking the set
        return found[0] in kinds
    return kinds.issuperset(found)


def _plain(value: Any, native: frozenset[type], depth: int) -> object:
    """Return an equivalent of `value` that msgpack can write: extensions in place of what it cannot.

    `native` holds the types that may stand as they are, and `depth` counts the containers around the value.
    """
    kind = type(value)
    if kind in native or (kind in NATIVE and is_native(value)):
        return value
    atom = ATOMS.get(kind)
    if atom is not None:
        return msgspec.msgpack.Ext(atom.code, atom.write(value))
    if kind in PLAIN_CONTAINERS:
        if depth >= DEEPEST:
            raise refuse_depth(value, DEEPEST)
        return PLAIN_CONTAINERS[kind](value, native, depth + 1)
    return _plain_of_subclass(value, native, depth)


def _plain_of_subclass(value: Any, native: frozenset[type], depth: int) -> object:
    """Return what stands for an instance of a subclass: that of the type it derives from."""
    kind = type(value)
    base = next((base for base in kind.__mro__ if base in TO_BASE or base in ATOMS), None)
    if base is None or is_handle(kind):
        raise refuse(value)
    if hasattr(kind, "__dataclass_fields__") and not hasattr(base, "__dataclass_fields__"):
        raise refuse(value)  # its own fields would be lost
    if base in TO_BASE:
        return _plain(TO_BASE[base](value), native, depth)
    return msgspec.msgpack.Ext(ATOMS[base].code, ATOMS[base].write(value))


def _plain_members(
    members: Collection[object], native: frozenset[type], depth: int, step: Callable[[int], str] = index_step
) -> Collection[object]:
    if _are_all(native, members):
        return members
    plain: list[object] = []
    try:
        for member in members:
            plain.append(member if type(member) in native else _plain(member, native, depth))  # noqa: PERF401 (its length says where it failed)
    except Refused as refused:
        refused.inside(members, step(len(plain)))
        raise
    return plain


def _plain_tuple(value: tuple[object, ...], native: frozenset[type], depth: int) -> object:
    return msgspec.msgpack.Ext(TUPLE, pack(_plain_members(value, native, depth)))


def _plain_set(value: set[object] | frozenset[object], native: frozenset[type], depth: int) -> object:
    members = sorted(_plain_members(value, native, depth, unordered_step), key=pack)
    return msgspec.msgpack.Ext(SET if type(value) is set else FROZENSET, pack(members))


def _plain_dict(value: dict[object, object], native: frozenset[type], depth: int) -> object:
    has_native_keys = _are_all(native, value)
    if has_native_keys and _are_all(native, value.values()):
        return value
    keys: list[object] = []
    members: list[object] = []
    key: object = None
    try:
        for key, member in value.items():
            keys.append(key if type(key) in native else _plain(key, native, depth))
            members.append(member if type(member) in native else _plain(member, native, depth))
    except Refused as refused:
        is_at_key = len(keys) == len(members)
        refused.inside(value, unordered_step(len(keys)) if is_at_key else key_step(key))
        raise
    if has_native_keys or _are_all(NATIVE, keys):
        return dict(zip(keys, members, strict=True))
    return msgspec.msgpack.Ext(PAIRS, pack((keys, members)))


PLAIN_CONTAINERS: dict[type, Callable[[Any, frozenset[type], int], object]] = {
    list: _plain_members,
    tuple: _plain_tuple,
    set: _plain_set,
    frozenset: _plain_set,
    dict: _plain_dict,
}
TO_BASE: dict[type, Callable[[Any], object]] = {
    int: int.__int__,
    str: str.__str__,
    float: float.__float__,
    bytes: lambda value: bytes(memoryview(value)),
    list: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
    dict: lambda value: dict(value.items()),  # an OrderedDict's own order, which move_to_end() changes
}


def _read_extension(code: int, data: memoryview) -> object:
    reader = READERS.get(code)
    if reader is None:
        raise StorageError(
            f"A stored value is of kind {code}, which a newer version of this software has written."
        )
    return reader(data)


_unpack = msgspec.msgpack.Decoder(ext_hook=_read_extension).decode
_unpack_list = msgspec.msgpack.Decoder(list[Any], ext_hook=_read_extension).decode
UNREADABLE = (
    msgspec.DecodeError,
    struct.error,
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
)
READERS: dict[int, Callable[[memoryview], object]] = {
    **{atom.code: atom.read for atom in ATOMS.values()},
    TUPLE: lambda data: tuple(_unpack_list(data)),
    SET: lambda data: set(_unpack_list(data)),
    FROZENSET: lambda data: frozenset(_unpack_list(data)),
    PAIRS: lambda data: dict(zip(*_unpack_list(data), strict=True)),
}


def _copy(value: Any) -> object:
    kind = type(value)
    if kind in WHOLE_ATOMS:
        return value
    copier = COPIERS.get(kind)
    return decode(encode(value)) if copier is None else copier(value)


def _copy_members(value: Any) -> object:
    """Return a new list or set, and new mutable members."""
    return value.copy() if _are_all(WHOLE_ATOMS, value) else type(value)(map(_copy, value))


def _copy_dict(value: dict[object, object]) -> dict[object, object]:
    if _are_all(WHOLE_ATOMS, value) and _are_all(WHOLE_ATOMS, value.values()):
        return value.copy()
    return {_copy(key): _copy(member) for key, member in value.items()}


def _copy_unless_immutable(value: Any) -> object:
    """Return a tuple or frozenset itself where nothing in it can change."""
    return value if is_immutable(value) else type(value)(map(_copy, value))


COPIERS: dict[type, Callable[[Any], object]] = {
    list: _copy_members,
    dict: _copy_dict,
    tuple: _copy_unless_immutable,
    frozenset: _copy_unless_immutable,
    set: _copy_members,
    bytearray: bytearray.copy,
    datetime: lambda value: value if is_immutable(value) else decode(encode(value)),
    time: lambda value: value if is_immutable(value) else decode(encode(value)),
    random.Random: copy_random,
}
