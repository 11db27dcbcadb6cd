"""What the quiet ones call, and what the one who floods calls."""

from typing import Any

from uproot_aio import Page, live


def new_player(player: Any) -> None:
    """Count from zero."""
    player.counter = 0


class Counter(Page):
    """The only page."""

    @live
    def increment(page, player: Any) -> Any:
        """Write a little."""
        player.counter += 1
        return player.counter

    @live
    def swallow(page, player: Any, text: str) -> int:
        """Read much, write a little."""
        player.counter += 1
        return len(text)


page_order = [Counter]
