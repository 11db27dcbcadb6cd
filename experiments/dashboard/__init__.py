"""What all participants of a session answer together, refreshed on every page while they answer."""

from uproot_aio import *

DESCRIPTION = "Figures of the whole session, refreshed every five seconds"


class C:
    SCORES = [1, 2, 3, 4, 5]


def new_session(session):
    session.response_count = 0
    session.average_score = 0.0


def new_player(player):
    player.rating = None


class Dashboard(Page):
    @live
    def get_stats(page, player):
        return {
            "total_responses": player.session.response_count,
            "average_score": player.session.average_score,
        }

    @live
    def rate(page, player, rating: int):
        if rating not in C.SCORES:
            raise LiveError("Please choose one of the ratings.")
        player.rating = rating

        # Read and written without an await in between: nobody else's rating can get lost.
        ratings = [each.rating for each in player.session.players if each.get("rating") is not None]
        player.session.response_count = len(ratings)
        player.session.average_score = round(sum(ratings) / len(ratings), 2)
        return page.get_stats(player)


page_order = [Dashboard]
