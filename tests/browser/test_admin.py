"""The experimenter's pages in a real browser, narrow and wide."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.browser.conftest import forget_outage, open_page
from tests.browser.station import Station, StationSession
from uproot_aio.engine.execute import execute
from uproot_aio.state.identifiers import player_owner
from uproot_aio.state.unit_of_work import UnitOfWork

pytestmark = pytest.mark.browser

APP: Final = """
from uproot_aio import *

DESCRIPTION = "<!--<script> & friends"

def new_player(player):
    player.said = "<!--<script>"

class Talk(Page):
    @live
    def say(page, player, text: str):
        player.said = text

    @live
    def begin(page, player, value: int):
        player.newcomer = value

class Last(Page):
    pass

page_order = [Talk, Last]
"""


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """Return a server of this module's own."""
    folder = tmp_path_factory.mktemp("admin")
    (folder / "experiments").mkdir()
    (folder / "experiments" / "talk.py").write_text(APP)
    (folder / "experiments" / "broken.py").write_text("from uproot_aio import *\n")
    station = Station(folder, folder / "experiments")
    station.start()
    yield station
    station.stop()


@pytest.fixture
def admin(page: Page, talk: Station) -> Page:
    """Return a tab that is logged in and shows the overview."""
    assert talk.server.login_url is not None
    page.goto(talk.server.login_url)
    page.wait_for_url("**/admin/")
    return page


def open_session_page(page: Page, session: StationSession) -> None:
    """Show a session and wait until it is live."""
    page.goto(f"{page.url.partition('/admin/')[0]}/admin/session/{session.name}/")
    page.wait_for_selector('[data-live="on"]')


def test_the_link_logs_in_and_leaves_no_token_in_the_address(admin: Page, talk: Station) -> None:
    expect(admin.get_by_role("heading", name="Overview")).to_be_visible()
    token = (talk.server.login_url or "").rpartition("#")[2]
    admin.go_back()
    assert token not in admin.url


def test_the_link_pasted_into_a_tab_on_the_login_page_logs_in(page: Page, talk: Station) -> None:
    page.goto(f"{talk.address}admin/")
    expect(page.get_by_text("printed a link in the terminal")).to_be_visible()

    page.evaluate("url => { location.href = url }", talk.server.login_url)

    page.wait_for_url("**/admin/")


def test_the_link_pasted_into_the_field_logs_in(page: Page, talk: Station) -> None:
    page.goto(f"{talk.address}admin/login/")
    page.get_by_label("Or paste the link here").fill(talk.server.login_url or "")
    page.keyboard.press("Enter")

    page.wait_for_url("**/admin/")


def test_a_session_is_made_with_the_keyboard_alone(admin: Page) -> None:
    admin.get_by_role("link", name="New session of talk").focus()
    admin.keyboard.press("Enter")
    admin.get_by_label("Number of players").focus()
    admin.keyboard.press("ControlOrMeta+a")
    admin.keyboard.type("2")
    admin.keyboard.press("Enter")

    admin.wait_for_url(re.compile("/admin/session/.+"))
    assert admin.locator("tr[data-player]").count() == 2


def test_what_changes_shows_without_a_reload(admin: Page, talk: Station) -> None:
    session = talk.session("talk", 2)
    open_session_page(admin, session)
    row = admin.locator(f'tr[data-player="{session.players[0]}"]')
    expect(row).to_contain_text("Not started")
    admin.evaluate("window.isSamePage = true")

    participant = admin.context.new_page()
    open_page(participant, session)
    participant.evaluate("uproot.invoke('say', '</td><!--<script>')")

    expect(row.locator(".admin-presence")).to_have_text("online")
    expect(row.locator(".admin-where")).to_have_text("talk / Talk")
    expect(row.locator(".admin-step")).to_have_text("page 1 of 2")
    expect(row.locator('[data-field="said"]')).to_have_text("</td><!--<script>")
    expect(admin.locator("#count-online")).to_have_text("1")
    participant.close()
    expect(row.locator(".admin-presence")).to_have_text("offline")
    assert admin.evaluate("window.isSamePage") is True


def test_who_starts_gets_a_last_change(admin: Page, talk: Station) -> None:
    session = talk.session("talk", 1)
    open_session_page(admin, session)
    changed = admin.locator("[data-changed]")
    expect(changed).to_have_text("\N{EN DASH}")

    session.begin()

    expect(changed).to_have_text(re.compile("now|ago"))


def test_three_hundred_changes_at_once_cost_a_few_layouts(admin: Page, talk: Station) -> None:
    session = talk.session("talk", 300)
    open_session_page(admin, session)
    change_everybody(talk, session, "first")
    last = admin.locator("tr[data-player]").last.locator('[data-field="said"]')
    expect(last).to_have_text("first")
    browser = admin.context.new_cdp_session(admin)
    browser.send("Performance.enable")
    before = layouts(browser)

    change_everybody(talk, session, "second")
    expect(last).to_have_text("second")

    assert admin.locator('.admin-fresh[data-field="said"]').count() == 300
    assert layouts(browser) - before < 100


