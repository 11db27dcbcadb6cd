"""Errors on participants' pages: a calm page for them, file and line for whoever can correct it."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tests.conftest import Lab, OpenLab
from tests.web.experimenter import experimenter, visible_text
from uproot_aio.engine.open_session import OpenSession

APP = """
from uproot_aio import *

def new_player(player):
    player.number = 0

class First(Page):
    pass

class Second(Page):
    @classmethod
    def before_once(page, player):
        divide("<b>1</b>", player.number)

def divide(what, by):
    raise ZeroDivisionError(f"{what} by {by}")

page_order = [First, Second]
"""
FAILING_START = """
from uproot_aio import *

def new_player(player):
    player.number = unknown

class First(Page):
    pass

page_order = [First]
"""
TEXT = "ZeroDivisionError: <b>1</b> by 0"


async def submit(lab: Lab, session: OpenSession, position: int) -> tuple[int, str]:
    """Submit a page as the player of a session, and return status and text of what comes then."""
    player = session.state.members("player")[0]
    key = session.state.get(f"player/{player}", "_uproot_key")  # type: ignore[arg-type]  # an owner's name
    form = {"_uproot_from": str(position), "_uproot_csrf": f"{session.id}+{player}+{key}"}
    async with lab.http.post(lab.link(session), data=form) as response:
        return response.status, await response.text()


async def fail(lab: Lab) -> tuple[OpenSession, int, str]:
    """Bring a player to the page that fails."""
    session = await lab.session("talk")
    await submit(lab, session, -1)
    status, html = await submit(lab, session, session.state.get(player_of(session), "show_page"))  # type: ignore[arg-type]  # an owner's name
    return session, status, html


def player_of(session: OpenSession) -> str:
    return f"player/{session.state.members('player')[0]}"


async def test_where_errors_are_shown_the_page_says_type_text_and_the_authors_line(lab: OpenLab) -> None:
    _, status, html = await fail(await lab(talk=APP))

    text = visible_text(html)
    assert (status, "Something went wrong" in text) == (500, True)
    assert TEXT in text
    assert "talk.py, line 16, in divide" in text
    assert "<b>1</b>" not in html


async def test_elsewhere_the_page_tells_participants_nothing_of_the_app(lab: OpenLab) -> None:
    _, status, html = await fail(await lab({"show_errors": False}, talk=APP))

    assert (status, "Something went wrong" in html) == (500, True)
    assert "ZeroDivisionError" not in html
    assert "talk.py" not in html


async def test_the_log_names_page_session_and_player_and_then_the_authors_lines(
    lab: OpenLab, caplog: pytest.LogCaptureFixture
) -> None:
    session, _, _ = await fail(await lab(talk=APP))

    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    player = session.state.members("player")[0]
    assert record.getMessage().splitlines() == [
        f"talk/First failed: {TEXT} (session {session.id}, player {player})",
        "    talk.py, line 13, in Second.before_once",
        "    talk.py, line 16, in divide",
    ]


@pytest.mark.parametrize("show_errors", [True, False])
async def test_the_sessions_page_shows_the_last_error(lab: OpenLab, show_errors: bool) -> None:
    async with experimenter(await lab({"show_errors": show_errors}, talk=APP)) as person:
        session, _, _ = await fail(person.lab)
        other = await person.lab.session("talk")
        _, html = await person.get(f"admin/session/{session.id}/")
        _, html_of_other = await person.get(f"admin/session/{other.id}/")

    text = visible_text(html)
    assert TEXT in text
    assert "talk.py, line 16, in divide" in text
    assert "talk/First" in text
    assert "<b>1</b>" not in html
    assert "ZeroDivisionError" not in html_of_other


async def test_an_error_in_new_player_is_one_before_the_first_page(lab: OpenLab) -> None:
    async with experimenter(await lab(talk=FAILING_START)) as person:
        session = await person.lab.session("talk")
        _, shown = await submit(person.lab, session, -1)
        _, html = await person.get(f"admin/session/{session.id}/")

    assert "NameError: name 'unknown' is not defined" in visible_text(shown)
    assert "talk.py, line 5, in new_player" in visible_text(html)
    assert "before the first page" in visible_text(html)


@pytest.mark.parametrize("mistake", ["{% if %}", "{{ 1 / 0 }}", "{{ nothing }}"])
async def test_a_mistake_in_a_template_is_shown_with_file_and_line(
    lab: OpenLab, tmp_path: Path, mistake: str
) -> None:
    template = tmp_path / "experiments" / "talk" / "First.html"
    template.parent.mkdir(parents=True)
    (template.parent / "__init__.py").write_text(FAILING_START.replace("unknown", "0"))
    template.write_text(f'{{% extends "Base.html" %}}\n{{% block main %}}\n{mistake}\n{{% endblock %}}')
    async with experimenter(await lab()) as person:
        session = await person.lab.session("talk")
        _, shown = await submit(person.lab, session, -1)
        _, html = await person.get(f"admin/session/{session.id}/")

    assert "talk/First.html, line 3" in visible_text(shown)
    assert "talk/First.html, line 3" in visible_text(html)
