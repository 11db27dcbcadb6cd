"""Say values in JSON: for answers, notices, jsvars and templates, and for REST.

Decimals are numbers for browsers and texts in REST; sets are arrays; NaN and infinities are null; dates and
times are ISO texts; bytes are Base64; handles and identifiers are `{"sname": ..., "uname": ...}`, a session's
its name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from uproot_aio.experiment.json_thorough import simpler, thorough_json

_for_browsers: Final = msgspec.json.Encoder(enc_hook=simpler, decimal_format="number").encode
_for_rest: Final = msgspec.json.Encoder(enc_hook=simpler, decimal_format="string").encode
_check: Final = msgspec.json.Decoder(msgspec.Raw).decode

NEEDS_THE_THOROUGH_WAY = (msgspec.MsgspecError, TypeError, ValueError, OverflowError, RecursionError)
"""What a fast encoder raises for what msgspec cannot say; the thorough way can, or says where it stands."""

SCRIPT_ESCAPES: Final = (
    (b"<", rb"\u003c"),
    (b">", rb"\u003e"),
    (b"&", rb"\u0026"),
    ("\u2028".encode(), rb"\u2028"),
    ("\u2029".encode(), rb"\u2029"),
)


def to_json(value: object, *, where: str) -> bytes:
    """Return the value as compact JSON for a browser.

    Args:
        value: what an author returned or sent.
        where: who said it, for the error: "Trade.post_offer", "notify in market".

    Raises:
        UnencodableAnswer: JSON cannot say part of it.
    """
    return _encoded(value, where, _for_browsers, decimals_are_numbers=True)


def to_rest_json(value: object, *, where: str = "REST") -> bytes:
    """Return the value as compact JSON for programs, which must not lose digits: Decimals are texts.

    Raises:
        UnencodableAnswer: JSON cannot say part of it.
    """
    return _encoded(value, where, _for_rest, decimals_are_numbers=False)


def script_json(value: object, *, where: str = "jsvars") -> str:
    """Return JSON that is safe inside `<script>`, whatever participants have written into it.

    Raises:
        UnencodableAnswer: JSON cannot say part of it.
    """
    return _escaped(to_json(value, where=where))


def tojson_text(value: object, indent: int | None = None, *, where: str = "tojson") -> str:
    """Return JSON for the filter `tojson`: a plain text, which autoescape makes safe in attributes.

    Raises:
        UnencodableAnswer: JSON cannot say part of it.
    """
    blob = to_json(value, where=where)
    return _escaped(blob if indent is None else msgspec.json.format(blob, indent=indent))


def _encoded(
    value: object, where: str, encode: Callable[[object], bytes], *, decimals_are_numbers: bool
) -> bytes:
    try:
        blob = encode(value)
        # msgspec writes a Decimal NaN, and Decimals that are keys of dicts, as what is no JSON.
        if b"{" in blob or b"NaN" in blob or b"Inf" in blob:
            _check(blob)
    except NEEDS_THE_THOROUGH_WAY:
        return thorough_json(value, where, decimals_are_numbers=decimals_are_numbers)
    return blob


def _escaped(blob: bytes) -> str:
    for plain, escape in SCRIPT_ESCAPES:
        blob = blob.replace(plain, escape)
    return blob.decode()
