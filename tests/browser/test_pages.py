"""Moving through pages in a browser: impatient, returning, reloading, prefetching, lost, and without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import open_page, press_next, wait_until_settled
from tests.browser.station import Station, StationSession

pytestmark = pytest.mark.browser

APP: Final = """
from uproot_aio import *

def new_player(player):
    player.stored = []

class First(Page):
    fields = dict(nick=StringField(label="Name"))

    @classmethod
    def before_form_save(page, player, data):
        player.stored.append(data["nick"])

    @classmethod
    def validate(page, player, data):
        if data["nick"] == "admin":
            return {"nick": "This name is taken."}

class Second(Page):
    pass

class Third(Page):
    timeout = 3600

class Fourth(Page):
    pass

page_order = [First, Second, Third, Fourth]
"""


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """Return a server with pages that are made from their classes."""
    folder = tmp_path_factory.mktemp("pages")
    experiments: Path = folder / "experiments"
    experiments.mkdir()
    (experiments / "walk.py").write_text(APP, encoding="utf-8")
    station = Station(folder, experiments)
    station.start()
    yield station
    station.stop()


@pytest.fixture
def walk(station: Station, page: Page) -> StationSession:
    """Return a session whose only player has filled in the first page and is in front of the second."""
    session = station.session("walk")
    open_page(page, session)
    page.fill("#nick", "ada")
    press_next(page)
    expect(page.locator("h1")).to_have_text("Second")
    return session


def test_a_double_click_on_next_moves_one_page(page: Page, walk: StationSession) -> None:
    with page.expect_navigation():
        page.dblclick("#uproot-button-next")
    wait_until_settled(page)

    expect(page.locator("h1")).to_have_text("Third")


def test_a_reload_that_sends_the_form_again_moves_nobody(page: Page, walk: StationSession) -> None:
    with page.expect_request(lambda request: request.method == "POST"):
        page.reload()
    wait_until_settled(page)

    expect(page.locator("h1")).to_have_text("Second")
    assert walk.value("stored") == ["ada"]


def test_the_browsers_back_button_leads_to_the_page_where_the_player_is(
    page: Page, walk: StationSession
) -> None:
    page.go_back()

    expect(page.locator("h1")).to_have_text("Second")
    press_next(page)
    expect(page.locator("h1")).to_have_text("Third")


def test_a_page_from_the_browsers_memory_connects_again_and_can_be_sent(
    page: Page, walk: StationSession
) -> None:
    page.evaluate(
        "uproot.beginSubmit(uproot.form);"
        "window.dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))"
    )
    before = page.evaluate("uproot.ws.isConnected")

    page.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    wait_until_settled(page)

    assert before is False
    press_next(page)
    expect(page.locator("h1")).to_have_text("Third")


def test_a_tab_left_behind_shows_the_right_page_instead_of_moving(page: Page, walk: StationSession) -> None:
    behind = page.context.new_page()
    behind.goto(walk.link())
    press_next(page)

    press_next(behind)

    expect(behind.locator("h1")).to_have_text("Third")


def test_a_prefetched_link_moves_nobody(station: Station, page: Page, walk: StationSession) -> None:
    session = station.session("walk")

    with page.expect_response(session.link()) as fetched:
        page.evaluate(
            "href => document.head.append(Object.assign(document.createElement('link'), { rel: 'prefetch', href }))",
            session.link(),
        )

    assert fetched.value.request.headers["sec-purpose"] == "prefetch"
    assert fetched.value.status == 204
    assert session.value("started") is False


def test_looking_at_a_link_without_scripts_starts_nobody(station: Station, page: Page) -> None:
    session = station.session("walk")

    response = page.request.get(session.link())

    assert response.ok
    assert session.value("started") is False


def test_everything_passes_as_plain_forms_without_javascript(station: Station, browser: Browser) -> None:
    session = station.session("walk")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    titles = []

    page.goto(session.link())
    page.get_by_role("button", name="Start").click()
    titles.append(page.inner_text("h1"))
    page.get_by_label("Name").fill("ada")
    while page.locator("#uproot-button-next").count():
        page.click("#uproot-button-next")
        titles.append(page.inner_text("h1"))
    context.close()

    assert titles == ["First", "Second", "Third", "Fourth", "Thank you!"]
    assert session.value("stored") == ["ada"]


def test_what_is_wrong_with_a_form_is_said_without_javascript_too(station: Station, browser: Browser) -> None:
    session = station.session("walk")
    session.begin()
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(session.link())
    name = page.get_by_label("Name")
    name.fill("admin")

    page.click("#uproot-button-next")

    expect(page.get_by_text("This name is taken.")).to_be_visible()
    expect(name).to_have_accessible_description(re.compile("This name is taken."))
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(name).to_have_value("admin")
    context.close()


def test_a_page_that_vanishes_gives_way_to_a_calm_one_until_it_is_back(
    station: Station, page: Page, walk: StationSession
) -> None:
    app = station.settings.experiments / "walk.py"
    page.clock.install()

    app.rename(app.with_suffix(".away"))
    station.wait_for_reload()
    page.reload()
    expect(page.locator("h1")).to_have_text("One moment, please")
    app.with_suffix(".away").rename(app)
    station.wait_for_reload()
    page.clock.fast_forward(10_000)

    expect(page.locator("h1")).to_have_text("Second")


@pytest.mark.parametrize("path", ["p/nosuch/player/", "p/{session}/nobody/", "nowhere"])
def test_an_unknown_link_shows_a_calm_page(
    station: Station, page: Page, problems: list[str], path: str
) -> None:
    response = page.goto(station.address + path.format(session=station.session("walk").name))

    assert response is not None
    assert response.status == 404
    expect(page.locator("h1")).to_have_text("This link leads nowhere")
    assert [text for text in problems if "404" not in text] == []
    problems.clear()
