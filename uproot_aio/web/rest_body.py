"""Read a JSON body as scripts for the REST interface send it, and say what is wrong with it, all at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

import msgspec
from aiohttp import web

from uproot_aio.engine.export_values import export_json

LARGEST_BODY_BYTES: Final = 1 << 20
_TRUE: Final = frozenset({"1", "true", "t", "yes", "y", "on"})
_FALSE: Final = frozenset({"0", "false", "f", "no", "n", "off"})


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that is wrong; `loc` is the path to it."""

    type: str
    loc: list[str | int]
    msg: str
    input: msgspec.Raw
    ctx: dict[str, Any] = {}


def _problem(
    type_: str, loc: list[str | int], message: str, given: object, ctx: dict[str, Any] | None = None
) -> Problem:
    return Problem(type_, loc, message, msgspec.Raw(export_json(given)), ctx or {})


class Misfit(Exception):
    """A value does not fit; raised by the readers below."""

    def __init__(self, type_: str, message: str, ctx: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.type = type_
        self.ctx = ctx or {}
        self.step: list[str | int] = []
        self.input: object = msgspec.UNSET


class Unprocessable(Exception):
    """The body cannot be used; `problems` are the details of a 422."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("The body cannot be used.")
        self.problems = problems


async def read_object(request: web.Request) -> dict[str, Any]:
    """Return the JSON object in a request's body.

    Raises:
        HTTPRequestEntityTooLarge: it has more than 1 MiB; it is not read then.
        Unprocessable: it is no JSON object.
    """
    size = request.content_length
    if size is not None and size > LARGEST_BODY_BYTES:
        raise web.HTTPRequestEntityTooLarge(LARGEST_BODY_BYTES, size)
    body = bytearray()
    async for chunk in request.content.iter_chunked(1 << 16):
        body += chunk
        if len(body) > LARGEST_BODY_BYTES:
            raise web.HTTPRequestEntityTooLarge(LARGEST_BODY_BYTES, len(body))
    if not body:
        raise Unprocessable([_problem("missing", ["body"], "Field required", None)])
    if request.content_type != "application/json":
        message = "Send the body with Content-Type: application/json."
        raise Unprocessable([_problem("model_attributes_type", ["body"], message, None)])
    return _object(bytes(body))


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        problem = _problem("json_invalid", ["body", error.pos], "JSON decode error", {}, {"error": error.msg})
        raise Unprocessable([problem]) from None
    except (ValueError, RecursionError) as error:
        problem = _problem("json_invalid", ["body", 0], "JSON decode error", {}, {"error": _reason(error)})
        raise Unprocessable([problem]) from None
    if not isinstance(value, dict):
        message = "Input should be a valid dictionary or object to extract fields from"
        raise Unprocessable([_problem("model_attributes_type", ["body"], message, value)])
    return value


def _reason(error: Exception) -> str:
    """Say in plain words what Python's reader of JSON says of itself."""
    if isinstance(error, NoNumber):
        return str(error)
    if isinstance(error, RecursionError):
        return "It is nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return "It is not UTF-8"
    return "It contains a number with too many digits"


class NoNumber(ValueError):
    """NaN or Infinity, which JSON does not know."""


def _refuse_constant(name: str) -> None:
    raise NoNumber(f"{name} is no JSON number")


class Fields:
    """Take fields from an object one by one, then `check` that all of them fitted."""

    def __init__(self, body: dict[str, Any]) -> None:
        self._body = body
        self._problems: list[Problem] = []

    def take(self, name: str, read: Callable[[Any], Any], default: Any = ...) -> Any:
        """Return a field as `read` reads it, or `default`; without one the field is required."""
        if name not in self._body:
            if default is ...:
                self._problems.append(_problem("missing", ["body", name], "Field required", self._body))
            return default
        value = self._body[name]
        if value is None and default is None:
            return None
        try:
            return read(value)
        except Misfit as misfit:
            given = value if misfit.input is msgspec.UNSET else misfit.input
            loc = ["body", name, *misfit.step]
            self._problems.append(_problem(misfit.type, loc, str(misfit), given, misfit.ctx))
            return default

    def check(self) -> None:
        """Raise Unprocessable with everything that did not fit."""
        if self._problems:
            raise Unprocessable(self._problems)


def text(value: Any) -> str:
    """Read a text."""
    if isinstance(value, str):
        return value
    raise Misfit("string_type", "Input should be a valid string")


def number(least: int, most: int) -> Callable[[Any], int]:
    """Read a whole number within limits; a text of digits will do."""

    def read(value: Any) -> int:
        found = _whole(value)
        if found < least:
            raise Misfit(
                "greater_than_equal", f"Input should be greater than or equal to {least}", {"ge": least}
            )
        if found > most:
            raise Misfit("less_than_equal", f"Input should be less than or equal to {most}", {"le": most})
        return found

    return read


def _whole(value: Any) -> int:
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if value.is_integer():
            return int(value)
        message = "Input should be a valid integer, got a number with a fractional part"
        raise Misfit("int_from_float", message)
    if isinstance(value, str):
        digits = value.strip()
        if digits.removeprefix("-").isdecimal() and digits.isascii() and len(digits) < 20:
            return int(digits)
        message = "Input should be a valid integer, unable to parse string as an integer"
        raise Misfit("int_parsing", message)
    raise Misfit("int_type", "Input should be a valid integer")


def boolean(value: Any) -> bool:
    """Read true or false; "yes", "off", 1 and the like will do."""
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)) and value in (0, 1):
        return bool(value)
    if isinstance(value, str) and value.lower() in _TRUE | _FALSE:
        return value.lower() in _TRUE
    if isinstance(value, (str, int, float)):
        raise Misfit("bool_parsing", "Input should be a valid boolean, unable to interpret input")
    raise Misfit("bool_type", "Input should be a valid boolean")


def texts(value: Any) -> list[str]:
    """Read a list of texts."""
    if not isinstance(value, list):
        raise Misfit("list_type", "Input should be a valid list")
    for index, item in enumerate(value):
        if not isinstance(item, str):
            misfit = Misfit("string_type", "Input should be a valid string")
            misfit.step, misfit.input = [index], item
            raise misfit
    return value


def mapping(value: Any) -> dict[str, Any]:
    """Read an object; half of a surrogate pair, which JSON can write, is no text that can be kept."""
    if not isinstance(value, dict):
        raise Misfit("dict_type", "Input should be a valid dictionary")
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise Misfit("string_unicode", "Input contains half of a surrogate pair, such as \\ud800") from None
    except RecursionError:
        raise Misfit("dict_type", "Input should be nested less deeply") from None
    return value
