"""Every page of the shipped experiments on a phone and on a desk: nothing sticks out, nothing lacks a name."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import EXPERIMENTS, wait_until_settled
from tests.browser.station import Station

pytestmark = pytest.mark.browser

APPS = sorted(folder.name for folder in EXPERIMENTS.iterdir() if (folder / "__init__.py").exists())

NAMELESS = """() => [...document.querySelectorAll("#uproot-main :is(input, select, textarea, button, fieldset)")]
    .filter(each => each.type !== "hidden" && each.getClientRects().length > 0)
    .filter(each => !(each.labels?.length || each.ariaLabel || each.getAttribute("aria-labelledby")
        || (each.tagName === "BUTTON" && each.textContent.trim())))
    .map(each => each.outerHTML)"""
SMALL = """() => [...document.querySelectorAll("#uproot-main :is(button, .form-control, .form-select)")]
    .map(each => [each.outerHTML, each.getBoundingClientRect()])
    .filter(([, box]) => box.width > 0 && (box.width < 24 || box.height < 24))
    .map(([html]) => html)"""
STICKS_OUT = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.mark.parametrize("app", APPS)
def test_pages_fit_and_their_controls_have_names(station: Station, page: Page, app: str) -> None:
    wrong: list[str] = []

    page.goto(station.session(app).link())
    for _ in range(8):
        page.wait_for_selector("#uproot-starting", state="detached")
        wait_until_settled(page)
        wrong += look_at(page)
        if page.locator("#uproot-button-next").count() == 0:
            break
        if app == "registration" and page.locator("#username").count():
            page.fill("#username", "ada")
        with page.expect_navigation():
            page.click("#uproot-button-next")

    assert wrong == []


def look_at(page: Page) -> list[str]:
    """Return what is wrong with how the page looks now."""
    wrong = [f"no name: {html}" for html in page.evaluate(NAMELESS)]
    wrong += [f"too small: {html}" for html in page.evaluate(SMALL)]
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 844})
        if page.evaluate(STICKS_OUT):
            wrong.append(f"{page.title()} scrolls sideways at {width} pixels")
    if page.locator("h1").count() > 1:
        wrong.append(f"{page.title()} has several first headings")
    return wrong
