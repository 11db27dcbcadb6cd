"""The experimenter's pages, as a browser without JavaScript gets them."""

from __future__ import annotations

import asyncio
import csv
import html as html_module
import io
import json
import re
from collections.abc import Iterator

import pytest

from tests.conftest import OpenLab
from tests.web.experimenter import SetClock, experimenter, visible_text
from uproot_aio.engine.execute import execute
from uproot_aio.errors import ParticipantError, StorageError
from uproot_aio.state.commit import Commit
from uproot_aio.state.identifiers import SESSION, SessionId, player_owner
from uproot_aio.storage.memory_log import MemoryLog
from uproot_aio.web.settings_text import read_settings

APP = """
from uproot_aio import *
DESCRIPTION = "Two pages <!--<script> & more"
def new_player(player):
    player.said = "<!--<script>alert(1)</script>"
class Talk(Page):
    @live
    def say(page, player, text: str):
        player.said = text
class Last(Page): pass
page_order = [Talk, Last]
"""
BROKEN = """
from uproot_aio import *
class Welcome(Page): pass
page_order = ["Welcom"]
"""
NASTY = "<!--<script>"


async def test_the_overview_shows_experiments_with_their_descriptions(lab: OpenLab) -> None:
    async with experimenter(await lab(talk=APP)) as person:
        _, html = await person.get("admin/")

    assert "Two pages <!--<script> & more" in visible_text(html)
    assert 'href="/admin/sessions/new/?config=talk"' in html
    assert NASTY not in html


async def test_the_overview_shows_mistakes_with_file_line_and_advice(lab: OpenLab) -> None:
    async with experimenter(await lab(talk=APP, broken=BROKEN)) as person:
        _, html = await person.get("admin/")

    text = visible_text(html)
    assert "broken cannot be played broken.py, line 4" in text
    assert "What to do: Did you mean Welcome?" in text
    assert "?config=broken" not in html


async def test_sessions_come_the_newest_first_with_their_numbers(lab: OpenLab) -> None:
    clock = SetClock()
    async with experimenter(await lab({"clock": clock}, talk=APP)) as person:
        session = await person.lab.session("talk", 3)
        await person.lab.player(session)
        await person.lab.server.parts.sessions.create(
            "~talk", ["talk"], players=0, settings={}, name="newest"
        )
        _, html = await person.get("admin/")

    table = visible_text(html[html.index("<tbody") : html.index("</tbody")])
    assert re.fullmatch(
        rf" ?newest talk 0 0 0 2027-01-15 08:00 UTC {session.id} talk 3 1 1 2027-01-15 08:00 UTC ?", table
    )


async def test_many_sessions_come_in_pages(lab: OpenLab) -> None:
    async with experimenter(await lab(talk=APP)) as person:
        for number in range(51):
            await person.lab.server.parts.sessions.create(
                "talk", ["talk"], players=0, settings={}, name=f"s{number}"
            )
        first = (await person.get("admin/"))[1]
        others = [(await person.get(f"admin/?page={page}"))[1] for page in ("2", "99", "-1", "x")]

    assert "Page 1 of 2" in first
    assert "/admin/session/s0/" not in first
    assert all("Page 2 of 2" in page and "/admin/session/s0/" in page for page in others[:2])
    assert all("Page 1 of 2" in page for page in others[2:])


async def test_a_session_that_cannot_be_read_hides_no_other(lab: OpenLab) -> None:
    class DamagedLog(MemoryLog):
        """Cannot read one session."""

        def read(self, session: SessionId, after: int = 0) -> Iterator[Commit]:
            if session == "damaged":
                raise StorageError("A record is damaged.")
            return super().read(session, after)

    async with experimenter(await lab({"log": DamagedLog()}, talk=APP)) as person:
        sessions = person.lab.server.parts.sessions
        await sessions.create("talk", ["talk"], players=0, settings={}, name="sound")
        damaged = await sessions.create("talk", ["talk"], players=0, settings={}, name="damaged")
        damaged.failure = StorageError("It has left memory.")
        status, html = await person.get("admin/")

    text = visible_text(html)
    assert status == 200
    assert "damaged Cannot be read: A record is damaged." in text
    assert "sound talk 0" in text


