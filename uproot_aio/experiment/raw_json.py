"""Take apart JSON text that a browser sent, however malformed, deep or large."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from uproot_aio.errors import InvalidArguments
from uproot_aio.experiment.misfit import path_text

T = TypeVar("T")

_array = msgspec.json.Decoder(list[msgspec.Raw])
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_value: msgspec.json.Decoder[object] = msgspec.json.Decoder()


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
