"""Something that may happen only once, although it waits for a slow service: two ways, each run twice.

Calls of one participant take turns by default: the second waits until the first is done, also across an
`await`. `@live(interleave=True)` gives that up. Then only the second way of writing it is safe.
"""

import asyncio

from uproot_aio import *

DESCRIPTION = "Check-then-act across an await: safe by default, and a hazard with interleave=True"


def new_player(player):
    player.submitted = False
    player.result = None


async def external_service(payload):
    # Stands in for a request to a server elsewhere, which takes its time.
    await asyncio.sleep(0.5)
    return {"received": payload}


class Demo(Page):
    template = "submit_once/Demo.html"

    @live
    def start_over(page, player):
        player.submitted = False
        player.result = None


class CheckFirst(Demo):
    """
    The method checks, **then waits**, then acts. Calls of one participant take turns, so the second call
    checks after the first has acted, and is refused. This is safe, but the second call waits for the first.
    """

    @live
    async def submit_once(page, player, payload: dict):
        if player.submitted:
            raise ValueError("Already submitted")

        result = await external_service(payload)

        player.result = result
        player.submitted = True


class CheckFirstOverlapping(Demo):
    """
    The same method with `interleave=True`: while the first call waits, the second runs its check and passes.
    **Both go through. Avoid this.**
    """

    @live(interleave=True)
    async def submit_once(page, player, payload: dict):
        if player.submitted:
            raise ValueError("Already submitted")

        result = await external_service(payload)

        player.result = result
        player.submitted = True


class WaitFirst(Demo):
    """
    The method waits first, then checks and acts **without an `await` in between**. One call goes through.
    """

    @live
    async def submit_once(page, player, payload: dict):
        result = await external_service(payload)

        if player.submitted:
            raise ValueError("Already submitted")

        player.result = result
        player.submitted = True


class WaitFirstOverlapping(Demo):
    """
    The same method with `interleave=True`: both calls wait at the same time, and still only one goes through.
    This is safe **and** quick.
    """

    @live(interleave=True)
    async def submit_once(page, player, payload: dict):
        result = await external_service(payload)

        if player.submitted:
            raise ValueError("Already submitted")

        player.result = result
        player.submitted = True


page_order = [CheckFirst, CheckFirstOverlapping, WaitFirst, WaitFirstOverlapping]
