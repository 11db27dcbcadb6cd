"""Apps are picked up while the server runs, and nobody loses a connection over it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.conftest import Lab, OpenLab

GREETER = """
from uproot_aio import *

class Greeting(Page):
    "Hello."

    @live
    def greet(page, player):
        return "{word}"

    @live
    async def wait(page, player):
        import _gate
        _gate.entered.set()
        await _gate.opened.wait()
        return "{word}"

page_order = [Greeting]
"""
GATE = "import asyncio\nentered = asyncio.Event()\nopened = asyncio.Event()\n"


class Reloads:
    """Waits until an app was brought up to date."""

    def __init__(self) -> None:
        self._names: asyncio.Queue[str] = asyncio.Queue()

    def heard(self, names: list[str]) -> None:
        for name in names:
            self._names.put_nowait(name)

    async def of(self, app: str) -> None:
        async with asyncio.timeout(20):
            while await self._names.get() != app:
                pass


async def open_greeter(lab: OpenLab, word: str = "hello") -> tuple[Lab, Reloads]:
    reloads = Reloads()
    server = await lab({"on_reload": reloads.heard}, greeter=GREETER.format(word=word), _gate=GATE)
    return server, reloads


async def test_a_changed_app_answers_anew_on_the_same_connection(lab: OpenLab, tmp_path: Path) -> None:
    server, reloads = await open_greeter(lab)
    player = await server.player(await server.session("greeter"))
    assert await player.invoke("greet") == "hello"

    (tmp_path / "experiments/greeter.py").write_text(GREETER.format(word="good evening"))
    await reloads.of("greeter")

    assert await player.invoke("greet") == "good evening"
    assert player.connections == 1


async def test_a_call_under_way_finishes_on_the_old_code(lab: OpenLab, tmp_path: Path) -> None:
    server, reloads = await open_greeter(lab)
    player = await server.player(await server.session("greeter"))
    import _gate  # type: ignore[import-not-found]  # a module of the experiments folder

    call = player.send("wait")
    await _gate.entered.wait()
    (tmp_path / "experiments/greeter.py").write_text(GREETER.format(word="good evening"))
    await reloads.of("greeter")
    _gate.opened.set()

    assert await call == "hello"


async def test_a_change_that_does_not_import_keeps_the_old_version(lab: OpenLab, tmp_path: Path) -> None:
    server, reloads = await open_greeter(lab)
    player = await server.player(await server.session("greeter"))

    (tmp_path / "experiments/greeter.py").write_text("def broken(:")
    await reloads.of("greeter")

    assert await player.invoke("greet") == "hello"
    [mistake] = server.server.parts.library.mistakes["greeter"]
    assert mistake.line == 1
    assert mistake.still_running


async def test_a_new_app_can_be_played_at_once(lab: OpenLab, tmp_path: Path) -> None:
    server, reloads = await open_greeter(lab)

    (tmp_path / "experiments/other.py").write_text(GREETER.format(word="servus"))
    await reloads.of("other")

    player = await server.player(await server.session("other"))
    assert await player.invoke("greet") == "servus"


async def test_a_player_of_a_removed_app_stays_where_they_are_until_it_is_back(
    lab: OpenLab, tmp_path: Path
) -> None:
    server, reloads = await open_greeter(lab)
    session = await server.session("greeter")
    player = await server.player(session)
    source = tmp_path / "experiments/greeter.py"
    text = source.read_text()

    source.unlink()
    await reloads.of("greeter")
    away = await player.open()
    calm = player.html
    source.write_text(text)
    await reloads.of("greeter")
    back = await player.open()
    await player.connect()

    assert away == back == 1
    assert "Hello." not in calm
    assert player.status == 200
    assert "Hello." in player.html
    assert await player.invoke("greet") == "hello"


async def test_a_new_template_is_used_without_a_restart(lab: OpenLab, tmp_path: Path) -> None:
    server, _ = await open_greeter(lab)
    player = await server.player(await server.session("greeter"))
    folder = tmp_path / "experiments/greeter"
    folder.mkdir()

    (folder / "Greeting.html").write_text('{% extends "Base.html" %}{% block main %}Salut{% endblock %}')

    async with asyncio.timeout(20):
        while "Salut" not in player.html:
            await player.open()
