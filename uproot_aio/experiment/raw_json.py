"""Take apart JSON text that a browser sent, however malformed, deep or large."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from uproot_aio.errors import InvalidArguments
from uproot_aio.experiment.misfit import path_text

T = TypeVar("T")

PROTO_KEY = re.compile(
    # A quotation mark inside a text has a backslash before it, so this one begins or ends a text.
    rb'(?<!\\)"'
    + b"".join(rb"(?:%c|\\u00(?i:%x))" % (letter, letter) for letter in b"__proto__")
    + rb'"[ \t\r\n]*:'
)

_array = msgspec.json.Decoder(list[msgspec.Raw])
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_value: msgspec.json.Decoder[object] = msgspec.json.Decoder()


def has_proto(text: bytes) -> bool:
    """Return whether an object somewhere in this JSON has the key `__proto__`, however it is escaped.

    To Python it is a key like any other, but JavaScript that copies an object with it changes what objects are.
    """
    return (b"__proto__" in text or b"\\u00" in text) and PROTO_KEY.search(text) is not None


def json_array(text: bytes | msgspec.Raw, method: str) -> list[msgspec.Raw]:
    """Return the elements of an array, not yet decoded.

    Raises:
        InvalidArguments: this is no array, no JSON, or nested too deeply.
    """
    return _decode(_array, text, method, ())


def json_object(text: bytes | msgspec.Raw, method: str) -> dict[str, msgspec.Raw]:
    """Return the values of an object, not yet decoded.

    Raises:
        InvalidArguments: this is no object, no JSON, or nested too deeply.
    """
    return _decode(_object, text, method, ())


def json_value(text: bytes | msgspec.Raw, method: str, steps: Sequence[str | int]) -> object:
    """Return a value in JSON's own types; `steps` is where it stands, for the error.

    Raises:
        InvalidArguments: this is no JSON, nested too deeply, or a number is out of range.
    """
    return _decode(_value, text, method, steps)


def _decode(
    decoder: msgspec.json.Decoder[T], text: bytes | msgspec.Raw, method: str, steps: Sequence[str | int]
) -> T:
    try:
        return decoder.decode(text)
    except RecursionError:
        reason = "is nested too deeply"
    except (msgspec.MsgspecError, ValueError) as error:
        # A text with half of a surrogate pair is no text that Python, or a file, could keep.
        is_malformed = not isinstance(error, msgspec.ValidationError)
        broken = is_malformed and b"\\ud" in bytes(text).lower()
        reason = (
            "holds a broken character (half of a surrogate pair)" if broken else f"cannot be read: {error}"
        )
    path = path_text(steps)
    place = path[1:] or "the list of arguments"
    raise InvalidArguments(f"{method}: {place} {reason.rstrip('.')}.", path="$" + path)
