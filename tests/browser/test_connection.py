"""What static/uproot.js and static/page.js promise, in a real browser in front of a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import wait_until_settled
from tests.browser.station import Station, StationSession

pytestmark = pytest.mark.browser

APP: Final = """
import asyncio
from uproot_aio import *

def new_player(player):
    player.log = []

class Lab(Page):
    @live
    def note(page, player, *args, **kwargs):
        player.log.append([list(args), kwargs])
        return len(player.log)

    @live
    async def slow(page, player):
        await asyncio.sleep(0.5)
        player.log.append("slow")
        return len(player.log)

    @live
    def tell(page, player, data, event: str):
        notify(player, player, data, event=event)

    @live
    def refuse(page, player):
        raise LiveError("Not now", code="refused", data=[1])

class After(Page):
    pass

page_order = [Lab, After]
"""
TEMPLATE: Final = """{% extends "Base.html" %}
{% block title %}Lab{% endblock title %}
{% block main %}
<input name="increment" aria-label="named like a function">
<button onclick="submit('a')">shadowed submit</button>
<button onclick="name('b')">shadowed name</button>
<button onclick="increment()">shadowed by a field</button>
<button @click="called.push('alpine')">alpine</button>
<button id="untyped">untyped</button>
<script>
const called = [];
function submit(text) { called.push(text); document.getElementById("uproot-form").reset(); }
function name(text) { called.push(text); }
const increment = () => called.push("increment");
window.events = [];
for (const name of ["UprootReady", "UprootDisconnect", "UprootReconnect"]) {
    window.addEventListener(name, () => events.push(name));
}
uproot.onCustomEvent("Told", ({ detail }) => events.push(detail.data));
window.early = uproot.invoke("note", "early");
</script>
{% endblock main %}
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    folder = tmp_path_factory.mktemp("lab")
    app: Path = folder / "experiments" / "lab"
    app.mkdir(parents=True)
    (app / "__init__.py").write_text(APP, encoding="utf-8")
    (app / "Lab.html").write_text(TEMPLATE, encoding="utf-8")
    station = Station(folder, folder / "experiments")
    station.start()
    yield station
    station.stop()


def open_lab(station: Station, page: Page) -> StationSession:
    """Open the page in a new session. The page before it submits itself, so its connection does not count."""
    session = station.session("lab")
    page.goto(session.link())
    expect(page.locator("h1")).to_have_text("Lab")
    expect(page.locator("html")).to_have_attribute("data-uproot", "connected")
    wait_until_settled(page)
    return session


def test_a_call_made_before_the_connection_is_answered(lab: Station, page: Page) -> None:
    open_lab(lab, page)

    assert page.evaluate("early") == 1


def test_a_plain_object_at_the_end_becomes_keyword_arguments(lab: Station, page: Page) -> None:
    session = open_lab(lab, page)

    page.evaluate("uproot.invoke('note', 1, {b: 5})")
    page.evaluate("uproot.invoke('note', {q: 1}, {})")
    page.evaluate("uproot.invoke('note', new Date(0))")

    assert session.value("log")[1:] == [
        [[1], {"b": 5}],
        [[{"q": 1}], {}],
        [["1970-01-01T00:00:00.000Z"], {}],
    ]


def test_a_refusal_rejects_with_all_that_the_server_said(lab: Station, page: Page) -> None:
    open_lab(lab, page)

    error = page.evaluate(
        "uproot.invoke('refuse').catch(e => [e instanceof Error && e instanceof uproot.InvokeError,"
        " e.code, e.message, e.method, e.data])"
    )

    assert error == [True, "refused", "Not now", "refuse", [1]]


def test_an_argument_that_is_no_json_rejects_without_a_frame(lab: Station, page: Page) -> None:
    open_lab(lab, page)

    assert page.evaluate("uproot.invoke('note', 10n).catch(e => e.code)") == "invalid-arguments"