def change_everybody(station: Station, session: StationSession, text: str) -> None:
    """Give every player another value, in one commit."""

    async def change() -> None:
        opened = await station.server.parts.sessions.open(session.name)

        def write(unit: UnitOfWork) -> None:
            for player in session.players:
                unit.write(player_owner(player), "said", text, "test")

        await execute(opened, write, cause="experimenter", who="test")

    station.do(change())


def layouts(browser: CDPSession) -> int:
    """Return how often the tab has computed where everything stands."""
    metrics = browser.send("Performance.getMetrics")["metrics"]
    return int(next(metric["value"] for metric in metrics if metric["name"] == "LayoutCount"))


def test_a_field_that_nobody_had_becomes_a_column(admin: Page, talk: Station) -> None:
    session = talk.session("talk", 2)
    open_session_page(admin, session)

    participant = admin.context.new_page()
    open_page(participant, session)
    participant.evaluate("uproot.invoke('begin', 7)")

    cell = admin.locator(f'tr[data-player="{session.players[0]}"] [data-field="newcomer"]')
    expect(cell).to_have_text("7")
    other = admin.locator(f'tr[data-player="{session.players[1]}"] [data-field="newcomer"]')
    expect(other).to_have_attribute("data-unset", "")
    admin.get_by_text("Columns").click()
    admin.get_by_label("newcomer").uncheck()
    expect(cell).to_be_hidden()
    admin.reload()
    expect(cell).to_be_hidden()


def test_after_a_lost_connection_the_page_catches_up(admin: Page, talk: Station) -> None:
    session = talk.session("talk")
    open_session_page(admin, session)
    admin.evaluate("window.isSamePage = true")
    participant = admin.context.new_page()
    open_page(participant, session)

    with admin.expect_websocket() as again:
        talk.do(_close_feeds(talk))
        participant.evaluate("uproot.invoke('say', 'meanwhile')")

    assert "/feed/?after=" in again.value.url
    expect(admin.locator('td[data-field="said"]')).to_have_text("meanwhile")
    expect(admin.locator("#live")).to_have_text("Live")
    assert admin.evaluate("window.isSamePage") is True


async def _close_feeds(station: Station) -> None:
    for session in station.server.parts.sessions.opened():
        for watcher in tuple(session.broadcast.watchers):
            watcher.leave()


def test_players_can_be_searched_and_links_copied(admin: Page, talk: Station) -> None:
    admin.context.grant_permissions(["clipboard-read", "clipboard-write"])
    session = talk.session("talk", 3)
    open_session_page(admin, session)

    admin.get_by_label("Show only players with").fill(session.players[1])
    expect(admin.locator("tr[data-player]:visible")).to_have_count(1)
    admin.locator("tr[data-player]:visible").get_by_text("Copy").click()
    expect(admin.get_by_role("status")).to_have_text("Copied.")
    assert admin.evaluate("navigator.clipboard.readText()") == session.link(1)

    admin.get_by_text("All links", exact=True).click()
    admin.get_by_role("button", name="Copy all links").click()
    links = "\n".join(session.link(index) for index in range(3))
    admin.wait_for_function("text => navigator.clipboard.readText().then((now) => now === text)", arg=links)
    admin.keyboard.press("Escape")
    expect(admin.get_by_role("button", name="Copy all links")).to_be_hidden()


def test_the_overview_follows_the_experiments_folder(admin: Page, talk: Station) -> None:
    file = Path(talk.settings.experiments) / "broken.py"
    expect(admin.get_by_text("Needs your attention")).to_be_visible()

    file.write_text(APP)
    expect(admin.get_by_text("Needs your attention")).to_be_hidden(timeout=20_000)
    expect(admin.get_by_role("link", name="New session of broken")).to_be_visible()

    file.write_text("from uproot_aio import *\n")
    expect(admin.get_by_text("runs on in its former version")).to_be_visible(timeout=20_000)


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_and_is_accessible(
    admin: Page, talk: Station, width: int, scheme: str, axe: str
) -> None:
    session = talk.session("talk", 3)
    admin.set_viewport_size({"width": width, "height": 800})
    admin.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of the two
    paths = ["", "sessions/new/?config=talk", f"session/{session.name}/"]
    paths.append(f"session/{session.name}/player/{session.players[0]}/")

    for path in paths:
        admin.goto(f"{talk.address}admin/{path}")
        assert admin.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert _violations(admin, axe) == [], path


def _violations(page: Page, axe: str) -> list[str]:
    found: list[str] = page.evaluate(
        f"async () => {{ {axe}; const found = await axe.run();"
        " return found.violations.map((one) => `${one.id}: ${one.nodes[0].html}`); }"
    )
    return found


def test_after_a_restart_the_page_asks_to_log_in_again(
    page: Page, tmp_path: Path, talk: Station, problems: list[str]
) -> None:
    station = Station(tmp_path, Path(talk.settings.experiments).parent / "none")
    station.start()
    page.goto(station.server.login_url or "")
    page.wait_for_url("**/admin/")
    station.stop()
    station.start()

    page.reload()
    page.wait_for_url("**/admin/login/")
    page.goto("about:blank")
    station.stop()
    forget_outage(problems)
