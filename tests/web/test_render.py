"""Pages become HTML: look-up of templates, names in templates, built-in pages, messages for mistakes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from aiohttp import web
from multidict import MultiDict

from uproot_aio.engine.page_view import PageView
from uproot_aio.errors import AuthorError
from uproot_aio.experiment.forms import build_form
from uproot_aio.experiment.handles import Player, Session, state_of
from uproot_aio.experiment.load import Library
from uproot_aio.resources import static_folder, templates_folder
from uproot_aio.state.identifiers import PlayerId, SessionId, player_owner
from uproot_aio.state.session_state import SessionState
from uproot_aio.state.unit_of_work import UnitOfWork
from uproot_aio.web.render import TemplateRenderer, create_renderer

APP = """
    from uproot_aio import *

    class C:
        __export__ = ["SHOWN"]
        SHOWN = 7
        HIDDEN = 8

    class FirstPage(Page):
        \"\"\"Some *Markdown* with <tags>.\"\"\"
        fields = dict(nick=StringField(label="Your name"), yes=RadioField(label="Sure?"))

    page_order = [FirstPage]
"""


class Desk:
    """An experiments folder, and one player of its app `game`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("game/__init__.py", APP)
        self.library = Library(folder)
        self.library.load()
        self.renderer: TemplateRenderer = create_renderer(
            web.Application(), experiments=folder, templates=templates_folder(), static=static_folder()
        )

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")

    def view(self, **changes: Any) -> PageView:
        app = self.library.apps["game"]
        page = app.pages["FirstPage"]
        view = PageView(
            player=Player("s1", "p1"),
            session=Session("s1"),
            position=0,
            token="secret",
            number=4,
            page=page,
            app=app,
            form=build_form(page.fields),
        )
        return replace(view, **changes)

    def render(self, **changes: Any) -> str:
        self.renderer.read_files()
        return self.renderer.render_page(self.view(**changes))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    state = SessionState(SessionId("s1"))
    unit = UnitOfWork(state, "page", "test")
    unit.create(player_owner(PlayerId("p1")))
    unit.write(player_owner(PlayerId("p1")), "counter", 3, "test")
    unit.seal(0.0)
    token = state_of.set(lambda session: state)
    desk = Desk(tmp_path / "experiments")
    yield desk
    desk.library.close()
    state_of.reset(token)


def script_vars(html: str) -> Any:
    found = re.search(r"^uproot\.vars = (\{.*\});$", html, re.MULTILINE)
    assert found is not None
    return json.loads(found[1])


def main_of(html: str) -> str:
    return html.partition('id="uproot-block-main-container"')[2].partition("</main>")[0]


PAGE = '{% extends "Base.html" %}{% block main %}...{% endblock %}'


def test_the_app_folder_wins_over_the_projects_templates(desk: Desk) -> None:
    desk.write("../templates/game/FirstPage.html", PAGE.replace("...", "from the project"))

    from_project = desk.render()
    desk.write("game/FirstPage.html", PAGE.replace("...", "from the app"))
    from_app = desk.render()

    assert "from the project" in from_project
    assert "from the app" in from_app


def test_a_page_without_a_template_shows_title_docstring_fields_and_next(desk: Desk) -> None:
    html = desk.render()

    assert '<h1 id="uproot-title">First page</h1>' in html
    assert "<title>First page</title>" in html
    assert "Some <em>Markdown</em> with &lt;tags&gt;." in html
    assert 'for="nick">Your name</label>' in html
    assert html.count('id="uproot-button-next"') == 1


def test_the_seeds_counter_shows_the_players_field(desk: Desk) -> None:
    desk.write("game/FirstPage.html", PAGE.replace("...", '<span id="count">{{ player.counter }}</span>'))

    assert '<span id="count">3</span>' in desk.render()


def test_the_form_carries_position_and_token_without_javascript(desk: Desk) -> None:
    html = desk.render(position=2)

    assert 'name="_uproot_from" value="2"' in html
    assert 'name="_uproot_csrf" value="s1+p1+secret"' in html


