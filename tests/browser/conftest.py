"""A real Chromium in front of a real server. A test fails if the page reports an error or a request fails."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from tests.browser.station import Station, StationSession
from tests.chromium import ARGUMENTS

ROOT = Path(__file__).parents[2]
EXPERIMENTS = ROOT / "experiments"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="package")
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


@pytest.fixture(scope="session")
def axe() -> str:
    """Return axe-core; without it, skip, or fail in CI."""
    if not AXE.exists():
        message = "axe-core is not installed: npm ci"
        if os.environ.get("CI", "").lower() in {"true", "1"}:
            pytest.fail(message)
        pytest.skip(message)
    return AXE.read_text(encoding="utf-8")


@pytest.fixture
def problems() -> list[str]:
    """Return the list of what `page` reports. A test that expects something looks at it and clears it."""
    return []


@pytest.fixture
def page(browser: Browser, problems: list[str]) -> Iterator[Page]:
    """Return a tab of 390 by 844 pixels; its console must stay clean, and that of every tab opened beside it."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    context.set_default_timeout(8000)

    def watch(opened: Page) -> None:
        watch_problems(opened, problems)

    context.on("page", watch)
    page = context.new_page()
    yield page
    context.close()
    assert problems == []


def watch_problems(page: Page, problems: list[str] | None = None) -> list[str]:
    """Return a list that grows with every error that the page reports."""
    problems = [] if problems is None else problems

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


def open_page(page: Page, session: StationSession, index: int = 0) -> None:
    """Open a player's first page and wait until it is connected."""
    session.begin(index)
    page.goto(session.link(index))
    wait_until_settled(page)


def press_next(page: Page) -> None:
    """Press Next and wait until the page that comes then is connected."""
    with page.expect_navigation():
        page.click("#uproot-button-next")
    wait_until_settled(page)


def pause_clock(page: Page) -> None:
    """Stop the page's clock, which the test has installed: from now on it runs only when the test says so."""
    page.clock.pause_at(page.evaluate("Date.now() / 1000 + 1"))


def forget_outage(problems: list[str]) -> None:
    """Forget what the browser reports about a server that was not there for a while; anything else stays."""
    problems[:] = [
        text
        for text in problems
        if "net::ERR_CONNECTION" not in text and "WebSocket connection to" not in text
    ]
