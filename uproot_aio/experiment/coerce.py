"""Turn one JSON value into the scalar type that an annotation asks for, as browsers send such values.

A converter takes a value as JSON said it and a `Trial`, and returns what is wanted or raises `Misfit`. The
trial says how far a conversion may go, so that a union can look first for a member that fits exactly.
"""

from __future__ import annotations

import datetime
import math
import pathlib
import re
import uuid
from decimal import Decimal, InvalidOperation
from enum import Enum

import msgspec

from uproot_aio.experiment.coerce_times import date_from, datetime_from, time_from, timedelta_from
from uproot_aio.experiment.misfit import CLOSE, EXACT, LAX, Converter, Misfit, Trial
from uproot_aio.state.identifiers import (
    GroupIdentifier,
    ModelIdentifier,
    PlayerIdentifier,
    SessionIdentifier,
)

INT_TEXT = re.compile(r"[+-]?[0-9]+(?:_[0-9]+)*(?:\.0+)?", re.ASCII)
TRUE_TEXTS = frozenset({"true", "yes", "on", "1", "y", "t"})
FALSE_TEXTS = frozenset({"false", "no", "off", "0", "n", "f"})
DECIMAL_EXPONENT = 400


def anything(value: object, trial: Trial) -> object:
    """Accept every value as it is."""
    return value


def none_from(value: object, trial: Trial) -> object:
    """Accept null."""
    if value is not None:
        raise Misfit("None", value)
    return None


def str_from(value: object, trial: Trial) -> object:
    """Accept texts only."""
    if type(value) is not str:
        raise Misfit("str", value)
    return value


def int_from(value: object, trial: Trial) -> object:
    """Accept whole numbers, true and false, and texts of whole numbers (`" 5 "`, `"5.0"`)."""
    if type(value) is int:
        return value
    if trial.level == LAX:
        if type(value) is bool:
            return int(value)
        if type(value) is float and value.is_integer():
            return int(value)
        if type(value) is str:
            return _int_from_text(value)
    raise Misfit("int", value)


def _int_from_text(value: str) -> object:
    text = value.strip()
    try:
        if INT_TEXT.fullmatch(text):
            return int(text.partition(".")[0])
        return msgspec.convert(text, int, strict=False)
    except (ValueError, msgspec.ValidationError):
        raise Misfit("int", value) from None


def float_from(value: object, trial: Trial) -> object:
    """Accept numbers, true and false, and texts of numbers, `"inf"` and `"NaN"` among them."""
    if type(value) is float:
        return value
    try:
        if type(value) is int and trial.level != EXACT:
            return float(value)
        if trial.level == LAX:
            if type(value) is bool:
                return float(value)
            if type(value) is str and value.isascii():
                number = float(value)
                if math.isfinite(number) or value.strip().lstrip("+-")[:1] in tuple("iInN"):
                    return number
    except (ValueError, OverflowError):
        pass
    raise Misfit("float", value)


def bool_from(value: object, trial: Trial) -> object:
    """Accept true and false, 0 and 1, and the usual words in any case, untrimmed."""
    if type(value) is bool:
        return value
    if trial.level == LAX:
        if type(value) in (int, float) and value in (0, 1):
            return bool(value)
        if type(value) is str:
            word = value.lower()
            if word in TRUE_TEXTS or word in FALSE_TEXTS:
                return word in TRUE_TEXTS
    raise Misfit("bool", value)


def decimal_from(value: object, trial: Trial) -> object:
    """Accept numbers (5.5 through its text, as `Decimal("5.5")`) and their texts, but neither inf nor NaN.

    To calculate with 1e99999999, or to write it out, would take Python all the memory there is.
    """
    if trial.level != EXACT and type(value) in (int, float, str):
        try:
            number = Decimal(str(value).strip())
        except (InvalidOperation, ValueError):
            raise Misfit("Decimal", value) from None
        if number.is_finite():
            if abs(number.adjusted()) > DECIMAL_EXPONENT:
                raise Misfit("Decimal", value, "its exponent is too large", adds=True)
            return number
    raise Misfit("Decimal", value)


def uuid_from(value: object, trial: Trial) -> object:
    """Accept the text of a UUID."""
    if trial.level != EXACT and type(value) is str:
        try:
            return uuid.UUID(value)
        except ValueError:
            pass
    raise Misfit("UUID", value)


def bytes_from(value: object, trial: Trial) -> object:
    """Accept a text, as UTF-8."""
    if trial.level != EXACT and type(value) is str:
        return value.encode()
    raise Misfit("bytes", value)


def bytearray_from(value: object, trial: Trial) -> object:
    """Accept a text, as UTF-8."""
    if trial.level != EXACT and type(value) is str:
        return bytearray(value, "utf-8")
    raise Misfit("bytearray", value)


