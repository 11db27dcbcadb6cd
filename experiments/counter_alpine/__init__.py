"""The counter again, with Alpine.js: the template says what depends on the count, without a script for it."""

from uproot_aio import *

DESCRIPTION = "The counter, with Alpine.js"


class C:
    GOAL = 10


def new_player(player):
    player.counter = 0


class Counter(Page):
    @live
    def increment(page, player, step: int = 1):
        player.counter += step
        return player.counter

    @live
    def reset(page, player):
        player.counter = 0
        return player.counter


page_order = [Counter]
