"""One question, answered as often as you like: the page asks, the server judges and keeps the score."""

from uproot_aio import *

DESCRIPTION = "A quiz question with a score"


def new_player(player):
    player.score = 0


class Quiz(Page):
    @live
    def check_answer(page, player, answer: str):
        correct = answer.lower() == "paris"
        if correct:
            player.score += 1
        return {"correct": correct, "score": player.score}


class Results(Page):
    pass


page_order = [Quiz, Results]