SCALARS: dict[object, Converter] = {
    object: anything,
    type(None): none_from,
    str: str_from,
    int: int_from,
    float: float_from,
    bool: bool_from,
    Decimal: decimal_from,
    datetime.date: date_from,
    datetime.datetime: datetime_from,
    datetime.time: time_from,
    datetime.timedelta: timedelta_from,
    uuid.UUID: uuid_from,
    bytes: bytes_from,
    bytearray: bytearray_from,
}
"""Converters of the types that have one; keyed by the type."""

_TEXTS: dict[type, int] = {str: CLOSE}
_TIMES: dict[type, int] = {str: CLOSE, int: LAX, float: LAX}
_LEAST_LEVELS: dict[Converter, dict[type, int]] = {
    none_from: {},
    str_from: {str: EXACT},
    int_from: {int: EXACT, bool: LAX, float: LAX, str: LAX},
    float_from: {float: EXACT, int: CLOSE, bool: LAX, str: LAX},
    bool_from: {bool: EXACT, int: LAX, float: LAX, str: LAX},
    decimal_from: {int: CLOSE, float: CLOSE, str: CLOSE},
    date_from: _TIMES,
    datetime_from: _TIMES,
    time_from: _TIMES,
    timedelta_from: _TIMES,
    uuid_from: _TEXTS,
    bytes_from: _TEXTS,
    bytearray_from: _TEXTS,
}


def least_level(convert: Converter, kind: type) -> int:
    """Return the level from which on a converter may take scalars of this type; above LAX if it never does."""
    levels = _LEAST_LEVELS.get(convert)
    return EXACT if levels is None else levels.get(kind, LAX + 1)


IDENTIFIERS: dict[object, tuple[str, ...]] = {
    SessionIdentifier: ("sname",),
    PlayerIdentifier: ("sname", "uname"),
    GroupIdentifier: ("sname", "gname"),
    ModelIdentifier: ("sname", "mname"),
}


def identifier_from(kind: type) -> Converter:
    """Return a converter of `{"sname": ..., "uname": ...}`; a session's may also be its name alone."""
    keys = IDENTIFIERS[kind]

    def convert(value: object, trial: Trial) -> object:
        if kind is SessionIdentifier and type(value) is str and trial.level != EXACT:
            value = {"sname": value}
        if not isinstance(value, dict):
            raise Misfit(kind.__name__, value)
        try:
            return kind(*[value[key] for key in keys])
        except KeyError as missing:
            raise Misfit(kind.__name__, value, f"{missing} is missing") from None
        except ValueError as error:
            raise Misfit(kind.__name__, value, str(error)) from None

    return convert


def path_from(kind: type[pathlib.PurePath]) -> Converter:
    """Return a converter of texts to this kind of path."""

    def convert(value: object, trial: Trial) -> object:
        if trial.level == EXACT or type(value) is not str:
            raise Misfit(kind.__name__, value)
        return kind(value)

    return convert


def literal_from(options: tuple[object, ...], expected: str) -> Converter:
    """Return a converter that accepts values equal to one of `options`; true equals 1, `"1"` does not."""
    values = [(option.value if isinstance(option, Enum) else option, option) for option in options]

    def convert(value: object, trial: Trial) -> object:
        for plain, option in values:
            if type(plain) is type(value) and plain == value:
                return option
        if trial.level == LAX:
            for plain, option in values:
                if plain == value:
                    return option
        raise Misfit(expected, value)

    return convert


def enum_from(kind: type[Enum]) -> Converter:
    """Return a converter of members' values: exact ones; an IntEnum also takes what `int` takes."""
    of_ints = issubclass(kind, int)

    def convert(value: object, trial: Trial) -> object:
        if trial.level == EXACT:
            raise Misfit(kind.__name__, value)
        try:
            member = kind(int_from(value, trial) if of_ints else value)
        except (ValueError, TypeError, Misfit):
            pass
        else:
            # True == 1 == 1.0 for the enum's own lookup, yet only one of them is the member's value.
            if of_ints or member.value != value or type(member.value) is type(value):
                return member
        choices = ", ".join(repr(member.value) for member in kind)
        raise Misfit(kind.__name__, value, f"it has the values {choices}", adds=True)

    return convert


NO_INSTANCES = "nothing that a browser sends can be one"


def instance_of(kind: object) -> Converter:
    """Return a converter that accepts instances; what JSON says is one only of very general classes."""
    name = getattr(kind, "__name__", str(kind))

    def convert(value: object, trial: Trial) -> object:
        try:
            if isinstance(value, kind):  # type: ignore[arg-type]  # a Protocol may refuse: TypeError
                return value
        except TypeError:
            pass
        raise Misfit(name, value, NO_INSTANCES)

    return convert


def msgspec_from(hint: object, expected: str) -> Converter:
    """Return a converter that leaves the value to msgspec."""

    def convert(value: object, trial: Trial) -> object:
        try:
            return msgspec.convert(value, hint, strict=trial.level != LAX)
        except (msgspec.ValidationError, TypeError) as error:
            raise Misfit(expected, value, str(error), adds=True) from None

    return convert
