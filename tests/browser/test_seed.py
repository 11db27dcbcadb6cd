"""Every code block of the description of live methods, in a real browser, through the shipped experiments."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import wait_until_settled
from tests.browser.station import Station

pytestmark = pytest.mark.browser


def test_the_counter_counts_without_a_reload_and_resets(station: Station, page: Page) -> None:
    session = station.session("counter")
    page.goto(session.link())
    page.get_by_role("button", name="+1").click()
    page.get_by_role("button", name="+1").click()

    expect(page.locator("#count")).to_have_text("2")
    wait_until_settled(page)
    assert session.value("counter") == 2

    page.get_by_role("button", name="Reset").click()

    expect(page.locator("#count")).to_have_text("0")
    wait_until_settled(page)
    assert session.value("counter") == 0