def test_a_call_that_is_too_large_is_rejected_and_the_connection_stays(lab: Station, page: Page) -> None:
    open_lab(lab, page)

    code = page.evaluate("uproot.invoke('note', 'x'.repeat(2 ** 21)).catch(e => [e.code, e.sent])")

    assert code == ["too-large", False]
    assert page.evaluate("events") == ["UprootReady"]


def test_hundreds_of_calls_are_answered_in_their_order(lab: Station, page: Page) -> None:
    open_lab(lab, page)

    answers = page.evaluate("Promise.all(Array.from({length: 300}, (_, i) => uproot.invoke('note', i)))")

    assert answers == list(range(2, 302))


def test_a_call_under_way_survives_a_lost_connection_and_runs_once(lab: Station, page: Page) -> None:
    session = open_lab(lab, page)
    page.evaluate("window.answer = uproot.invoke('slow'); 0")
    expect(page.locator("html")).to_have_attribute("data-pending", "1")

    lab.cut()

    assert page.evaluate("answer") == 2
    assert session.value("log").count("slow") == 1
    assert page.evaluate("events") == ["UprootReady", "UprootDisconnect", "UprootReconnect"]
    expect(page.locator("#uproot-status")).to_have_text("")


def test_a_notice_arrives_before_the_answer_of_its_call_and_once(lab: Station, page: Page) -> None:
    open_lab(lab, page)

    page.evaluate("uproot.invoke('tell', 'x', 'Told').then(() => events.push('answered'))")
    lab.cut()
    page.wait_for_function("events.includes('UprootReconnect')")
    page.evaluate("uproot.invoke('note')")

    assert page.evaluate("events") == ["UprootReady", "x", "answered", "UprootDisconnect", "UprootReconnect"]


def test_an_exception_in_one_listener_does_not_keep_the_others_from_running(lab: Station, page: Page) -> None:
    open_lab(lab, page)
    page.evaluate(
        "window.onerror = () => true;"  # handled: the console stays clean
        "const listeners = [() => { throw new Error('first') }, () => events.push('second')];"
        "for (const listener of listeners) uproot.onCustomEvent('Two', listener)"
    )

    page.evaluate("uproot.invoke('tell', null, 'Two')")

    page.wait_for_function("events.includes('second')")


def test_a_stale_page_rejects_the_call_and_shows_the_right_page(lab: Station, page: Page) -> None:
    session = open_lab(lab, page)
    page.evaluate("location.hash = 'somewhere'")
    other = page.context.new_page()
    other.goto(session.link())
    other.get_by_role("button", name="Next").click()
    expect(other.locator("h1")).not_to_have_text("Lab")

    page.evaluate("uproot.invoke('note').catch(e => { sessionStorage.code = e.code }); 0")

    expect(page.locator("h1")).not_to_have_text("Lab")
    assert page.evaluate("sessionStorage.code") == "stale-page"


def test_a_function_named_like_a_member_of_the_form_wins_in_inline_handlers(lab: Station, page: Page) -> None:
    open_lab(lab, page)

    for button in ("shadowed submit", "shadowed name", "shadowed by a field", "alpine"):
        page.get_by_role("button", name=button).click()

    assert page.evaluate("called") == ["a", "b", "increment", "alpine"]
    expect(page.locator("h1")).to_have_text("Lab")


@pytest.mark.parametrize("button", ["#untyped", "#uproot-button-next"])
def test_a_submit_waits_for_the_calls_made_before_it(lab: Station, page: Page, button: str) -> None:
    session = open_lab(lab, page)
    page.evaluate("uproot.invoke('slow'); 0")

    page.locator(button).click()

    expect(page.locator("h1")).not_to_have_text("Lab")
    assert session.value("log")[-1] == "slow"


def test_a_prevented_submit_can_be_tried_again(lab: Station, page: Page) -> None:
    open_lab(lab, page)
    page.evaluate("uproot.form.addEventListener('submit', e => e.preventDefault(), { once: true })")
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#uproot-form")).not_to_have_attribute("data-uproot-submitting", "true")

    page.get_by_role("button", name="Next").click()

    expect(page.locator("h1")).not_to_have_text("Lab")
