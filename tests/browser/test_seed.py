"""What the description of live methods says, in a real browser, through the shipped experiments."""

from __future__ import annotations

import re
from itertools import combinations
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import open_page, pause_clock, press_next, wait_until_settled
from tests.browser.station import Station

pytestmark = pytest.mark.browser

UNDERSTOOD: Final = {
    "take_str": "str: 'hello'",
    "take_int": "int: 5",
    "take_float": "float: 2.5",
    "take_bool": "bool: True",
    "take_list": "list: [1, 'two', None]",
    "take_list_of_int": "list: [1, 2, 3]",
    "take_dict": "dict: {'any': ['thing']}",
    "take_dict_of_float": "dict: {'a': 1.0, 'b': 2.5}",
    "take_optional": "NoneType: None",
    "take_union": "str: '5'",
    "take_literal": "str: 'defect'",
    "take_enum": "Side: <Side.LEFT: 'left'>",
    "take_decimal": "Decimal: Decimal('12.50')",
    "take_date": "date: datetime.date(2026, 2, 28)",
    "take_datetime": "datetime: datetime.datetime(2026, 2, 28, 9, 30)",
    "take_time": "time: datetime.time(9, 30)",
    "take_uuid": "UUID: UUID('0b1f3c1e-6f0e-4c57-9a55-3a5e0d7f8f10')",
    "take_tuple": "tuple: (1, 'one')",
    "take_set": "set: ",
    "take_typeddict": "dict: {'x': 1.0, 'y': 2.0}",
    "take_dataclass": "Guess: Guess(number=7, certain=True)",
    "take_struct": "Trade: Trade(price=9.5, quantity=1)",
    "take_constrained": "int: 50",
    "take_model": "Offer: Offer(price=3.0, note='')",
    "take_anything": "dict: {'as': ['it', 'is']}",
}
"""What the page says of the right value of each method of typed_calls."""


def test_the_counter_counts_without_a_reload_and_resets(station: Station, page: Page) -> None:
    session = station.session("counter")
    open_page(page, session)
    page.evaluate("window.isStillThere = true")

    page.get_by_role("button", name="+1").click()
    page.get_by_role("button", name="+1").click()

    expect(page.locator("#count")).to_have_text("2")
    assert session.value("counter") == 2

    page.get_by_role("button", name="Reset").click()

    expect(page.locator("#count")).to_have_text("0")
    assert session.value("counter") == 0
    assert page.evaluate("isStillThere")


def test_the_counter_keeps_its_count_over_a_reload(station: Station, page: Page) -> None:
    open_page(page, station.session("counter"))
    page.get_by_role("button", name="+1").click()
    expect(page.locator("#count")).to_have_text("1")

    page.reload()

    expect(page.locator("#count")).to_have_text("1")


def test_the_counter_with_alpine_takes_an_argument_and_shows_the_goal(station: Station, page: Page) -> None:
    session = station.session("counter_alpine")
    open_page(page, session)
    reset = page.get_by_role("button", name="Reset")
    expect(reset).to_be_disabled()

    page.get_by_role("button", name="+1").click()
    page.get_by_role("button", name="+5").click()
    expect(page.locator("#count")).to_have_text("6")
    page.get_by_role("button", name="+5").click()

    expect(page.get_by_text("You made it.")).to_be_visible()
    expect(page.locator("progress")).to_have_attribute("value", "11")
    assert session.value("counter") == 11

    reset.click()

    expect(page.locator("#count")).to_have_text("0")
    expect(page.get_by_text("You made it.")).to_be_hidden()


def test_calls_run_in_their_order_with_and_without_a_handler(station: Station, page: Page) -> None:
    session = station.session("calling")
    open_page(page, session)

    everything = '{"count":2,"value":42,"responses":{"question1":"answer"}}'
    expect(page.locator("#everything")).to_have_text(everything)
    expect(page.locator("#counter")).to_have_text("1")
    expect(page.locator("#result")).to_have_text("2")
    assert session.value("value") == 42
    assert session.value("responses") == {"question1": "answer"}


def test_a_call_that_fails_reaches_catch(station: Station, page: Page) -> None:
    open_page(page, station.session("calling"))

    page.evaluate(
        """() => {
            uproot.invoke("no_such_method")
                .then(result => updateDisplay(result))
                .catch(error => showError("Operation failed"));
        }"""
    )

    expect(page.locator("#message")).to_have_text("Operation failed")


