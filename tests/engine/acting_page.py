"""A page with one async live method that does what a test says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from tests.engine.small_engine import Engine, PageLoad
from uproot_aio import Page, live

Body = Callable[[Any], Awaitable[Any]]


def page_that(body: Body, *, timeout: float | None = None) -> type[Page]:
    """Return a page with one async live method that does this to its player."""

    class Doing(Page):
        @live(timeout=timeout)
        async def act(page: Any, player: Any) -> Any:
            return await body(player)

        @live
        def read(page: Any, player: Any, field: str) -> Any:
            return player.get(field)

    return Doing


async def act(engine: Engine, body: Body, *, players: int = 1, **fields: Any) -> PageLoad:
    """Return a page, loaded, whose method `act` does this."""
    return await engine.page_load(page_that(body), players=players, **fields)
