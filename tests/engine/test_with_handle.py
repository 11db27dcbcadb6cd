"""`with handle:` is accepted everywhere, and opens a unit of work where none is open."""

from __future__ import annotations

from tests.conftest import OpenLab

LATER = """
import asyncio
from uproot_aio import *

done = asyncio.Event()

def finish(player):
    try:
        with player:
            player.count = player.count + 1
            player.words.append("later")
    finally:
        done.set()

class Later(Page):
    @live
    def begin(page, player):
        with player as same, player.session:
            same.count = 1
            same.words = ["now"]
        asyncio.get_running_loop().call_soon(finish, player)

page_order = [Later]
"""


async def test_a_callback_writes_in_a_unit_of_its_own(lab: OpenLab) -> None:
    server = await lab(later=LATER)
    session = await server.session("later")
    player = await server.player(session)

    await player.invoke("begin")
    await server.server.parts.library.apps["later"].module.done.wait()

    assert server.value(session, "count") == 2
    assert server.value(session, "words") == ["now", "later"]
    commits = list(session.log.read(session.id))
    assert [commit.cause for commit in commits[-2:]] == ["live", "background"]
