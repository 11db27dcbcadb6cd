"""A real Chromium in front of a real server. A test fails if the page reports an error or a request fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from tests.browser.station import Station
from tests.chromium import ARGUMENTS

EXPERIMENTS = Path(__file__).parents[2] / "experiments"


@pytest.fixture(scope="session")
def browser(chromium_path: Path) -> Iterator[Browser]:
    """Return the browser that all tests share."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium_path), args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """Return a server with the shipped experiments."""
    station = Station(tmp_path_factory.mktemp("station"), EXPERIMENTS)
    station.start()
    yield station
    station.stop()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Return a tab of 390 by 844 pixels; its console must stay clean."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    context.set_default_timeout(8000)
    page = context.new_page()
    problems = watch_problems(page)
    yield page
    context.close()
    assert problems == []


def watch_problems(page: Page) -> list[str]:
    """Return a list that grows with every error that the page reports."""
    problems: list[str] = []

    def console(message: ConsoleMessage) -> None:
        if message.type == "error":
            problems.append(message.text)

    def failed(request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # the page was left before it had come
            problems.append(f"{request.url}: {request.failure}")

    page.on("console", console)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("requestfailed", failed)
    return problems


def wait_until_settled(page: Page) -> None:
    """Wait until the page is connected and has no unanswered call."""
    page.wait_for_selector('html[data-uproot="connected"][data-pending="0"]', state="attached")
