"""Write and read the values that hold no other values: numbers, text, moments, names, random generators."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from types import NoneType
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from uproot_aio.errors import StorageError
from uproot_aio.state.identifiers import GroupIdentifier, ModelIdentifier, PlayerIdentifier, SessionIdentifier
from uproot_aio.state.refusals import Refused, refuse, type_name

NATIVE: frozenset[type] = frozenset({NoneType, bool, int, float, str, bytes})
"""What msgpack says by itself, but for integers beyond 64 bits and lone surrogates: it raises at those."""

ALWAYS_NATIVE = NATIVE - {int, str}
WHOLE_ATOMS: frozenset[type] = NATIVE | {
    complex,
    Decimal,
    date,
    timedelta,
    UUID,
    SessionIdentifier,
    PlayerIdentifier,
    GroupIdentifier,
    ModelIdentifier,
}
"""Immutable whatever they hold; a datetime and a time may hold any tzinfo."""

MERSENNE_TWISTER = struct.Struct(">625I")
MICROSECOND = timedelta(microseconds=1)
ZONE_ADVICE = "Use zoneinfo.ZoneInfo or datetime.timezone."

pack = msgspec.msgpack.Encoder().encode
unpack = msgspec.msgpack.Decoder(list[Any]).decode


@dataclass(frozen=True, slots=True)
class Atom:
    """How one type is written: the code of its msgpack extension, and the payload there and back."""

    code: int
    write: Callable[[Any], bytes | bytearray]
    read: Callable[[memoryview], object]


def is_native(value: object) -> bool:
    """Return whether msgpack can say this int or str by itself."""
    if isinstance(value, int):
        return -(2**63) <= value < 2**64
    try:
        str(value).encode()
    except UnicodeEncodeError:
        return False
    return True


def copy_random(generator: random.Random) -> random.Random:
    """Return a generator that will draw the same numbers."""
    twin = random.Random(0)  # a seed, because without one it asks the operating system
    twin.setstate(generator.getstate())
    return twin


def _write_integer(value: int) -> bytes:
    return value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True)


def _write_decimal(value: Decimal) -> bytes:
    return Decimal.__str__(value).upper().encode()  # "e" or "E" depends on the decimal context in force


def _write_moment(value: datetime) -> bytes:
    day = (value.year, value.month, value.day)
    return pack(
        (*day, value.hour, value.minute, value.second, value.microsecond, value.fold, _zone_of(value))
    )


def _read_moment(data: memoryview) -> datetime:
    year, month, day, hour, minute, second, micros, fold, zone = unpack(data)
    return datetime(year, month, day, hour, minute, second, micros, _zone(zone), fold=fold)


def _write_time(value: time) -> bytes:
    return pack((value.hour, value.minute, value.second, value.microsecond, value.fold, _zone_of(value)))


def _read_time(data: memoryview) -> time:
    hour, minute, second, micros, fold, zone = unpack(data)
    return time(hour, minute, second, micros, _zone(zone), fold=fold)


def _zone_of(value: datetime | time) -> str | tuple[int] | tuple[int, bytes] | None:
    """Return None, the key of a ZoneInfo, or offset in microseconds and, where given, name of a timezone."""
    zone = value.tzinfo
    if zone is None:
        return None
    if type(zone) is timezone:
        offset, *name = zone.__getinitargs__()  # type: ignore[attr-defined]  # what pickle uses; typeshed lacks it
        micros = offset // MICROSECOND
        return (micros, name[0].encode("utf-8", "surrogatepass")) if name else (micros,)
    if not isinstance(zone, ZoneInfo):
        raise Refused(value, f"has a time zone of type {type_name(type(zone))}", ZONE_ADVICE)
    try:
        ZoneInfo(zone.key)  # the one made from a file may have no key, or one that nobody can look up
    except (LookupError, ValueError, TypeError, AttributeError, OSError):
        raise Refused(value, f"has a time zone whose key {zone.key!r} is unknown", ZONE_ADVICE) from None
    return zone.key


def _zone(stored: str | list[Any] | None) -> tzinfo | None:
    if isinstance(stored, str):
        try:
            return ZoneInfo(stored)
        except LookupError:
            raise StorageError(
                f"A stored time is in the time zone {stored!r}, which this machine does not know. "
                "Install the package tzdata."
            ) from None
    if stored is None:
        return None
    micros, *name = stored
    return timezone(micros * MICROSECOND, *(text.decode("utf-8", "surrogatepass") for text in name))


def _write_random(value: random.Random) -> bytes:
    if type(value) is not random.Random:
        raise refuse(value)
    version, words, next_gauss = value.getstate()
    return pack((version, MERSENNE_TWISTER.pack(*words), next_gauss))


def _read_random(data: memoryview) -> random.Random:
    version, words, next_gauss = unpack(data)
    generator = random.Random(0)
    generator.setstate((version, MERSENNE_TWISTER.unpack(words), next_gauss))
    return generator


ATOMS: dict[type, Atom] = {
    int: Atom(1, _write_integer, lambda data: int.from_bytes(data, "big", signed=True)),
    str: Atom(
        2, lambda v: v.encode("utf-8", "surrogatepass"), lambda data: str(data, "utf-8", "surrogatepass")
    ),
    complex: Atom(3, lambda v: pack((v.real, v.imag)), lambda data: complex(*unpack(data))),
    bytearray: Atom(4, lambda v: v, bytearray),
    Decimal: Atom(5, _write_decimal, lambda data: Decimal(str(data, "ascii"))),
    date: Atom(6, lambda v: pack((v.year, v.month, v.day)), lambda data: date(*unpack(data))),
    datetime: Atom(7, _write_moment, _read_moment),
    time: Atom(8, _write_time, _read_time),
    timedelta: Atom(
        9, lambda v: pack((v.days, v.seconds, v.microseconds)), lambda data: timedelta(*unpack(data))
    ),
    UUID: Atom(10, lambda v: v.bytes, lambda data: UUID(bytes=bytes(data))),
    random.Random: Atom(11, _write_random, _read_random),
    SessionIdentifier: Atom(12, lambda v: v.encode(), lambda data: SessionIdentifier(str(data, "ascii"))),
    PlayerIdentifier: Atom(13, lambda v: pack(tuple(v)), lambda data: PlayerIdentifier(*unpack(data))),
    GroupIdentifier: Atom(14, lambda v: pack(tuple(v)), lambda data: GroupIdentifier(*unpack(data))),
    ModelIdentifier: Atom(15, lambda v: pack(tuple(v)), lambda data: ModelIdentifier(*unpack(data))),
}