def test_scripts_come_in_the_order_that_templates_rely_on(desk: Desk) -> None:
    desk.write("game/FirstPage.html", PAGE + "{% block head %}<!-- head -->{% endblock %}")

    html = desk.render()

    order = [
        "bootstrap.bundle",
        "/uproot.js",
        "/functions.js",
        "/page.js",
        "uproot.vars =",
        "alpine",
        "<!-- head -->",
    ]
    places = [html.index(mark) for mark in order]
    assert places == sorted(places)
    assert "<script defer" in html[: html.index("alpine.min.js")][-120:]


def test_javascript_gets_jsvars_constants_and_what_the_connection_needs(desk: Desk) -> None:
    html = desk.render(jsvars={"mine": [1, 2]}, remaining_seconds=60.0)

    found = script_vars(html)
    assert found["mine"] == [1, 2]
    internal = found["_uproot_internal"]
    assert internal["C"] == {"SHOWN": 7}
    assert (internal["sname"], internal["uname"], internal["key"]) == ("s1", "p1", "secret")
    assert (internal["thisis"], internal["commit"], internal["remaining_seconds"]) == (0, 4, 60.0)


def test_text_of_participants_cannot_end_the_script(desk: Desk) -> None:
    text = "</script><!--<script \u2028 ' \" &"

    html = desk.render(jsvars={"text": text})

    assert script_vars(html)["text"] == text
    assert text not in html


def test_own_variables_win_over_python_but_not_over_ours(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.write("game/FirstPage.html", PAGE.replace("...", "{{ sum }} {{ C.HIDDEN }} {{ max(1, 2) }}"))

    html = desk.render(templatevars={"sum": 12, "C": "lost"})
    desk.render(templatevars={"sum": 12, "C": "lost"})

    assert "12 8 2" in html
    assert [record.getMessage() for record in caplog.records if "'C'" in record.getMessage()] == [
        "game/FirstPage.html: templatevars sets 'C', but the template sees ours. Choose another name."
    ]


def test_filters_format_numbers_and_write_json(desk: Desk) -> None:
    desk.write(
        "game/FirstPage.html",
        PAGE.replace(
            "...", """{{ 1234.5|fmtnum(pre="$") }}|{{ 1.5|to(2) }}|<i x='{{ {"a": "<"}|tojson }}'>"""
        ),
    )

    assert "$1,234.50|1.50|<i x='{&#34;a&#34;:&#34;\\u003c&#34;}'>" in desk.render()


def test_everything_is_escaped_unless_it_is_marked_safe(desk: Desk) -> None:
    desk.write("game/FirstPage.html", PAGE.replace("...", "{{ text }}{{ safe(text) }}"))

    assert "&lt;b&gt;x&lt;/b&gt;<b>x</b>" in desk.render(templatevars={"text": "<b>x</b>"})


def test_a_button_in_the_template_replaces_the_row_of_buttons(desk: Desk) -> None:
    desk.write("game/FirstPage.html", PAGE.replace("...", '{{ button_next(label="Go", data_x="1") }}'))

    html = desk.render()

    assert html.count('id="uproot-button-next"') == 1
    assert (
        '<button class="btn btn-primary" data-x="1" id="uproot-button-next" type="submit">Go</button>' in html
    )


def test_a_template_can_do_without_buttons(desk: Desk) -> None:
    desk.write("game/FirstPage.html", PAGE.replace("...", "") + "{% set buttons = False %}")

    assert "uproot-button-next" not in desk.render()


def test_errors_are_tied_to_their_fields_and_the_first_gets_the_focus(desk: Desk) -> None:
    page = desk.library.apps["game"].pages["FirstPage"]
    form = build_form(page.fields, MultiDict(nick="", yes="True"))
    form.check()

    html = main_of(desk.render(form=form, errors=["Look again."]))

    field = re.search(r'<input[^>]*id="nick"[^>]*>', html)
    assert field is not None
    for attribute in ('aria-describedby="nick-errors"', 'aria-invalid="true"', "autofocus"):
        assert attribute in field[0]
    assert 'role="alert" id="nick-errors"' in html
    assert re.search(
        r'uproot-main-error[^>]*role="alert">Look again\.', desk.render(form=form, errors=["Look again."])
    )
    assert html.count("autofocus") == 1


def test_radio_buttons_are_a_fieldset_with_a_legend(desk: Desk) -> None:
    html = main_of(desk.render())

    assert re.search(r'<fieldset role="radiogroup" aria-labelledby="yes-label"', html)
    assert re.search(r'<legend[^>]*id="yes-label">Sure\?</legend>', html)
    assert html.count('type="radio"') == 2


@pytest.mark.parametrize(
    ("built_in", "text"), [("Initialize", "uproot.submit(-1)"), ("End", "You have reached the end")]
)
def test_built_in_pages_need_no_app(desk: Desk, built_in: Any, text: str) -> None:
    html = desk.render(page=None, built_in=built_in, app=None, form=None, position=-1)

    assert text in html
    assert 'id="uproot-form"' in html


def test_the_start_page_has_a_button_where_scripts_are_off(desk: Desk) -> None:
    html = desk.render(page=None, built_in="Initialize", app=None, form=None, position=-1)

    assert re.search(r"<noscript>.*uproot-button-next.*</noscript>", html, re.DOTALL)


def test_a_page_that_is_gone_looks_again_by_itself(desk: Desk) -> None:
    html = desk.render(page=None, built_in="Gone", app=None, form=None)

    assert "data-uproot-retry" in html
    assert "calm.js" in html


@pytest.mark.parametrize("kind", ["not-found", "storage", "error", "too-large"])
def test_calm_pages_name_no_player_and_blame_nobody(desk: Desk, kind: str) -> None:
    desk.renderer.read_files()

    html = desk.renderer.render_calm(kind)

    assert html.count("<h1") == 1
    assert "uproot.js" not in html
    assert ("data-uproot-retry" in html) == (kind == "storage")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ player.conter }}", r'FirstPage.html, line 2: .*Did you mean "counter"'),
        ("{{ nothing }}", r"FirstPage.html, line 2: 'nothing' is undefined"),
        ("{% if %}", r"FirstPage.html, line 2: "),
        ('{% include "game/Part.html" %}', r"game/FirstPage.html needs the template game/Part.html"),
    ],
)
def test_a_mistake_in_a_template_is_named_with_file_and_line(desk: Desk, text: str, message: str) -> None:
    desk.write("game/FirstPage.html", PAGE.replace("...", "\n" + text))

    with pytest.raises(AuthorError, match=message):
        desk.render()


