"""A page that tests of live calls share."""

from __future__ import annotations

from typing import Any

from uproot_aio import LiveError, Page, live, send_to


class Counter(Page):
    @live
    def increment(page: Any, player: Any) -> int:
        player.counter += 1
        count: int = player.counter
        return count

    @live
    def read(page: Any, player: Any) -> Any:
        return player.counter

    @live
    def add_in_place(page: Any, player: Any, item: int) -> list[int]:
        player.items.append(item)
        items: list[int] = player.items
        return items

    @live
    def set_to(page: Any, player: Any, value: int) -> None:
        player.counter = value

    @live
    def fail(page: Any, player: Any) -> None:
        player.counter += 100
        send_to(player, "never")
        raise RuntimeError("on purpose")

    @live
    def refuse(page: Any, player: Any) -> None:
        player.counter += 100
        raise LiveError("Not now.", code="too-early", data={"wait": 3})

    @live
    def return_unsayable(page: Any, player: Any) -> object:
        player.counter += 100
        return object()

    @live
    def leave(page: Any, player: Any) -> None:
        player.show_page = 1

    @classmethod
    def helper(page: Any, player: Any) -> None:
        player.counter = -1
