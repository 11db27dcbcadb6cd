"""A counter that updates without reloading the page: the smallest use of a live method."""

from uproot_aio import *

DESCRIPTION = "A counter that lives on the server"


def new_player(player):
    player.counter = 0


class Counter(Page):
    @live
    def increment(page, player):
        player.counter += 1
        return player.counter

    @live
    def reset(page, player):
        player.counter = 0
        return player.counter


page_order = [Counter]
