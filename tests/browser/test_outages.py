"""Lost connections, in a real browser: what people see and hear of them, what becomes of calls and notices."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.conftest import forget_outage, open_page, pause_clock, wait_until_settled
from tests.browser.station import Station, StationSession

pytestmark = pytest.mark.browser

APP: Final = """
import asyncio
from uproot_aio import *

gate = asyncio.Event()

def new_player(player):
    player.log = []

class Outage(Page):
    @live
    def note(page, player, text):
        player.log.append(text)
        return len(player.log)

    @live
    async def held(page, player):
        await gate.wait()
        player.log.append("held")
        return len(player.log)

    @live
    def tell(page, player, data):
        notify(player, player, data, event="Told")

    @live
    def renew(page, player):
        reload(player)

page_order = [Outage]
"""
TEMPLATE: Final = """{% extends "Base.html" %}
{% block title %}Outage{% endblock title %}
{% block main %}
<script>
window.events = [];
uproot.onReady(() => events.push("ready"));
uproot.onDisconnect(() => events.push("disconnect"));
uproot.onReconnect(() => events.push("reconnect"));
uproot.onCustomEvent("Told", ({ detail }) => events.push(detail.data));
function follow(promise) {
    promise.then(value => events.push(value), error => events.push([error.code, error.sent]));
}
</script>
{% endblock main %}
"""
LOST: Final = "The connection was lost. Trying to reconnect."


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """Return a server of our own, since it is stopped and started again."""
    folder = tmp_path_factory.mktemp("outages")
    app: Path = folder / "experiments" / "outage"
    app.mkdir(parents=True)
    (app / "__init__.py").write_text(APP, encoding="utf-8")
    (app / "Outage.html").write_text(TEMPLATE, encoding="utf-8")
    station = Station(folder, folder / "experiments")
    station.start()
    yield station
    station.stop()


@pytest.fixture
def outage(station: Station, page: Page) -> StationSession:
    """Return a session whose only player is in front of the page; the page's clock belongs to the test."""
    set_gate(station, is_open=False)
    session = station.session("outage")
    page.clock.install()
    open_page(page, session)
    return session


def expect_state(page: Page, state: str) -> None:
    expect(page.locator("html")).to_have_attribute("data-uproot", state)


def set_gate(station: Station, *, is_open: bool) -> None:
    """Let the calls of `held` go on, or wait."""

    async def move() -> None:
        gate: asyncio.Event = station.server.parts.library.apps["outage"].module.gate
        gate.set() if is_open else gate.clear()

    station.do(move())


def test_an_outage_shows_at_once_as_a_state_and_in_words_only_if_it_lasts(
    station: Station, page: Page, outage: StationSession, problems: list[str]
) -> None:
    status = page.get_by_role("status")
    pause_clock(page)
    with station.away():
        expect_state(page, "lost")
        page.clock.run_for(1_900)
        assert status.inner_text() == ""
        page.clock.run_for(200)
        expect(status).to_have_text(LOST)
        expect(status).to_be_visible()
    page.clock.resume()
    expect_state(page, "connected")

    expect(status).to_have_text("")
    assert page.evaluate("events") == ["ready", "disconnect", "reconnect"]
    forget_outage(problems)


def test_a_blink_of_the_connection_says_nothing(station: Station, page: Page, outage: StationSession) -> None:
    page.evaluate(
        "window.said = []; new MutationObserver(() => said.push(document.getElementById('uproot-status').textContent))"
        ".observe(document.getElementById('uproot-status'), { childList: true })"
    )

    station.cut()
    page.wait_for_function("events.includes('reconnect')")
    page.clock.fast_forward(5_000)

    assert page.evaluate("said") == []


def test_a_page_from_after_the_backup_that_the_server_was_restored_from_is_loaded_anew(
    station: Station, page: Page, outage: StationSession, problems: list[str], tmp_path: Path
) -> None:
    data = station.settings.data
    with station.away():
        shutil.copytree(data, tmp_path / "backup")
    expect_state(page, "connected")
    page.evaluate("Promise.all([1, 2, 3].map(number => uproot.invoke('note', number)))")
    page.reload()
    expect_state(page, "connected")
    page.evaluate("window.isOfBefore = true")

    with station.away():
        shutil.rmtree(data)
        shutil.copytree(tmp_path / "backup", data)
    page.wait_for_function("window.isOfBefore !== true && events.includes('ready')")
    page.evaluate("window.isLoadedOnce = true")

    assert page.evaluate("uproot.invoke('note', 4)") == 1
    assert page.evaluate("isLoadedOnce")
    forget_outage(problems)


def test_calls_made_while_the_server_is_away_wait_and_run_once_in_order(
    station: Station, page: Page, outage: StationSession, problems: list[str]
) -> None:
    with station.away():
        expect_state(page, "lost")
        page.evaluate("for (const text of ['a', 'b', 'c']) follow(uproot.invoke('note', text))")
        expect(page.locator("html")).to_have_attribute("data-pending", "3")
    wait_until_settled(page)

    assert outage.value("log") == ["a", "b", "c"]
    assert page.evaluate("events") == ["ready", "disconnect", "reconnect", 1, 2, 3]
    forget_outage(problems)


def test_a_call_that_a_stop_of_the_server_interrupts_settles_once(
    station: Station, page: Page, outage: StationSession, problems: list[str]
) -> None:
    page.evaluate("follow(uproot.invoke('note', 'before')); follow(uproot.invoke('held'))")
    page.wait_for_function("events.includes(1)")

    with station.away():
        expect_state(page, "lost")
    wait_until_settled(page)

    assert page.evaluate("events") == ["ready", 1, "disconnect", "reconnect", ["interrupted", True]]
    assert outage.value("log") == ["before"]
    forget_outage(problems)


