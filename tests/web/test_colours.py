"""The colours of static/uproot.css can be told apart: WCAG 2.2 AA, in light and in dark."""

from __future__ import annotations

import re

import pytest

from uproot_aio.resources import static_folder

TEXT, SHAPE = 4.5, 3.0
ON_SURFACES = [
    (colour, surface, TEXT)
    for colour in ("text", "text-soft", "action", "action-hover", "brand")
    for surface in ("surface", "surface-raised")
]
PAIRS = [
    *ON_SURFACES,
    *[("on-action", f"action{state}", TEXT) for state in ("", "-hover", "-active")],
    *[(kind, f"{kind}-soft", TEXT) for kind in ("good", "warning", "bad")],
    *[("text", f"{kind}-soft", TEXT) for kind in ("good", "warning", "bad", "brand")],
    ("action-active", "surface-sunken", TEXT),
    ("surface", "brand", TEXT),
    ("line-strong", "surface", SHAPE),
    ("focus", "surface", SHAPE),
]


def tokens(selector: str) -> dict[str, str]:
    """Return the colours that a rule sets; rules for dark change some of those of `:root`."""
    css = (static_folder() / "uproot.css").read_text(encoding="utf-8")
    rule = css.partition(selector + " {")[2].partition("}")[0]
    return dict(re.findall(r"--uproot-([\w-]+): (#[0-9a-f]{6});", rule))


def luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


LIGHT = tokens(":root")
DARK = tokens(':root[data-bs-theme="dark"]')


@pytest.mark.parametrize("theme", [LIGHT, {**LIGHT, **DARK}], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back", "least"), PAIRS)
def test_colours_can_be_told_apart(theme: dict[str, str], front: str, back: str, least: float) -> None:
    assert contrast(theme[front], theme[back]) >= least


def test_dark_by_choice_and_dark_by_preference_are_the_same() -> None:
    assert len(DARK) > 15
    assert tokens(':root[data-uproot-theme="auto"]') == DARK
