"""Make the view of a player's current page, and let it be rendered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from uproot_aio.engine.open_session import OpenSession
from uproot_aio.engine.page_hooks import ask, is_due
from uproot_aio.engine.page_view import BuiltIn, PageView, Renderer
from uproot_aio.errors import AuthorError
from uproot_aio.experiment.forms import BoundForm, build_form
from uproot_aio.experiment.handles import Player
from uproot_aio.experiment.load import Library
from uproot_aio.experiment.pages import Page
from uproot_aio.state.unit_of_work import current_unit


class Shown:
    """What a player sees now.

    Args:
        library: the apps as they are now.
        renderer: makes the HTML, inside the unit of work.
        session, player: whose page it is.
        page: its class; None for a built-in page.
        has_turn: whether the player's turn is held; without it nothing is written.
    """

    def __init__(
        self,
        library: Library,
        renderer: Renderer,
        session: OpenSession,
        player: Player,
        page: type[Page] | None,
        *,
        has_turn: bool,
    ) -> None:
        self._renderer = renderer
        self._session = session
        self._player = player
        self._page = page
        self._has_turn = has_turn
        self._position: int = player.show_page
        self._first_number = session.state.number
        self._common: dict[str, Any] = {
            "player": player,
            "session": player.session,
            "position": self._position,
            "token": str(player._uproot_key),
            "app": library.apps.get(player.app or ""),
        }

    async def render(self, form: BoundForm | None = None, errors: Sequence[str] = ()) -> str:
        """Return the HTML; `form` and `errors` are those of a form that was not accepted."""
        page = self._page
        if page is None or (not self._has_turn and is_due(page, self._position, "before_once", self._player)):
            return self._renderer.render_page(
                PageView(built_in=self._built_in(), number=self._number(), **self._common)
            )
        remaining = await self._remaining_seconds(page)
        if form is None and (fields := await ask(page, "fields", self._player)):
            form = build_form(fields, stored=self._stored(fields) if page.keep_values else None)
        jsvars = await ask(page, "jsvars", self._player)
        templatevars = await ask(page, "templatevars", self._player)
        view = PageView(
            page=page,
            form=form,
            errors=errors,
            jsvars=jsvars or {},
            templatevars=templatevars or {},
            remaining_seconds=remaining,
            number=self._number(),
            **self._common,
        )
        return self._renderer.render_page(view)

    def _built_in(self) -> BuiltIn:
        if self._page is not None:
            return "Busy"
        if self._position < 0:
            return "Initialize"
        return "End" if self._position >= len(self._player.page_order) else "Gone"

    def _stored(self, fields: Mapping[str, Any]) -> dict[str, object]:
        return {name: self._player.get(name) for name in fields}

    async def _remaining_seconds(self, page: type[Page]) -> float | None:
        """Return the seconds left; the first display of a page with a timeout sets its deadline."""
        seconds = await ask(page, "timeout", self._player)
        if seconds is None:
            return None
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise AuthorError(f"{page.__name__}.timeout is {seconds!r}. Give seconds, or None for no limit.")
        now = self._session.clock.time()
        known = self._player._uproot_timeouts_until
        until = known.get(str(self._position))
        if until is None:
            until = now + seconds
            if self._has_turn:
                self._player._uproot_timeouts_until = {**known, str(self._position): until}
        return max(0.0, float(until - now))

    def _number(self) -> int:
        """Return the commit that the page is rendered from: the one this visit makes, if it makes one.

        If others were committed while a hook awaited, it is the one before the first hook: a notice that the page
        knows already does less harm than one that it never gets.
        """
        unit = current_unit.get()
        assert unit is not None, "a page is rendered inside a unit of work"
        if unit.state.number != self._first_number:
            return self._first_number
        return unit.state.number + (1 if unit.is_dirty else 0)
