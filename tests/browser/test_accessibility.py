"""Every page for people who see little, use a keyboard, or listen: axe finds nothing, and no mouse is needed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import EXPERIMENTS, open_page, press_next, wait_until_settled, watch_problems
from tests.browser.station import Station

pytestmark = pytest.mark.browser

APPS: Final = sorted(folder.name for folder in EXPERIMENTS.iterdir() if (folder / "__init__.py").exists())
AXE: Final = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RUN_AXE: Final = """async rules => {
    const only = rules ?? { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] };
    const { violations } = await axe.run(document, { runOnly: only, resultTypes: ["violations"] });
    return violations.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id} (${help}): ${html}`));
}"""
DARK: Final = "document.documentElement.dataset.bsTheme = 'dark'"

TABBABLE: Final = """() => {
    const named = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]';
    return [...document.querySelectorAll(named)].filter(each => each.tabIndex >= 0 && !each.disabled
        && each.checkVisibility({ visibilityProperty: true })
        && !(each.type === "radio" && !each.checked && document.querySelector(`[name="${each.name}"]:checked`)))
}"""
FOCUSED: Final = f"""() => {{
    const element = document.activeElement;
    const style = getComputedStyle(element);
    const isVisible = (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1)
        || style.boxShadow !== "none";
    const box = element.getBoundingClientRect();
    const isInWindow = box.bottom > 0 && box.top < innerHeight && box.width > 1 && box.height > 1;
    return [({TABBABLE})().indexOf(element), isVisible && isInWindow ? "" : element.outerHTML];
}}"""


@pytest.fixture(scope="module")
def axe() -> str:
    """Return axe-core; without it, skip, or fail in CI."""
    if not AXE.exists():
        message = "axe-core is not installed: npm ci"
        if os.environ.get("CI", "").lower() in {"true", "1"}:
            pytest.fail(message)
        pytest.skip(message)
    return AXE.read_text(encoding="utf-8")


def inspect(page: Page, axe: str, *, dark: bool = True) -> list[str]:
    """Return what axe finds on the page as it is, and about its colours in the dark."""
    page.evaluate(axe)
    found: list[str] = page.evaluate(RUN_AXE, None)
    if dark:
        page.evaluate(DARK)
        found += [
            f"dark: {each}" for each in page.evaluate(RUN_AXE, ["color-contrast", "link-in-text-block"])
        ]
    return found


def tab_through(page: Page) -> list[str]:
    """Press Tab from the top to the end; return what is skipped, out of order, or focused without showing it."""
    page.evaluate("document.activeElement.blur()")
    count = page.evaluate(f"({TABBABLE})().length")
    problems = []
    for expected in range(count):
        page.keyboard.press("Tab")
        place, invisible = page.evaluate(FOCUSED)
        if place != expected:
            problems.append(
                f"Tab {expected} leads to {place}: {page.evaluate('document.activeElement.outerHTML')}"
            )
            break
        if invisible:
            problems.append(f"focus cannot be seen: {invisible}")
    return problems


@pytest.mark.parametrize("app", APPS)
def test_each_page_of_an_experiment_can_be_read_and_used_by_everybody(
    station: Station, page: Page, axe: str, app: str
) -> None:
    session = station.session(app)
    found: dict[str, list[str]] = {}

    open_page(page, session)
    while page.locator("#uproot-button-next, #propose").count():
        title = page.title()
        found[f"{title}, keyboard"] = tab_through(page)
        found[f"{title}, axe"] = inspect(page, axe)
        if page.locator("#username").count():
            page.fill("#username", "ada")
        if page.locator("#uproot-button-next").count() == 0:
            break
        press_next(page)

    assert {where: problems for where, problems in found.items() if problems} == {}
