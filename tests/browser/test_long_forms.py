"""A form that is too long for the server: nothing typed is lost to whoever goes back to shorten it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import open_page
from tests.browser.station import Station

pytestmark = pytest.mark.browser

FRAME_BYTES: Final = 100_000
APP: Final = """
from uproot_aio import *

class Talk(Page):
    fields = dict(
        said=TextAreaField(label="What was said"),
        sure=RadioField(label="Sure?", choices=["yes", "no"]),
    )

class Last(Page):
    pass

page_order = [Talk, Last]
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """Return a server that takes short forms only."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "experiments").mkdir()
    (folder / "experiments" / "talk.py").write_text(APP)
    station = Station(folder, folder / "experiments", frame_bytes=FRAME_BYTES)
    station.start()
    yield station
    station.stop()


def test_going_back_finds_everything_typed_and_a_shorter_text_goes_through(
    page: Page, small: Station, problems: list[str]
) -> None:
    session = small.session("talk")
    open_page(page, session)
    page.get_by_label("What was said").fill("x" * 2 * FRAME_BYTES)
    page.get_by_label("yes").check()
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("heading", name="This is too long")).to_be_visible()

    page.go_back()
    expect(page.get_by_label("What was said")).to_have_value("x" * 2 * FRAME_BYTES)
    expect(page.get_by_label("yes")).to_be_checked()
    page.get_by_label("What was said").fill("short")
    page.get_by_role("button", name="Next").click()

    expect(page.get_by_role("heading", name="Last")).to_be_visible()
    assert (session.value("said"), session.value("sure")) == ("short", "yes")
    problems[:] = [text for text in problems if "413" not in text]