async def test_a_new_session_has_what_was_asked_for(lab: OpenLab) -> None:
    async with experimenter(await lab(talk=APP)) as person:
        status, _, location = await person.post(
            "admin/sessions/new/", config="talk", nplayers=" 3 ", settings='{"a": [1, 2.5]}', sname="pilot-1"
        )
        session = await person.lab.server.parts.sessions.open(SessionId("pilot-1"))

    assert (status, location) == (303, "/admin/session/pilot-1/")
    assert len(session.state.members("player")) == 3
    assert session.state.get(SESSION, "_uproot_settings") == {"a": [1, 2.5]}
    assert "'python'" in str(session.state.get(SESSION, "packages"))


@pytest.mark.parametrize(
    ("field", "typed", "message"),
    [
        ("config", "gone", "There is no experiment"),
        ("config", "", "There is no experiment"),
        ("nplayers", "-1", "whole number from 0 to 10000"),
        ("nplayers", "10001", "whole number from 0 to 10000"),
        ("nplayers", "three", "whole number from 0 to 10000"),
        ("nplayers", "٣", "whole number from 0 to 10000"),
        ("settings", "{'a': 1}", "double quotes"),
        ("settings", "[1]", "This is a list"),
        ("settings", "[" * 100_000, "nested too deeply"),
        ("settings", '{"a":' * 150 + "1" + "}" * 150, "deep"),
        ("sname", "a b", "cannot be the name of a session"),
        ("sname", "..", "cannot be the name of a session"),
        ("sname", "_server", "already exists"),
        ("sname", "taken", "already exists"),
    ],
)
async def test_what_cannot_be_used_is_said_at_its_field_and_nothing_typed_is_lost(
    lab: OpenLab, field: str, typed: str, message: str
) -> None:
    form = {"config": "talk", "nplayers": "2", "settings": '{"kept": 1}', "sname": "kept-name", field: typed}
    async with experimenter(await lab(talk=APP)) as person:
        await person.lab.server.parts.sessions.create("talk", ["talk"], players=0, settings={}, name="taken")
        status, html, _ = await person.post("admin/sessions/new/", None, **form)
        names = await person.lab.server.parts.sessions.names()

    assert (status, names) == (400, ["taken"])
    [said] = re.findall(rf'id="{field}-error">(.*?)</p>', html, re.DOTALL)
    assert message in html_module.unescape(said)
    for name, text in form.items():
        if name != "config":
            assert text in html_module.unescape(html)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ('{"a": True}', "Write true instead of True."),
        ('{"a": 1,}', "Remove the comma"),
        ('{"a": 1', "Something is missing at the end"),
        ('{"a": 1 # note\n}', "JSON has no comments"),
        ("treatment = 1", "Settings look like"),
        ('{"a": NaN}', "Write a number or null."),
        ('{"a": ' + "1" * 5000 + "}", "too many digits"),
        ("null", "This is null"),
        ("{'a': 1}", "Line 1, column 2"),
    ],
)
def test_settings_that_are_no_json_are_explained(text: str, advice: str) -> None:
    with pytest.raises(ParticipantError, match=re.escape(advice)):
        read_settings(text)


async def test_the_session_page_shows_where_everybody_is_and_their_values(lab: OpenLab) -> None:
    async with experimenter(await lab(talk=APP)) as person:
        session = await person.lab.session("talk", 2)
        player = await person.lab.player(session)
        await player.invoke("say", "hello there")
        status, html = await person.get(f"admin/session/{session.id}/")

    text = visible_text(html)
    assert status == 200
    assert "online talk / Talk page 1 of 2" in text
    assert "offline Not started" in text
    assert "hello there" in text
    assert f'data-number="{session.state.number}"' in html
    assert html.count(person.lab.link(session)) >= 3
    assert "Players 2 Online 1 Playing 1 Finished 0" in text