def test_a_failed_call_that_nobody_handles_shows_in_the_console(
    station: Station, page: Page, problems: list[str]
) -> None:
    open_page(page, station.session("calling"))

    with page.expect_event("pageerror"):
        page.evaluate("() => { uproot.invoke('set_value', 'a word') }")

    (problem,) = problems
    assert "set_value" in problem
    problems.clear()


def test_the_quiz_judges_answers_and_counts_the_right_ones(station: Station, page: Page) -> None:
    session = station.session("quiz")
    open_page(page, session)
    message = page.locator("#message")

    page.fill("#answer", "Lyon")
    page.click("#check")
    expect(message).to_have_text("Try again")
    page.fill("#answer", " PARIS ")
    page.press("#answer", "Enter")
    expect(message).to_have_text("Correct! Score: 1")
    press_next(page)

    expect(page.locator("#score")).to_have_text("1")
    assert session.value("score") == 1


def test_a_bid_is_a_number_or_rejects_its_promise(station: Station, page: Page) -> None:
    session = station.session("bids")
    open_page(page, session)

    page.select_option("#item", label="A notebook")
    page.click("#bid")
    expect(page.locator("#message")).to_have_text("Your bid of $2.50 is placed.")
    page.fill("#amount", "a lot")
    page.click("#bid")

    expect(page.locator("#message")).to_have_text("Please enter your bid as a number, such as 2.50.")
    assert session.value("bid") == 2.5
    press_next(page)
    expect(page.locator("#uproot-main #bid")).to_have_text("$2.50")


def test_each_type_takes_what_fits_and_explains_what_does_not(station: Station, page: Page) -> None:
    open_page(page, station.session("typed_calls"))
    read = (
        "() => Object.fromEntries([...document.querySelectorAll('[data-method]')].map("
        "each => [each.dataset.method, each.querySelector('[role=status]').textContent]))"
    )

    page.evaluate("for (const button of document.querySelectorAll('[data-send]')) button.click()")
    wait_until_settled(page)
    understood = page.evaluate(read)
    page.evaluate("for (const button of document.querySelectorAll('[data-send-wrong]')) button.click()")
    wait_until_settled(page)
    refused = page.evaluate(read)

    assert understood.keys() == UNDERSTOOD.keys()
    assert [name for name, text in UNDERSTOOD.items() if not understood[name].startswith(text)] == []
    del refused["take_anything"]
    assert [text for text in refused.values() if not text.startswith("invalid-arguments: ")] == []
    assert [name for name, text in refused.items() if "value" not in text] == []


def test_a_username_is_checked_while_typing_and_stored_on_submitting(station: Station, page: Page) -> None:
    session = station.session("registration")
    open_page(page, session)

    page.locator("#username").press_sequentially("root")
    expect(page.locator("#message")).to_have_text("Username taken")
    page.locator("#username").press_sequentially("s")
    expect(page.locator("#message")).to_have_text("Username available")
    press_next(page)

    expect(page.locator("h1")).to_have_text("Welcome, roots!")
    assert session.value("username") == "roots"


def test_a_taken_username_comes_back_with_the_focus_on_it(station: Station, page: Page) -> None:
    session = station.session("registration")
    open_page(page, session)
    page.fill("#username", "admin")

    press_next(page)

    username = page.locator("#username")
    expect(username).to_have_value("admin")
    expect(username).to_be_focused()
    expect(username).to_have_accessible_description(
        re.compile("This username is taken. Please choose another one.")
    )
    assert session.value("username") is None


def test_the_dashboard_is_refreshed_every_five_seconds_with_what_others_do(
    station: Station, page: Page
) -> None:
    session = station.session("dashboard", players=2)
    page.clock.install()
    open_page(page, session)
    expect(page.locator("#responses")).to_have_text("0")
    other = page.context.new_page()
    open_page(other, session, 1)
    other.get_by_role("button", name="4").click()
    expect(other.locator("#responses")).to_have_text("1")
    expect(page.locator("#responses")).to_have_text("0")

    page.clock.fast_forward(5000)

    expect(page.locator("#responses")).to_have_text("1")
    expect(page.locator("#average")).to_have_text("4")
    page.get_by_role("button", name="5").click()
    expect(page.locator("#average")).to_have_text("4.5")
    expect(page.get_by_role("button", name="5")).to_have_attribute("aria-pressed", "true")


