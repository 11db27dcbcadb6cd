"""Numbers as text for people: fmtnum() and to(), functions for authors and filters in templates."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext

MINUS = "\N{MINUS SIGN}"
NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"

Number = int | float | Decimal | str


def fmtnum(
    value: Number,
    pre: str = "",
    post: str = "",
    places: int = 2,
    use_nbsp: bool = True,
    sep: str = ",",
    decsep: str = ".",
) -> str:
    """Return a number as people write it: `fmtnum(1234.5, pre="$")` is `$1,234.50`.

    Rounds half up on the shortest decimal text, so that 2.345 becomes 2.35. Never shows a negative zero. NaN
    and infinity are shown as they are. The minus sign is a real one.

    Raises:
        TypeError: the value is no number and no text.
        ValueError: the text is not a number.
    """
    number = _decimal(value)
    if not number.is_finite():
        text = f"{pre}{value}{post}"
    else:
        rounded = _round(number, places)
        digits = f"{abs(rounded):,f}".translate({ord(","): sep, ord("."): decsep})
        text = f"{MINUS if rounded < 0 else ''}{pre}{digits}{post}"
    return text.replace(" ", NO_BREAK_SPACE) if use_nbsp else text


def to(value: float | Decimal, places: int) -> str:
    """Return a number with a fixed count of decimals and nothing else: `to(1.5, 2)` is `1.50`."""
    return f"{value:.{places}f}"


def _decimal(value: Number) -> Decimal:
    if isinstance(value, bool):
        return Decimal(int(value))
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, int | Decimal):
        return Decimal(value)
    if isinstance(value, str):
        try:
            return Decimal(value.strip())
        except InvalidOperation:
            raise ValueError(f"fmtnum() cannot read {value!r} as a number.") from None
    raise TypeError(f"fmtnum() formats numbers, not {type(value).__name__} ({value!r}).")


def _round(number: Decimal, places: int) -> Decimal:
    with localcontext() as context:
        # The default of 28 digits is too few for large integers, for which quantize() would then raise.
        context.prec = max(28, number.adjusted() + places + 2, len(number.as_tuple().digits) + 2)
        return number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