async def test_titles_tell_the_tabs_apart(lab: OpenLab) -> None:
    async with experimenter(await lab(talk=APP)) as person:
        one, two = await person.lab.session("talk"), await person.lab.session("talk")
        name = one.state.members("player")[0]
        paths = [
            "",
            "sessions/new/",
            f"session/{one.id}/",
            f"session/{two.id}/",
            f"session/{one.id}/player/{name}/",
        ]
        pages = [(await person.get(f"admin/{path}"))[1] for path in paths]

    titles = [re.findall("<title>(.*?)</title>", page)[0] for page in pages]
    assert len(set(titles)) == len(titles)


async def test_the_players_page_has_link_code_and_every_field(lab: OpenLab) -> None:
    async with experimenter(await lab(talk=APP)) as person:
        session = await person.lab.session("talk")
        await person.lab.player(session)
        name = session.state.members("player")[0]
        status, html = await person.get(f"admin/session/{session.id}/player/{name}/")

    assert status == 200
    assert "<svg" in html
    assert "style=" not in html
    assert person.lab.link(session) in html
    for field, _ in session.state.fields(player_owner(name)):
        assert f"<dt>{field}</dt>" in html


async def test_what_anybody_typed_leaves_every_page_intact(lab: OpenLab) -> None:
    typed = [NASTY, "</textarea><img src=x onerror=alert(1)>", "\ud800\x00\u2028", "{{ 7 * 7 }}"]
    async with experimenter(await lab(talk=APP)) as person:
        session = await person.lab.session("talk", len(typed), settings=NASTY)
        for index, text in enumerate(typed):
            player = await person.lab.player(session, index)
            await execute(
                session,
                lambda unit, index=index, text=text: unit.write(  # type: ignore[misc]  # no type of its own
                    player_owner(session.state.members("player")[index]), "said", text, ""
                ),
                cause="background",
                who="test",
            )
            await player.disconnect()
        paths = ["admin/", f"admin/session/{session.id}/"]
        paths += [f"admin/session/{session.id}/player/{name}/" for name in session.state.members("player")]
        pages = [await person.get(path) for path in paths]
        _, form, _ = await person.post("admin/sessions/new/", config=NASTY, settings=NASTY, sname=NASTY)

    for status, html in [*pages, (200, form)]:
        assert status == 200
        assert html.rstrip().endswith("</html>")
        assert NASTY not in html
        assert "<img" not in html
        assert "<script>" not in html


@pytest.mark.parametrize(
    "path",
    [
        "session/none/",
        "session/_server/",
        "session/a%20b/",
        "session/s/player/x/",
        "x/",
        "session/none/players.csv",
    ],
)
async def test_what_does_not_exist_is_a_page_with_a_way_back(lab: OpenLab, path: str) -> None:
    async with experimenter(await lab(talk=APP)) as person:
        await person.lab.server.parts.sessions.create("talk", ["talk"], players=1, settings={}, name="s")
        status, html = await person.get(f"admin/{path}")

    assert status == 404
    assert "Back to the overview" in html


async def test_a_session_whose_app_is_gone_can_still_be_seen_and_downloaded(lab: OpenLab) -> None:
    async with experimenter(await lab(talk=APP)) as person:
        session = await person.lab.session("talk")
        await person.lab.player(session)
        library = person.lab.server.parts.library
        assert library.folder is not None
        (library.folder / "talk.py").unlink()
        await asyncio.to_thread(library.reload, [])
        pages = [
            await person.get(f"admin/session/{session.id}/{path}")
            for path in ("", "players.csv", "changes.jsonl")
        ]
        overview, _ = await person.get("admin/")

    assert [status for status, _ in pages] == [200, 200, 200]
    assert overview == 200
    assert "is not there at the moment" in pages[0][1]