def test_an_async_method_waits_for_its_service_and_then_stores(station: Station, page: Page) -> None:
    session = station.session("async_processing")
    open_page(page, session)
    page.fill("#text", "one three")

    page.click("#process")

    expect(page.locator("#message")).to_have_text("Working on it …")
    expect(page.locator("html")).to_have_attribute("data-pending", "1")
    expect(page.locator("#message")).to_have_text("2 words; the longest is “three”.")
    assert session.value("processed") == {"words": 2, "longest": "three"}


def test_of_two_submits_at_once_one_passes_except_with_the_careless_overlap(
    station: Station, page: Page
) -> None:
    open_page(page, station.session("submit_once"))
    outcomes = {}

    for _ in range(4):
        page.click("#twice")
        expect(page.locator("#message")).to_contain_text("went through")
        second = page.inner_text("[data-outcome=second]")
        assert page.inner_text("[data-outcome=first]").startswith("went through")
        assert second.startswith("went through") or second.endswith("Already submitted")
        outcomes[page.inner_text("h1")] = page.inner_text("#message")
        press_next(page)

    assert outcomes == {
        "Check first": "1 of 2 calls went through.",
        "Check first overlapping": "2 of 2 calls went through.",
        "Wait first": "1 of 2 calls went through.",
        "Wait first overlapping": "1 of 2 calls went through.",
    }


def test_sumhunt_counts_solutions_and_shows_the_next_puzzle(station: Station, page: Page) -> None:
    session = station.session("sumhunt")
    open_page(page, session)
    press_next(page)
    expect(page.locator("#matrix button")).to_have_count(9)
    puzzle: list[int] = session.value("matrix")
    pair = next(pair for pair in combinations(puzzle, 2) if sum(pair) == 100)

    choose(page, puzzle[0])
    page.click("#propose")
    expect(page.locator("#message")).to_have_text("These do not add up to 100.")
    page.click("#clear")
    for number in pair:
        choose(page, number)
    page.click("#propose")

    expect(page.locator("#message")).to_have_text("Correct! Here is the next one.")
    expect(page.locator("#solutions")).to_have_text("1")
    wait_until_settled(page)
    shown = [int(text) for text in page.locator("#matrix button").all_inner_texts()]
    assert shown == session.value("matrix") != puzzle
    assert session.value("solutions") == 1


def choose(page: Page, number: int) -> None:
    """Press the cell with this number."""
    page.locator("#matrix").get_by_role("button", name=str(number), exact=True).click()


def test_sumhunt_counts_down_and_goes_on_by_itself_after_two_minutes(station: Station, page: Page) -> None:
    page.clock.install()
    open_page(page, station.session("sumhunt"))
    pause_clock(page)
    with page.expect_navigation():
        page.click("#uproot-button-next")
    timer = page.get_by_role("timer")
    expect(timer).to_contain_text("2:00\u00a0minutes")

    page.clock.run_for(61_000)
    expect(timer).to_contain_text("59\u00a0seconds")
    expect(page.locator("#uproot-timeout-announcer")).to_contain_text("Time left on this page 1 minute")
    station.clock.advance(119)
    page.clock.run_for(58_000)
    expect(timer).to_contain_text("1\u00a0second")
    page.clock.run_for(1_000)

    expect(page.locator("h1")).to_have_text("Your result")


def test_a_puzzle_whose_time_is_up_is_over_also_after_a_reload(station: Station, page: Page) -> None:
    open_page(page, station.session("sumhunt"))
    press_next(page)

    station.clock.advance(121)
    page.reload()

    expect(page.locator("h1")).to_have_text("Your result")


def test_a_page_hears_when_its_connection_is_ready_lost_and_back(station: Station, page: Page) -> None:
    session = station.session("calling")
    open_page(page, session)
    press_next(page)
    message = page.locator("#message")
    expect(message).to_have_text("Connected.")
    page.evaluate(
        "window.told = []; new MutationObserver(() => told.push(document.getElementById('message').textContent))"
        ".observe(document.getElementById('message'), { childList: true })"
    )

    station.cut()

    expect(message).to_have_text("Connected again. The count is as the server has it.")
    lost = "The connection is lost. What you do now is sent when it is back."
    assert page.evaluate("told") == [lost, message.inner_text()]
    page.get_by_role("button", name="+1").click()
    expect(page.locator("#count")).to_have_text("3")
