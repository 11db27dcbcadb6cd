"""Counts each call in such ways that a lost or doubled one shows."""

import asyncio
from typing import Any

from uproot_aio import Page, live, send_to


def new_player(player: Any) -> None:
    players = player.session.players
    player.neighbour = players[(player.id + 1) % len(players)].pid
    player.increments = player.shouts = player.begun = player.ended = 0


class Tally(Page):
    @live
    def increment(page, player: Any) -> Any:
        player.increments += 1
        return player.increments

    @live
    def shout(page, player: Any) -> Any:
        player.shouts += 1
        send_to([player, player.neighbour], [player.name, player.shouts], event="Shout")
        return player.shouts

    @live
    async def later(page, player: Any) -> Any:
        player.begun += 1
        await asyncio.sleep(0.01)
        player.ended += 1
        return player.ended


page_order = [Tally]