async def test_both_downloads_are_files_with_everything_in_them(lab: OpenLab) -> None:
    async with experimenter(await lab(talk=APP)) as person:
        session = await person.lab.session("talk", 2)
        player = await person.lab.player(session)
        await player.invoke("say", "hi")
        async with person.http.get(f"{person.address}admin/session/{session.id}/players.csv") as response:
            headers, table = response.headers, await response.read()
        async with person.http.get(f"{person.address}admin/session/{session.id}/changes.jsonl") as response:
            lines = [json.loads(line) for line in (await response.read()).splitlines()]

    rows = list(csv.DictReader(io.StringIO(table.decode(), newline="")))
    assert headers["Content-Disposition"] == f'attachment; filename="{session.id}.csv"'
    assert headers["Content-Type"] == "text/csv; charset=utf-8"
    assert [(row["session"], row["id"], row["said"]) for row in rows] == [
        (session.id, "0", "hi"),
        (session.id, "1", ""),
    ]
    changes = [change.field for commit in session.log.read(session.id) for change in commit.changes]
    assert [line["field"] for line in lines] == [field for field in changes if field != "_uproot_key"]
    assert [line["value"] for line in lines if line["field"] == "said"] == [NASTY + "alert(1)</script>", "hi"]
    assert lines[-1]["line"].startswith("talk.say:")
    assert lines[-1]["cause"] == "live"


async def test_the_downloads_leave_out_the_secret_of_players_forms(lab: OpenLab) -> None:
    async with experimenter(await lab(talk=APP)) as person:
        session = await person.lab.session("talk")
        key = str(person.lab.value(session, "_uproot_key"))
        path = f"admin/session/{session.id}/"
        files = [(await person.get(path + name))[1] for name in ("players.csv", "changes.jsonl")]

    assert [key in text or "_uproot_key" in text for text in files] == [False, False]


async def test_a_player_who_never_started_has_no_last_change(lab: OpenLab) -> None:
    async with experimenter(await lab(talk=APP)) as person:
        session = await person.lab.session("talk", 2)
        await person.lab.player(session)
        _, html = await person.get(f"admin/session/{session.id}/")

    started, waiting = re.findall(r"<td[^>]* data-changed>(.*?)</td>", html)
    assert "<time" in started
    assert waiting == "\N{EN DASH}"


async def test_the_players_page_keeps_the_authors_fields_apart_and_says_of_when_they_are(
    lab: OpenLab,
) -> None:
    async with experimenter(await lab(talk=APP)) as person:
        session = await person.lab.session("talk")
        await person.lab.player(session)
        name = session.state.members("player")[0]
        _, html = await person.get(f"admin/session/{session.id}/player/{name}/")

    authors, _, internal = html.partition("Internal fields")
    assert "<dt>said</dt>" in authors
    assert "<dt>page_order</dt>" not in authors
    assert "<dt>page_order</dt>" in internal
    assert "As of <time" in authors


@pytest.mark.parametrize(("apps", "chosen"), [(["talk"], ["talk"]), (["talk", "walk"], [])])
async def test_the_only_experiment_is_chosen_already(
    lab: OpenLab, apps: list[str], chosen: list[str]
) -> None:
    async with experimenter(await lab(**dict.fromkeys(apps, APP))) as person:
        _, html = await person.get("admin/sessions/new/")

    assert re.findall(r'<option value="(\w+)" selected>', html) == chosen


async def test_looking_at_a_session_changes_nothing(lab: OpenLab) -> None:
    async with experimenter(await lab(talk=APP)) as person:
        session = await person.lab.session("talk", 2)
        before = session.state.snapshot()
        name = session.state.members("player")[0]
        for path in ("", "players.csv", "changes.jsonl", f"player/{name}/"):
            await person.get(f"admin/session/{session.id}/{path}")

    assert session.state.snapshot() == before
