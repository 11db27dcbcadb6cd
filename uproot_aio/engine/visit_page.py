"""Serve a player's page: one visit is one unit of work, unless a hook really awaits.

A form carries the position and token of its page. A second submission of it, or one from another tab, moves nobody and
shows the current page.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from uproot_aio.engine.move_player import Moves, Submission
from uproot_aio.engine.open_session import OpenSession
from uproot_aio.engine.page_view import Renderer
from uproot_aio.engine.show_page import Shown
from uproot_aio.engine.stretches import Work, drive
from uproot_aio.engine.turns import Turn
from uproot_aio.engine.watchdog import Watchdog
from uproot_aio.errors import AuthorError, NotFound
from uproot_aio.experiment.forms import BoundForm
from uproot_aio.experiment.load import Library
from uproot_aio.state.identifiers import PlayerId

__all__ = ["Submission", "Visits"]

TURN_PATIENCE_SECONDS = 2.0


class Visits:
    """Serves pages.

    Args:
        library: the apps as they are now.
        renderer: makes the HTML, inside the unit of work.
        watchdog: is told what runs.
        timeout_seconds: how long the hooks of one visit may take together.
    """

    def __init__(
        self, library: Library, renderer: Renderer, watchdog: Watchdog, *, timeout_seconds: float = 60
    ) -> None:
        self._library = library
        self._renderer = renderer
        self._watchdog = watchdog
        self._timeout_seconds = timeout_seconds

    async def visit(
        self, session: OpenSession, player: PlayerId, submission: Submission | None = None
    ) -> str:
        """Return the HTML of the page to show now, once everything that it tells of is on disk.

        Submitting waits for the player's turn. Showing waits at most two seconds for it, and then only renders: no
        hook runs that may run once, and nothing is written.

        Raises:
            NotFound: the session has no such player.
            StorageError: the log could not be written.
            AuthorError: the hooks took longer than `timeout_seconds`; what they wrote before an await stays.
            Exception: what a hook or template raised; the player is where they were.
        """
        if not session.state.has_player(player):
            raise NotFound(f"Session {session.id} has no player {player}.")
        work = Work(session, "page", player, name=f"a page of player {player}", watchdog=self._watchdog)
        limit = asyncio.timeout(self._timeout_seconds)
        try:
            async with (
                _turn_for(session.turn_of(player), work.name, may_go_without=submission is None) as has_turn,
                limit,
            ):
                return await drive(work, self._run(session, player, submission, has_turn))
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise AuthorError(
                f"The hooks of {session.state.session}/{player} took over {self._timeout_seconds:g} s and were "
                "stopped. Do slow work elsewhere, for example in a live method, or raise live_timeout_seconds."
            ) from error
        finally:
            await session.saved()

    async def _run(
        self, session: OpenSession, player: PlayerId, submission: Submission | None, has_turn: bool
    ) -> str:
        """Do what the submission asks for, if it is for the current page, and render the page to show then."""
        moves = Moves(self._library, session, player, submission)
        form: BoundForm | None = None
        errors: list[str] = []
        if has_turn:
            form, errors = await moves.make()
        shown = Shown(
            self._library, self._renderer, session, moves.player, moves.current_page(), has_turn=has_turn
        )
        return await shown.render(form, errors)


@asynccontextmanager
async def _turn_for(turn: Turn, name: str, *, may_go_without: bool) -> AsyncIterator[bool]:
    """Hold the turn and yield True; who only looks waits two seconds for it, and then looks without: False."""
    if turn.is_free or not may_go_without:
        async with turn.held(name):
            yield True
        return
    held = turn.held(name)
    try:
        async with asyncio.timeout(TURN_PATIENCE_SECONDS):
            await held.__aenter__()
    except TimeoutError:
        yield False
        return
    try:
        yield True
    finally:
        await held.__aexit__(None, None, None)
