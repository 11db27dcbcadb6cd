"""fmtnum() and to(): numbers as text for people."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from uproot_aio.experiment.formatting import fmtnum, to

MINUS = "\N{MINUS SIGN}"
SPACE = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("value", "options", "text"),
    [
        (1234.5, {}, "1,234.50"),
        (-1234.5, {"pre": "$"}, f"{MINUS}$1,234.50"),
        (2.345, {}, "2.35"),
        (1.005, {}, "1.01"),
        (-0.001, {}, "0.00"),
        (1e6, {"places": 0, "post": " points"}, f"1,000,000{SPACE}points"),
        (1e6, {"places": 0, "post": " points", "use_nbsp": False}, "1,000,000 points"),
        (1234.5, {"sep": ".", "decsep": ","}, "1.234,50"),
        (1234.5, {"sep": ""}, "1234.50"),
        (Decimal("0.125"), {}, "0.13"),
        (True, {"places": 0}, "1"),
        (" 7 ", {"places": 1}, "7.0"),
        (10**30, {"places": 0, "sep": ""}, "1" + "0" * 30),
        (float("nan"), {"pre": "$"}, "$nan"),
    ],
)
def test_fmtnum_writes_numbers_as_people_do(value: Any, options: dict[str, Any], text: str) -> None:
    assert fmtnum(value, **options) == text


def test_fmtnum_refuses_what_is_no_number() -> None:
    with pytest.raises(TypeError, match="not NoneType"):
        fmtnum(None)  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(ValueError, match="'many'"):
        fmtnum("many")


def test_to_writes_a_fixed_count_of_decimals() -> None:
    assert to(1.5, 2) == "1.50"
