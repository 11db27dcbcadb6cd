"""Move a player: take a form, let a deadline pass, go on to the next page that shows.

All hooks run in their order; what a visit does is one unit of work unless a hook awaits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from uproot_aio.engine.open_session import OpenSession
from uproot_aio.engine.page_hooks import ask, result, run_once
from uproot_aio.errors import AuthorError
from uproot_aio.experiment import seats
from uproot_aio.experiment.forms import BoundForm, Posted, build_form
from uproot_aio.experiment.handles import Player
from uproot_aio.experiment.load import Library
from uproot_aio.experiment.page_order import paths_for_player
from uproot_aio.experiment.pages import Page
from uproot_aio.state.identifiers import PlayerId

TIMEOUT_TOLERANCE_SECONDS = 1.0
START_APP = "#StartApp"


@dataclass(frozen=True, slots=True)
class Submission:
    """A form as it came: `position` and `token` name the page it was made for."""

    position: str
    token: str
    values: Posted


class Moves:
    """What one visit does to the player.

    Args:
        library: the apps as they are now.
        session, name: whose visit it is.
        submission: the form, if one was sent.
    """

    def __init__(
        self, library: Library, session: OpenSession, name: PlayerId, submission: Submission | None
    ) -> None:
        self._library = library
        self._session = session
        self._name = name
        self._submission = submission
        self.player = Player(session.id, name)

    async def make(self) -> tuple[BoundForm | None, list[str]]:
        """Do what is due: the deadline, the form, or entering the page; return what keeps the player on it."""
        if self.position >= 0 and await self._is_time_up():
            return await self._time_is_up()
        if self._submission is not None and self._is_current(self._submission):
            return await self._submit()
        await self._enter_current()
        return None, []

    @property
    def position(self) -> int:
        """The index of the page that the player is on."""
        position: int = self.player.show_page
        return position

    def _token(self) -> str:
        return f"{self._session.id}+{self._name}+{self.player._uproot_key}"

    def _is_current(self, submission: Submission) -> bool:
        """Say whether a form was made for the page that the player is on."""
        return submission.position == str(self.position) and submission.token == self._token()

    def _path(self, position: int) -> str:
        order = self.player.page_order
        return order[position] if 0 <= position < len(order) else ""

    def current_page(self) -> type[Page] | None:
        """Return the class of the current page; None before the start, at the end, or if its app has lost it."""
        return self._library.page(self._path(self.position))

    async def _submit(self) -> tuple[BoundForm | None, list[str]]:
        """Take the form, and move on if it is right; return the form and the page's errors if the player stays."""
        if self.position == seats.BEFORE_START:
            await self._initialize()
            await self._go_forward()
            return None, []
        page = self.current_page()
        if page is None:  # at the end, or the app has lost the page: the player stays
            return None, []
        form, errors = await self._check_form(page)
        if errors or (form is not None and form.errors):
            return form, errors
        await self._store(page, form)
        if not await ask(page, "may_proceed", self.player):
            return form, []
        await self._leave(page)
        return None, []

    async def _check_form(self, page: type[Page]) -> tuple[BoundForm | None, list[str]]:
        fields = await ask(page, "fields", self.player)
        if not fields or self._submission is None:
            return None, []
        form = build_form(fields, self._submission.values)
        if not form.check():
            return form, []
        found = await result(page.validate(player=self.player, data=form.data))
        return form, _sort_errors(page, form, found)

    async def _store(self, page: type[Page], form: BoundForm | None) -> None:
        if form is None:
            return
        await result(page.before_form_save(player=self.player, data=form.data))
        for name, value in form.values().items():
            setattr(self.player, name, value)

    async def _leave(self, page: type[Page]) -> None:
        before = self.position
        await run_once(page, before, "after_once", self.player)
        await run_once(page, before, "after_always_once", self.player)
        await self._go_forward(include_current=self.position != before)

    async def _time_is_up(self) -> tuple[BoundForm | None, list[str]]:
        """Run `timeout_reached`, keep the form if it is right, and move on."""
        page = self.current_page()
        if page is None:
            return None, []
        before = self.position
        await result(page.timeout_reached(player=self.player))
        if self._submission is not None and self._is_current(self._submission):
            form, errors = await self._check_form(page)
            if form is not None and not errors and not form.errors:
                await self._store(page, form)
        if self.position == before:
            await self._leave(page)
        else:
            await self._go_forward(include_current=True)
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
        await run_once(page, position, "before_always_once", self.player)
        if await ask(page, "show", self.player):
            return True
        await run_once(page, position, "after_always_once", self.player)
        return False

    async def _enter_current(self) -> None:
        """Run `before_once` of the current page, if it has not run there."""
        page = self.current_page()
        if page is not None:
            await run_once(page, self.position, "before_once", self.player)

    async def _is_time_up(self) -> bool:
        """Whether the deadline has passed; a form that comes a little early, by the browser's clock, counts too."""
        until = self.player._uproot_timeouts_until.get(str(self.position))
        page = self.current_page()
        if until is None or page is None:
            return False
        seconds_left = until - self._session.clock.time()
        if seconds_left <= 0:
            return True
        if self._submission is None or seconds_left > TIMEOUT_TOLERANCE_SECONDS:
            return False
        return bool(await ask(page, "may_proceed", self.player))


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