def test_a_template_in_another_encoding_is_named(desk: Desk) -> None:
    (desk.folder / "game" / "FirstPage.html").write_bytes(b"caf\xe9")

    with pytest.raises(AuthorError, match="not UTF-8"):
        desk.render()


def test_a_changed_template_shows_after_reading_files_again(desk: Desk) -> None:
    desk.write("game/FirstPage.html", PAGE.replace("...", "old"))
    old = desk.render()

    desk.write("game/FirstPage.html", PAGE.replace("...", "new"))
    new = desk.render()
    (desk.folder / "game" / "FirstPage.html").unlink()
    generated = desk.render()

    assert "old" in main_of(old)
    assert "new" in main_of(new)
    assert "First page" in generated


def test_static_addresses_change_with_the_file_and_lead_nowhere_else(desk: Desk) -> None:
    desk.write("game/_static/a b.txt", "one")
    desk.write(
        "game/FirstPage.html", PAGE.replace("...", "{{ appstatic('a b.txt') }}|{{ appstatic('none.txt') }}|")
    )

    first = re.search(r"/static/game/a%20b\.txt\?v=(\w+)\|/static/game/none\.txt\|", desk.render())
    desk.write("game/_static/a b.txt", "another")
    second = re.search(r"/static/game/a%20b\.txt\?v=(\w+)\|", desk.render())

    assert first is not None
    assert second is not None
    assert first[1] != second[1]
    assert desk.renderer.static.find("game", "../__init__.py") is None
    file = desk.renderer.static.find("game", "a b.txt")
    assert file is not None
    assert file.version == second[1]


@pytest.mark.parametrize(
    ("theme", "mark"), [("light", 'data-bs-theme="light"'), ("auto", 'data-uproot-theme="auto"')]
)
def test_a_page_is_light_unless_it_says_otherwise(desk: Desk, theme: str, mark: str) -> None:
    switch = "" if theme == "light" else '{% set theme = "auto" %}'
    desk.write("game/FirstPage.html", PAGE + switch)

    assert mark in desk.render()