def test_a_call_whose_connection_breaks_in_its_middle_settles_once(
    station: Station, page: Page, outage: StationSession
) -> None:
    page.evaluate("follow(uproot.invoke('note', 'before')); follow(uproot.invoke('held'))")
    page.wait_for_function("events.includes(1)")

    for times in (1, 2):
        station.cut()
        page.wait_for_function(f"events.filter(each => each === 'reconnect').length === {times}")
    set_gate(station, is_open=True)
    wait_until_settled(page)

    assert [event for event in page.evaluate("events") if isinstance(event, int)] == [1, 2]
    assert outage.value("log") == ["before", "held"]


def test_calls_without_a_server_are_given_up_and_say_whether_they_were_sent(
    station: Station, page: Page, outage: StationSession, problems: list[str]
) -> None:
    page.evaluate("uproot.unreachableAfter = 5; follow(uproot.invoke('held'))")
    pause_clock(page)
    station.cut()
    expect_state(page, "lost")
    page.evaluate("follow(uproot.invoke('note', 'never sent'))")

    with station.away():
        page.clock.run_for(4_000)
        assert page.evaluate("events") == ["ready", "disconnect"]
        page.clock.run_for(3_000)
        assert page.evaluate("events.slice(2)") == [["unreachable", True], ["unreachable", False]]
    page.clock.resume()
    wait_until_settled(page)
    assert outage.value("log") == []
    forget_outage(problems)


@pytest.mark.parametrize("sign", ["window.dispatchEvent(new Event('online'))", "reveal()"])
def test_a_returned_network_or_a_page_that_is_looked_at_again_connects_at_once(
    station: Station, page: Page, outage: StationSession, sign: str
) -> None:
    page.evaluate("window.reveal = () => document.dispatchEvent(new Event('visibilitychange'))")
    pause_clock(page)
    station.cut()
    expect_state(page, "lost")

    page.evaluate(sign)

    expect_state(page, "connected")


def test_a_tab_that_slept_keeps_its_connection(page: Page, outage: StationSession) -> None:
    page.clock.fast_forward(600_000)
    page.evaluate("follow(uproot.invoke('note', 'awake'))")
    wait_until_settled(page)
    page.clock.run_for(15_000)

    assert page.evaluate("events") == ["ready", 1]


def test_a_server_that_falls_silent_is_noticed_within_thirty_seconds(station: Station, page: Page) -> None:
    silent = [False]

    def wire(here: WebSocketRoute) -> None:
        there = here.connect_to_server()
        here.on_message(lambda message: None if silent[0] else there.send(message))

    page.route_web_socket("**/ws/**", wire)
    page.clock.install()
    open_page(page, station.session("outage"))
    pause_clock(page)

    silent[0] = True
    page.clock.run_for(30_000)

    assert page.evaluate("events") == ["ready", "disconnect"]


def test_both_tabs_of_a_player_get_a_notice(page: Page, outage: StationSession) -> None:
    other = page.context.new_page()
    other.goto(outage.link())
    wait_until_settled(other)

    page.evaluate("uproot.invoke('tell', 'hello'); 0")

    for tab in (page, other):
        tab.wait_for_function("events.includes('hello')")
        assert tab.evaluate("events") == ["ready", "hello"]


def test_a_notice_missed_during_an_outage_comes_once_afterwards(
    station: Station, page: Page, outage: StationSession
) -> None:
    other = page.context.new_page()
    other.goto(outage.link())
    wait_until_settled(other)
    page.evaluate("follow(uproot.invoke('tell', 'seen'))")
    wait_until_settled(page)
    pause_clock(page)
    station.cut()
    expect_state(page, "lost")

    other.evaluate("window.dispatchEvent(new Event('online')); uproot.invoke('tell', 'missed')")
    page.clock.resume()
    page.wait_for_function("events.includes('missed')")
    page.evaluate("uproot.invoke('note', 'later')")

    assert page.evaluate("events") == ["ready", "seen", None, "disconnect", "reconnect", "missed"]


def test_a_page_loaded_after_an_outage_hears_no_older_notice(
    station: Station, page: Page, outage: StationSession
) -> None:
    page.evaluate("uproot.invoke('tell', 'old')")
    station.cut()

    page.reload()
    wait_until_settled(page)
    page.evaluate("uproot.invoke('tell', 'new')")

    assert page.evaluate("events") == ["ready", "new"]


def test_a_page_with_a_fragment_in_its_address_is_loaded_again_when_told(
    page: Page, outage: StationSession
) -> None:
    page.evaluate("location.hash = 'somewhere'; window.isOld = true")

    with page.expect_navigation(wait_until="load"):
        page.evaluate("uproot.invoke('renew'); 0")
    wait_until_settled(page)

    assert page.evaluate("window.isOld") is None


def test_a_page_of_no_player_says_so_and_stops_trying(station: Station, page: Page) -> None:
    page.add_init_script(
        "document.addEventListener('DOMContentLoaded', () => { uproot.vars._uproot_internal.uname = 'nobody'; })"
    )
    session = station.session("outage")
    session.begin()
    page.goto(session.link())

    expect(page.get_by_role("status")).to_contain_text("Please ask for a new link.")
    assert page.evaluate("uproot.invoke('note', 'x').catch(error => [error.code, error.sent])") == [
        "unreachable",
        False,
    ]
