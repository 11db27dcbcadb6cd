"""A slow service outside of the experiment: wait for it first, then store what it said."""

import asyncio

from uproot_aio import *

DESCRIPTION = "An async live method that waits for a slow service"


def new_player(player):
    player.processed = None


async def some_async_function(data):
    # Stands in for a request to a server elsewhere, which takes its time.
    await asyncio.sleep(1.5)
    words = str(data.get("text", "")).split()
    return {"words": len(words), "longest": max(words, key=len, default="")}


class Processing(Page):
    @live
    async def process_data(page, player, data: dict):
        # Do slow external work first.
        result = await some_async_function(data)

        # Then update uproot state without another await in between.
        player.processed = result
        return {"status": "complete"}

    @live
    def get_processed(page, player):
        return player.processed


page_order = [Processing]
