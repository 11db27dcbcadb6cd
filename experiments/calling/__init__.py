"""Ways to call a live method, and what a page can do when its connection comes and goes."""

from uproot_aio import *

DESCRIPTION = "Ways to call Python, and events of the connection"


def new_player(player):
    player.count = 0
    player.value = None
    player.responses = {}


class Calls(Page):
    @live
    def increment(page, player):
        player.count += 1
        return player.count

    @live
    def set_value(page, player, value: int):
        player.value = value

    @live
    def save_response(page, player, question: str, response: str):
        player.responses[question] = response

    @live
    def get_everything(page, player):
        return {"count": player.count, "value": player.value, "responses": player.responses}


class Connection(Page):
    @live
    def get_initial_state(page, player):
        return {"count": player.count}

    @live
    def get_current_state(page, player):
        return {"count": player.count}

    @live
    def increment(page, player):
        player.count += 1
        return {"count": player.count}


page_order = [Calls, Connection]
