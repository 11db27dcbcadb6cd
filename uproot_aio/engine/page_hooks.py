"""Run hooks of a page: plain or async, and some of them once per position."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from uproot_aio.experiment.handles import Player
from uproot_aio.experiment.pages import Page


async def result(value: Any) -> Any:
    """Return what a plain or async hook returned."""
    return await value if inspect.isawaitable(value) else value


async def ask(page: type[Page], name: str, player: Player) -> Any:
    """Return what a page says about this player: a plain value, or what its method returns."""
    value = getattr(page, name)
    return await result(value(player=player)) if callable(value) else value


def is_due(page: type[Page], position: int, hook: str, player: Player) -> bool:
    """Say whether a once-hook is defined and has not yet run to its end at this position."""
    return _is_defined(page, hook) and _mark(position, hook) not in player._uproot_what_ran


async def run_once(page: type[Page], position: int, hook: str, player: Player) -> None:
    """Run a hook unless it has run at this position; the mark is stored when it has ended."""
    if is_due(page, position, hook, player):
        await result(getattr(page, hook)(player=player))
        player._uproot_what_ran = player._uproot_what_ran | {_mark(position, hook)}


def _mark(position: int, hook: str) -> str:
    return f"{position}:{hook}"


def _is_defined(page: type[Page], hook: str) -> bool:
    """Whether the page, or a mixin of it, says more than the empty default."""
    own: Callable[..., Any] = getattr(page, hook)
    return getattr(own, "__func__", own) is not getattr(Page, hook).__func__
