from tests.conftest import OpenLab

COUNTER = """
from uproot_aio import *

def new_player(player):
    player.counter = 0

class Counter(Page):
    @live
    def increment(page, player):
        player.counter += 1
        return player.counter

    @live
    def fail(page, player):
        player.counter += 100
        raise RuntimeError("on purpose")

page_order = [Counter]
"""


async def test_a_call_returns_what_the_method_returns(lab: OpenLab) -> None:
    server = await lab(counter=COUNTER)
    session = await server.session("counter")
    player = await server.player(session)

    answers = [await player.invoke("increment") for _ in range(3)]

    assert answers == [1, 2, 3]
    assert server.value(session, "counter") == 3
