"""Typed arguments: an amount is a float and an item is an integer before the method sees them."""

from uproot_aio import *

DESCRIPTION = "Bids with typed arguments"


class C:
    ITEMS = {1: "A mug", 2: "A notebook", 3: "A ball pen"}


def new_player(player):
    player.bid = None


class Bids(Page):
    @live
    def place_bid(page, player, amount: float, item_id: int):
        # amount must be a float
        # item_id must be an integer
        player.bid = amount
        return {"placed": amount}


class Results(Page):
    pass


page_order = [Bids, Results]
