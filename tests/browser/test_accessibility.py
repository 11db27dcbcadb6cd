"""Every page for people who see little, use a keyboard, or listen: axe finds nothing, and no mouse is needed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import EXPERIMENTS, forget_outage, open_page, press_next, wait_until_settled
from tests.browser.station import Station

pytestmark = pytest.mark.browser

APPS: Final = sorted(folder.name for folder in EXPERIMENTS.iterdir() if (folder / "__init__.py").exists())
RUN_AXE: Final = """async rules => {
    const only = rules ?? { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] };
    const { violations } = await axe.run(document, { runOnly: only, resultTypes: ["violations"] });
    return violations.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id} (${help}): ${html}`));
}"""
COLOURS: Final = ["color-contrast", "link-in-text-block"]
SET_THEME: Final = """theme => {
    const { dataset } = document.documentElement;
    if (dataset.uprootTheme !== "auto") dataset.bsTheme = theme;
}"""


HOUSE: Final = {
    "fields": """
from uproot_aio import *
from wtforms.validators import InputRequired

class Fields(Page):
    fields = dict(
        nick=StringField(label="Nickname", description="As friends call you."),
        floating=StringField(label="", label_floating="A label inside"),
        essay=TextAreaField(label="Why?", optional=True),
        age=IntegerField(label="Age", min=18, max=120),
        price=DecimalField(label="Price", addon_start="$", addon_end="each"),
        weight=FloatField(label="Weight", addon_end="kg"),
        side=RadioField(label="Side", choices=["left", "right"]),
        again=RadioField(label="Again?", layout="horizontal"),
        country=SelectField(label="Country", choices=["Chile", "Japan"]),
        agree=BooleanField(label="I agree", validators=[InputRequired()]),
    )

page_order = [Fields]
""",
    "around": """
from uproot_aio import *

class Timed(Page):
    timeout = 3600

    @live
    def tell(page, player):
        return "told"

page_order = [Timed]
""",
    "gone": """
from uproot_aio import *

class Only(Page):
    @classmethod
    def before_once(page, player):
        player.page_order = [*player.page_order, "gone/Missing"]

page_order = [Only]
""",
    "broken": """
from uproot_aio import *

class Broken(Page):
    @classmethod
    def templatevars(page, player):
        return 1 / 0

page_order = [Broken]
""",
    "mistaken": "page_order = [Nothing]",
}

FOLLOW_FOCUS: Final = """() => {
    const named = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]";
    const stopOf = name => document.querySelector(`[name="${name}"]:checked`) ?? document.getElementsByName(name)[0];
    const stops = [...document.querySelectorAll(named)].filter(each => each.tabIndex >= 0 && !each.disabled
        && each.checkVisibility({ visibilityProperty: true })
        && (each.type !== "radio" || each === stopOf(each.name)));
    const start = document.createElement("span");  // from where the first Tab goes
    start.tabIndex = -1;
    document.body.prepend(start);
    start.focus();
    start.remove();
    const wrong = [];
    let place = 0;
    window.endOfTabs = () => (place < stops.length ? [...wrong, `Tab stops ${place} of ${stops.length} times`] : wrong);
    document.addEventListener("focusin", ({ target }) => {
        const expected = stops[place++];
        if (target !== expected) wrong.push(`focus is on ${target.outerHTML} and not on ${expected?.outerHTML}`);
        const style = getComputedStyle(target);
        const box = target.getBoundingClientRect();
        const hasOutline = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
        const isThere = box.bottom > 0 && box.top < innerHeight && box.width > 1 && box.height > 1;
        const isMarked = hasOutline || style.boxShadow !== "none";
        if (!isMarked || !isThere) wrong.push(`the focus cannot be seen: ${target.outerHTML}`);
    });
    return stops.length;
}"""


def inspect(page: Page, axe: str) -> list[str]:
    """Return what axe finds on the page as it is, and about its colours in the dark."""
    page.evaluate(axe)
    found: list[str] = page.evaluate(RUN_AXE, None)
    page.emulate_media(color_scheme="dark")  # for pages that follow the reader's preference
    page.evaluate(SET_THEME, "dark")  # for pages whose author decides
    found += [f"dark: {each}" for each in page.evaluate(RUN_AXE, COLOURS)]
    page.emulate_media(color_scheme="light")
    page.evaluate(SET_THEME, "light")
    return found


def tab_through(page: Page) -> list[str]:
    """Press Tab from the top to the end; return what is skipped, out of order, or focused without showing it."""
    for _ in range(page.evaluate(FOLLOW_FOCUS)):
        page.keyboard.press("Tab")
    wrong: list[str] = page.evaluate("endOfTabs()")
    return wrong


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """Return a server with apps for what the shipped experiments do not show."""
    folder = tmp_path_factory.mktemp("house")
    experiments: Path = folder / "experiments"
    experiments.mkdir()
    for name, source in HOUSE.items():
        (experiments / f"{name}.py").write_text(source, encoding="utf-8")
    station = Station(folder, experiments)
    station.start()
    yield station
    station.stop()


@pytest.mark.parametrize("app", APPS)
def test_the_pages_of_an_experiment_are_for_everybody(
    station: Station, page: Page, axe: str, app: str
) -> None:
    found: dict[str, list[str]] = {}

    open_page(page, station.session(app))
    while page.locator("#uproot-end").count() == 0:
        title = page.title()
        found[f"{title}, keyboard"] = tab_through(page)
        found[f"{title}, axe"] = inspect(page, axe)
        if page.locator("#username").count():
            page.fill("#username", "ada")
        page.evaluate("uproot.submit()")
        page.wait_for_function("title => document.title !== title", arg=title)
        wait_until_settled(page)

    assert {where: problems for where, problems in found.items() if problems} == {}


def test_every_field_with_and_without_a_mistake_is_for_everybody(
    house: Station, page: Page, axe: str
) -> None:
    open_page(page, house.session("fields"))

    found = tab_through(page) + inspect(page, axe)
    page.evaluate("document.getElementById('uproot-form').noValidate = true")
    press_next(page)
    expect(page.locator("#nick")).to_be_focused()
    found += tab_through(page) + inspect(page, axe)

    assert page.locator("[aria-invalid]").count() > 5
    assert found == []


def test_the_pages_around_an_experiment_are_for_everybody(house: Station, page: Page, axe: str) -> None:
    around, gone = house.session("around"), house.session("gone")
    page.add_init_script("window.stopHere = true")  # the first page does not go on by itself

    page.goto(around.link())
    wait_until_settled(page)
    found = inspect(page, axe)
    open_page(page, around)
    for seconds in (3600, 50, 10):  # quiet, warning, urgent
        page.evaluate("seconds => uproot.setPageTimeout(seconds)", seconds)
        found += inspect(page, axe)
    press_next(page)
    expect(page.locator("#uproot-end")).to_be_visible()
    found += inspect(page, axe) + tab_through(page)
    open_page(page, gone)
    page.click("#uproot-button-next")
    expect(page.locator("#uproot-gone")).to_be_visible()
    found += inspect(page, axe) + tab_through(page)

    assert found == []


def test_the_calm_pages_are_for_everybody(house: Station, page: Page, axe: str, problems: list[str]) -> None:
    page.goto(house.address + "p/nosuch/player/")
    found = inspect(page, axe) + tab_through(page)
    page.goto(house.session("broken").link())
    expect(page.locator("h1")).to_have_text("Something went wrong")
    found += inspect(page, axe) + tab_through(page)

    assert found == []
    assert [text for text in problems if "404" not in text and "500" not in text] == []
    problems.clear()


def test_a_page_that_lost_its_connection_is_for_everybody(
    house: Station, page: Page, axe: str, problems: list[str]
) -> None:
    page.clock.install()
    open_page(page, house.session("around"))

    with house.away():
        expect(page.locator("html")).to_have_attribute("data-uproot", "lost")
        page.clock.fast_forward(2_500)
        expect(page.get_by_role("status")).to_contain_text("Trying to reconnect")
        found = inspect(page, axe) + tab_through(page)

    assert found == []
    forget_outage(problems)


def test_the_experimenters_pages_in_every_state_are_for_everybody(
    house: Station, page: Page, axe: str, problems: list[str]
) -> None:
    session = house.session("around", players=3)
    session.begin()
    found = {}

    def look(name: str) -> None:
        found[name] = inspect(page, axe) + tab_through(page)

    page.goto(house.address + "admin/")
    look("login")
    page.fill("#token", "a wrong one")
    with page.expect_navigation():
        page.get_by_role("button", name="Log in").click()
    look("login refused")
    assert house.server.login_url is not None
    with page.expect_navigation(url="**/admin/"):
        page.goto(house.server.login_url)
    look("overview with a mistake")
    page.get_by_role("link", name="New session of around").click()
    page.fill("#settings", "{")
    page.get_by_role("button", name="Make the session").click()
    look("new session refused")
    page.goto(f"{house.address}admin/session/{session.name}/")
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    look("session with open menus")
    page.goto(f"{house.address}admin/session/nosuch/")
    look("problem")

    assert {name: problems for name, problems in found.items() if problems} == {}
    assert [text for text in problems if "status of 4" not in text] == []
    problems.clear()


def test_the_counter_can_be_played_with_the_keyboard_alone(station: Station, page: Page) -> None:
    open_page(page, station.session("counter"))
    keyboard = page.keyboard

    for key in ("Tab", "Tab", "Enter", "Space"):  # the skip link, then +1
        keyboard.press(key)
    expect(page.locator("#count")).to_have_text("2")
    keyboard.press("Tab")
    keyboard.press("Space")
    expect(page.locator("#count")).to_have_text("0")
    keyboard.press("Tab")
    with page.expect_navigation():
        keyboard.press("Enter")

    expect(page.locator("#uproot-end")).to_be_visible()


def test_a_puzzle_can_be_solved_with_the_keyboard_alone(station: Station, page: Page) -> None:
    open_page(page, station.session("sumhunt"))
    press_next(page)
    cell = page.locator("#matrix button").first
    expect(cell).to_be_visible()

    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(cell).to_be_focused()
    page.keyboard.press("Space")

    expect(cell).to_have_attribute("aria-pressed", "true")


def test_enter_in_a_text_field_does_not_submit_and_on_next_does(station: Station, page: Page) -> None:
    session = station.session("registration")
    open_page(page, session)
    page.fill("#username", "ada")

    page.press("#username", "Enter")
    wait_until_settled(page)
    expect(page.locator("form[data-uproot-submitting]")).to_have_count(0)
    assert session.value("username") is None

    page.keyboard.press("Tab")
    expect(page.locator("#uproot-button-next")).to_be_focused()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Welcome, ada!")


def test_the_skip_link_is_the_first_stop_and_leads_to_the_content(station: Station, page: Page) -> None:
    open_page(page, station.session("quiz"))
    link = page.get_by_role("link", name="Jump to content")

    page.keyboard.press("Tab")
    expect(link).to_be_focused()
    expect(link).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#uproot-main")).to_be_focused()
    page.keyboard.press("Tab")

    expect(page.locator("#answer")).to_be_focused()
