"""Show a page, submit a page, move on: one visit of a player is one unit of work, unless a hook really awaits.

A form carries the position and token of its page. A second submission of it, or one from another tab, moves nobody and
shows the current page.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from uproot_aio.engine.open_session import OpenSession
from uproot_aio.engine.page_view import BuiltIn, PageView, Renderer
from uproot_aio.engine.stretches import Work, drive
from uproot_aio.engine.turns import Turn
from uproot_aio.engine.watchdog import Watchdog
from uproot_aio.errors import AuthorError, NotFound
from uproot_aio.experiment import seats
from uproot_aio.experiment.forms import BoundForm, Posted, build_form
from uproot_aio.experiment.handles import Player
from uproot_aio.experiment.load import Library
from uproot_aio.experiment.page_order import paths_for_player
from uproot_aio.experiment.pages import Page
from uproot_aio.state.identifiers import PlayerId
from uproot_aio.state.unit_of_work import UnitOfWork, current_unit

logger = logging.getLogger("uproot_aio")
TURN_PATIENCE_SECONDS = 2.0
TIMEOUT_TOLERANCE_SECONDS = 1.0
START_APP = "#StartApp"


@dataclass(frozen=True, slots=True)
class Submission:
    """A form as it came: `position` and `token` name the page it was made for."""

    position: str
    token: str
    values: Posted


class Visits:
    """Serves pages.

    Args:
        library: the apps as they are now.
        renderer: makes the HTML, inside the unit of work.
        watchdog: is told what runs.
    """

    def __init__(self, library: Library, renderer: Renderer, watchdog: Watchdog) -> None:
        self._library = library
        self._renderer = renderer
        self._watchdog = watchdog

    async def visit(
        self, session: OpenSession, player: PlayerId, submission: Submission | None = None
    ) -> str:
        """Return the HTML of the page to show now, once everything that it tells of is on disk.

        Showing waits at most two seconds for the player's turn and then happens between stretches; submitting waits.

        Raises:
            NotFound: the session has no such player.
            StorageError: the log could not be written.
            Exception: what a hook or template raised; the player is where they were.
        """
        if not session.state.has_player(player):
            raise NotFound(f"Session {session.id} has no player {player}.")
        work = Work(session, "page", player, name=f"a page of player {player}", watchdog=self._watchdog)
        try:
            async with _turn_for(
                session.turn_of(player), work.name, may_go_without=submission is None
            ) as has_turn:
                visit = _Visit(self._library, self._renderer, session, player, submission)
                return await drive(work, visit.run() if has_turn else visit.look())
        finally:
            await session.saved()


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


class _Visit:
    """One visit: the hooks in their order, then the page."""

    def __init__(
        self,
        library: Library,
        renderer: Renderer,
        session: OpenSession,
        name: PlayerId,
        submission: Submission | None,
    ) -> None:
        self._library = library
        self._renderer = renderer
        self._open_session = session
        self._name = name
        self._submission = submission
        self.player = Player(session.id, name)

    async def run(self) -> str:
        """Do what the submission asks for, if it is for the current page, and render the page to show then."""
        form: BoundForm | None = None
        errors: list[str] = []
        if self.position >= 0 and await self._is_time_up():
            form, errors = await self._time_is_up()
        elif self._submission is not None and self._is_current(self._submission):
            form, errors = await self._submit()
        elif self._current_page() is not None:
            await self._enter_current()
        return await self._render(form, errors)

    async def look(self) -> str:
        """Render the current page without moving or running once-hooks: a call or another visit is under way."""
        return await self._render(None, [])

    @property
    def position(self) -> int:
        """The index of the page that the player is on."""
        position: int = self.player.show_page
        return position

    def _token(self) -> str:
        return f"{self._open_session.id}+{self._name}+{self.player._uproot_key}"

    def _is_current(self, submission: Submission) -> bool:
        return submission.position == str(self.position) and submission.token == self._token()

    def _path(self, position: int) -> str:
        order = self.player.page_order
        return order[position] if 0 <= position < len(order) else ""

    def _current_page(self) -> type[Page] | None:
        return self._library.page(self._path(self.position))

    async def _submit(self) -> tuple[BoundForm | None, list[str]]:
        if self.position == seats.BEFORE_START:
            await self._initialize()
            await self._go_forward()
            return None, []
        page = self._current_page()
        if page is None:  # at the end, or the app has lost the page: the player stays
            return None, []
        form, errors = await self._check_form(page)
        if errors or (form is not None and form.errors):
            return form, errors
        await self._store(page, form)
        if not await self._ask(page, "may_proceed"):
            return form, []
        await self._leave(page)
        return None, []

    async def _check_form(self, page: type[Page]) -> tuple[BoundForm | None, list[str]]:
        fields = await self._ask(page, "fields")
        if not fields or self._submission is None:
            return None, []
        form = build_form(fields, self._submission.values)
        if not form.check():
            return form, []
        found = await _result(page.validate(player=self.player, data=form.data))
        return form, _sort_errors(page, form, found)

    async def _store(self, page: type[Page], form: BoundForm | None) -> None:
        if form is None:
            return
        await _result(page.before_form_save(player=self.player, data=form.data))
        for name, value in form.values().items():
            setattr(self.player, name, value)

    async def _leave(self, page: type[Page]) -> None:
        before = self.position
        await self._once(page, before, "after_once")
        await self._once(page, before, "after_always_once")
        await self._go_forward(include_current=self.position != before)

    async def _time_is_up(self) -> tuple[BoundForm | None, list[str]]:
        page = self._current_page()
        if page is None:
            return None, []
        before = self.position
        await _result(page.timeout_reached(player=self.player))
        if self._submission is not None and self._is_current(self._submission):
            form, errors = await self._check_form(page)
            if form is not None and not errors and not form.errors:
                await self._store(page, form)
        if self.position == before:
            await self._leave(page)
        return None, []

    async def _initialize(self) -> None:
        session = self.player.session
        if not self.player.started:
            self.player.started = True
        apps = [self._library.apps[name] for name in session.apps if name in self._library.apps]
        missing = [name for name in session.apps if name not in self._library.apps]
        if missing:
            raise AuthorError(
                f"Session {session.name} needs the app {missing[0]}, which is not there at the moment. "
                "Put it back into the experiments folder, or mend it."
            )
        if not session._uproot_initialized:
            for app in apps:
                if app.new_session is not None:
                    app.new_session(session)
            session._uproot_initialized = True
        if not self.player._uproot_initialized:
            for app in apps:
                if app.new_player is not None:
                    app.new_player(player=self.player)
            order: list[str] = []
            for app in apps:
                order.append(f"{app.name}/{START_APP}")
                order += paths_for_player(app.name, app.page_order, self.player)
            self.player.page_order = order
            self.player._uproot_initialized = True

    async def _go_forward(self, *, include_current: bool = False) -> None:
        """Move to the next page that shows; pages that do not show run their hooks in passing."""
        position = self.position + (0 if include_current else 1)
        end = len(self.player.page_order)
        while position < end:
            self.player.show_page = position
            if await self._arrive(position):
                break
            position += 1
        else:
            self.player.show_page = end
            self.player.app = None
            return
        await self._enter_current()

    async def _arrive(self, position: int) -> bool:
        """Run what belongs to reaching a position; return whether the player stays there."""
        path = self._path(position)
        app, _, name = path.partition("/")
        if name == START_APP:
            self.player.app = app
            return False
        page = self._library.page(path)
        if page is None:
            return True
        await self._once(page, position, "before_always_once")
        if await self._ask(page, "show"):
            return True
        await self._once(page, position, "after_always_once")
        return False

    async def _enter_current(self) -> None:
        page = self._current_page()
        if page is not None:
            await self._once(page, self.position, "before_once")

    async def _once(self, page: type[Page], position: int, hook: str) -> None:
        mark = f"{position}:{hook}"
        ran = self.player._uproot_what_ran
        if mark in ran or not _is_defined(page, hook):
            return
        await _result(getattr(page, hook)(player=self.player))
        self.player._uproot_what_ran = self.player._uproot_what_ran | {mark}

    async def _ask(self, page: type[Page], name: str) -> Any:
        """Return what a page says about this player: a plain value, or what its method returns."""
        value = getattr(page, name)
        return await _result(value(player=self.player)) if callable(value) else value

    async def _is_time_up(self) -> bool:
        """Whether the deadline has passed; a form that comes a little early, by the browser's clock, counts too."""
        until = self.player._uproot_timeouts_until.get(str(self.position))
        page = self._current_page()
        if until is None or page is None:
            return False
        seconds_left = until - self._open_session.clock.time()
        if seconds_left <= 0:
            return True
        if self._submission is None or seconds_left > TIMEOUT_TOLERANCE_SECONDS:
            return False
        return bool(await self._ask(page, "may_proceed"))

    async def _remaining_seconds(self, page: type[Page]) -> float | None:
        """Return the seconds left; the first display of a page with a timeout sets its deadline."""
        seconds = await self._ask(page, "timeout")
        if seconds is None:
            return None
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise AuthorError(f"{page.__name__}.timeout is {seconds!r}. Give seconds, or None for no limit.")
        now = self._open_session.clock.time()
        until = self.player._uproot_timeouts_until.get(str(self.position))
        if until is None:
            until = now + seconds
            known = self.player._uproot_timeouts_until
            self.player._uproot_timeouts_until = {**known, str(self.position): until}
        return max(0.0, float(until - now))

    async def _render(self, form: BoundForm | None, errors: list[str]) -> str:
        page = self._current_page()
        common: dict[str, Any] = {
            "player": self.player,
            "session": self.player.session,
            "position": self.position,
            "token": str(self.player._uproot_key),
            "app": self._library.apps.get(self.player.app or ""),
        }
        if page is None:
            at_end = self.position >= len(self.player.page_order)
            shown: BuiltIn = "Initialize" if self.position < 0 else "End" if at_end else "Gone"
            return self._renderer.render_page(PageView(built_in=shown, number=self._number(), **common))
        remaining = await self._remaining_seconds(page)
        if form is None and (fields := await self._ask(page, "fields")):
            form = build_form(fields, stored=self._stored(fields) if page.keep_values else None)
        jsvars = await self._ask(page, "jsvars")
        templatevars = await self._ask(page, "templatevars")
        view = PageView(
            page=page,
            form=form,
            errors=errors,
            jsvars=jsvars or {},
            templatevars=templatevars or {},
            remaining_seconds=remaining,
            number=self._number(),
            **common,
        )
        return self._renderer.render_page(view)

    def _stored(self, fields: Any) -> dict[str, object]:
        return {name: self.player.get(name) for name in fields}

    def _number(self) -> int:
        """The commit that the page will be rendered from: the one this visit makes, if it makes one."""
        unit = current_unit.get()
        assert unit is not None
        return _number_after(unit)


def _number_after(unit: UnitOfWork) -> int:
    return unit.state.number + (1 if unit.is_dirty else 0)


async def _result(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


def _is_defined(page: type[Page], hook: str) -> bool:
    """Whether the page, or a mixin of it, says more than the empty default."""
    own: Callable[..., Any] = getattr(page, hook)
    return getattr(own, "__func__", own) is not getattr(Page, hook).__func__


def _sort_errors(page: type[Page], form: BoundForm, found: Any) -> list[str]:
    """Put what `validate` returned where it belongs: to fields, or to the page."""
    if found is None:
        return []
    if isinstance(found, str):
        return [found]
    if isinstance(found, dict):
        for name, messages in found.items():
            form.add_errors(name, messages)
        return []
    if isinstance(found, list | tuple):
        return [str(message) for message in found]
    raise AuthorError(
        f"{page.__name__}.validate returned {type(found).__name__}. "
        "Return a text, a list of texts, a dict of field names and texts, or None."
    )
