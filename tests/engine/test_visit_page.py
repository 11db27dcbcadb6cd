"""A visit is one unit of work: it moves the player at most once, and is seen only when it is on disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from multidict import MultiDict

from tests.engine.small_engine import Engine, Gate, PageLoad, logged, player_of, running_engine
from uproot_aio.engine.execute import execute
from uproot_aio.engine.open_session import OpenSession
from uproot_aio.engine.page_view import PageView
from uproot_aio.engine.visit_page import Submission, Visits
from uproot_aio.engine.watchdog import Watchdog
from uproot_aio.errors import AuthorError, NotFound, StorageError
from uproot_aio.experiment import seats
from uproot_aio.experiment.handles import Player
from uproot_aio.experiment.load import Library
from uproot_aio.experiment.notify import notify
from uproot_aio.state.identifiers import PlayerId
from uproot_aio.state.unit_of_work import UnitOfWork

P = PlayerId("p0")


@dataclass
class Views:
    """A renderer that keeps what it was to render."""

    seen: list[PageView] = field(default_factory=list)
    error: Exception | None = None

    def render_page(self, view: PageView) -> str:
        self.seen.append(view)
        if self.error is not None:
            raise self.error
        return view.built_in or (view.page.__name__ if view.page is not None else "")


@dataclass
class Stage:
    """A session of one player, who visits the pages of an app given as text."""

    engine: Engine
    visits: Visits
    views: Views
    session: OpenSession
    module: Any

    @property
    def player(self) -> Player:
        return player_of(self.session)

    async def look(self) -> str:
        """Load the page."""
        return await self.visits.visit(self.session, P)

    def form(self, **values: str) -> Submission:
        """Return the form of the page that is shown now."""
        token = seats.token_of(self.session.state, self.session.id, P)
        return Submission(str(self.player.show_page), token, MultiDict(values))

    async def submit(self, form: Submission | None = None) -> str:
        """Submit a form, by default that of the current page."""
        return await self.visits.visit(self.session, P, self.form() if form is None else form)


@asynccontextmanager
async def staged(
    folder: Path, source: str, *, start: bool = True, timeout_seconds: float = 60
) -> AsyncIterator[Stage]:
    experiments = folder / "experiments"
    experiments.mkdir()
    (experiments / "play.py").write_text("from uproot_aio import *\n" + dedent(source))
    library = Library(experiments)
    library.load()
    assert not library.mistakes, library.mistakes
    async with AsyncExitStack() as stack:
        stack.callback(library.close)
        engine = await stack.enter_async_context(running_engine())
        watchdog = Watchdog()
        stack.callback(watchdog.close)
        session = await engine.sessions.create("play", ["play"], players=["p0", "p1"], settings={}, name="s")
        views = Views()
        stage = Stage(
            engine,
            Visits(library, views, watchdog, timeout_seconds=timeout_seconds),
            views,
            session,
            library.apps["play"].module,
        )
        stage.module.gate, stage.module.ran = Gate(), []
        engine.pages.update({f"play/{name}": page for name, page in library.apps["play"].pages.items()})
        if start:
            await stage.submit()
        yield stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Open an app of two pages, with the player on the first."""
    async with staged(tmp_path, TWO_PAGES) as stage:
        yield stage


TWO_PAGES = """
def new_session(session):
    ran.append("new_session")

def new_player(player):
    ran.append("new_player")
    player.score = 0

class First(Page):
    @classmethod
    def before_once(page, player):
        ran.append("before_once")
        player.score += 1

    @classmethod
    def after_once(page, player):
        ran.append("after_once")
        player.score += 10

    @live
    def add(page, player):
        player.score += 100
        send_to(player, "added")

class Second(Page):
    pass

ran = []
page_order = [First, Second]
"""


async def test_a_player_starts_before_the_first_page_and_goes_on_by_submitting(tmp_path: Path) -> None:
    async with staged(tmp_path, TWO_PAGES, start=False) as stage:
        shown = [await stage.look(), await stage.submit(), await stage.submit(), await stage.submit()]

        assert shown == ["Initialize", "First", "Second", "End"]
        assert stage.module.ran == ["new_session", "new_player", "before_once", "after_once"]


async def test_a_visit_is_one_commit(stage: Stage) -> None:
    before = len(logged(stage.engine, stage.session.id))

    await stage.submit()

    (commit,) = logged(stage.engine, stage.session.id)[before:]
    assert {change.field for change in commit.changes} >= {"score", "show_page"}
    assert commit.cause == "page"


async def test_loading_the_page_again_changes_nothing_and_makes_no_commit(stage: Stage) -> None:
    before = stage.session.state.number

    shown = [await stage.look() for _ in range(3)]

    assert (shown, stage.session.state.number) == (["First"] * 3, before)


async def test_a_form_submitted_twice_moves_once(stage: Stage) -> None:
    form = stage.form()

    shown = [await stage.submit(form), await stage.submit(form)]

    assert shown == ["Second", "Second"]
    assert stage.module.ran.count("after_once") == 1


async def test_a_form_submitted_twice_at_once_moves_once(stage: Stage) -> None:
    form = stage.form()

    shown = await asyncio.gather(stage.submit(form), stage.submit(form))

    assert set(shown) == {"Second"}
    assert stage.module.ran.count("after_once") == 1


@pytest.mark.parametrize(
    ("position", "token"),
    [("0", None), ("-1", None), ("", None), ("99", None), ("x", None), (None, ""), (None, "s+p0+wrong")],
)
async def test_a_form_of_another_page_or_without_the_token_moves_nobody(
    stage: Stage, position: str | None, token: str | None
) -> None:
    right = stage.form()
    form = Submission(
        right.position if position is None else position, right.token if token is None else token, MultiDict()
    )

    assert await stage.submit(form) == "First"
    assert "after_once" not in stage.module.ran


async def test_the_form_of_another_player_moves_nobody(stage: Stage) -> None:
    foreign = seats.token_of(stage.session.state, stage.session.id, PlayerId("p1"))

    assert await stage.submit(Submission(stage.form().position, foreign, MultiDict())) == "First"


async def test_a_page_is_seen_only_when_it_is_on_disk(stage: Stage) -> None:
    stage.engine.memory.may_append.clear()

    submitting = asyncio.create_task(stage.submit())
    looking = asyncio.create_task(stage.look())
    for _ in range(10):
        await asyncio.sleep(0)
    seen_before = [submitting.done(), looking.done()]
    stage.engine.memory.may_append.set()

    assert not any(seen_before)
    assert set(await asyncio.gather(submitting, looking)) == {"Second"}


async def test_a_page_that_cannot_be_saved_is_not_seen(stage: Stage) -> None:
    stage.engine.memory.failure = StorageError("full")

    with pytest.raises(StorageError):
        await stage.submit()
    stage.engine.memory.failure = None

    session = await stage.engine.sessions.open(stage.session.id)
    assert await stage.visits.visit(session, P) == "First"


async def test_a_page_that_cannot_be_rendered_leaves_the_player_where_they_were(stage: Stage) -> None:
    stage.views.error = AuthorError("Second.html, line 3")
    before = stage.session.state.snapshot()

    with pytest.raises(AuthorError):
        await stage.submit()

    assert stage.session.state.snapshot() == before
    stage.views.error = None
    assert await stage.submit() == "Second"


async def test_an_unknown_player_is_not_found(stage: Stage) -> None:
    with pytest.raises(NotFound):
        await stage.visits.visit(stage.session, PlayerId("nobody"))


async def test_a_page_carries_the_number_of_its_own_commit_so_that_it_gets_no_older_notice(
    stage: Stage,
) -> None:
    await PageLoad(stage.engine, stage.session, position=stage.player.show_page).invoke("add")

    await stage.look()
    await stage.submit()
    await stage.session.saved()

    looked, submitted = (view.number for view in stage.views.seen[-2:])
    assert submitted == stage.session.state.number == looked + 1


async def test_a_live_call_after_the_page_was_left_is_stale(stage: Stage) -> None:
    page = PageLoad(stage.engine, stage.session, position=stage.player.show_page)
    await stage.submit()

    outcome = await page.outcome("add")

    assert getattr(outcome, "code", None) == "stale-page"


async def test_a_hook_that_raises_leaves_no_trace_and_may_be_tried_again(tmp_path: Path) -> None:
    source = """
    class First(Page):
        @classmethod
        def after_once(page, player):
            player.tries = 1
            send_to(player, "never")
            if fails:
                raise ValueError

    class Second(Page):
        pass

    fails = True
    page_order = [First, Second]
    """
    async with staged(tmp_path, source) as stage:
        before = stage.session.state.snapshot()
        with pytest.raises(ValueError):  # noqa: PT011  # what the hook raised, as it is
            await stage.submit()
        after = stage.session.state.snapshot()
        stage.module.fails = False

        assert after == before
        assert await stage.submit() == "Second"


async def test_sys_exit_in_a_hook_is_the_authors_mistake_and_not_the_servers_end(tmp_path: Path) -> None:
    source = """
    import sys

    class First(Page):
        @classmethod
        def after_once(page, player):
            sys.exit(1)

    page_order = [First]
    """
    async with staged(tmp_path, source) as stage:
        with pytest.raises(AuthorError, match="SystemExit"):
            await stage.submit()

        assert await stage.look() == "First"


async def test_pages_that_do_not_show_are_passed_and_their_hooks_run(tmp_path: Path) -> None:
    source = """
    class First(Page):
        pass

    class Hidden(Page):
        show = False

        @classmethod
        def before_always_once(page, player):
            ran.append("before_always")

        @classmethod
        def before_once(page, player):
            ran.append("before")

        @classmethod
        def after_always_once(page, player):
            ran.append("after_always")

    class Third(Page):
        @classmethod
        def show(page, player):
            return player.name == "p0"

    page_order = [First, Hidden, Third]
    """
    async with staged(tmp_path, source) as stage:
        assert await stage.submit() == "Third"
        assert stage.module.ran == ["before_always", "after_always"]


async def test_submitting_waits_for_a_call_that_has_the_turn(tmp_path: Path) -> None:
    source = """
    class First(Page):
        @live
        async def work(page, player):
            await gate.wait()
            player.done = True

        @classmethod
        def after_once(page, player):
            ran.append(player.get("done"))

    page_order = [First]
    """
    async with staged(tmp_path, source) as stage:
        page = PageLoad(stage.engine, stage.session, position=stage.player.show_page)
        call = page.send("work")
        await stage.module.gate.reached()
        submitting = asyncio.create_task(stage.submit())
        for _ in range(10):
            await asyncio.sleep(0)
        stage.module.gate.open()

        await asyncio.gather(call, submitting)

        assert stage.module.ran == [True]


async def test_looking_does_not_wait_for_ever_for_a_call_that_has_the_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("uproot_aio.engine.visit_page.TURN_PATIENCE_SECONDS", 0.01)
    source = """
    class First(Page):
        @live
        async def work(page, player):
            await gate.wait()

    page_order = [First]
    """
    async with staged(tmp_path, source) as stage:
        call = PageLoad(stage.engine, stage.session, position=stage.player.show_page).send("work")
        await stage.module.gate.reached()

        shown = await stage.look()
        running = not call.done()
        stage.module.gate.open()
        await call

        assert (shown, running) == ("First", True)


async def test_looking_while_before_once_awaits_does_not_run_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("uproot_aio.engine.visit_page.TURN_PATIENCE_SECONDS", 0.01)
    source = """
    class First(Page):
        @classmethod
        async def before_once(page, player):
            player.runs = player.get("runs", 0) + 1
            await gate.wait()

    page_order = [First]
    """
    async with staged(tmp_path, source, start=False) as stage:
        entering = asyncio.ensure_future(stage.submit())
        await stage.module.gate.reached()

        shown = await stage.look()
        stage.module.gate.open()
        await entering

        assert (shown, stage.player.runs) == ("Busy", 1)


async def test_an_async_hook_is_committed_at_its_awaits_and_moves_once(tmp_path: Path) -> None:
    source = """
    class First(Page):
        @classmethod
        async def after_once(page, player):
            player.asked = True
            await gate.wait()
            player.answered = True

    class Second(Page):
        pass

    page_order = [First, Second]
    """
    async with staged(tmp_path, source) as stage:
        form = stage.form()
        submitting = [asyncio.create_task(stage.submit(form)) for _ in range(2)]
        await stage.module.gate.reached()
        asked = (stage.player.get("asked"), stage.player.get("answered"))
        stage.module.gate.open()

        shown = await asyncio.gather(*submitting)

        assert asked == (True, None)
        assert shown == ["Second", "Second"]
        assert stage.player.answered is True


async def test_a_page_whose_time_is_up_lets_nobody_stay(tmp_path: Path) -> None:
    source = """
    class First(Page):
        timeout = 120

        @classmethod
        def timeout_reached(page, player):
            ran.append("time is up")

    class Second(Page):
        pass

    page_order = [First, Second]
    """
    async with staged(tmp_path, source) as stage:
        stage.engine.clock.now += 119
        in_time = await stage.look()
        remaining = stage.views.seen[-1].remaining_seconds
        stage.engine.clock.now += 1

        assert (in_time, remaining, await stage.look()) == ("First", 1.0, "Second")
        assert stage.module.ran == ["time is up"]


async def test_a_page_gets_the_notices_that_landed_while_its_hooks_awaited(tmp_path: Path) -> None:
    source = """
    class First(Page):
        jsvars = classmethod(lambda page, player: {"price": player.session.get("price")})

        @classmethod
        async def templatevars(page, player):
            await gate.wait()

    page_order = [First]
    """
    async with staged(tmp_path, source, start=False) as stage:
        before = stage.session.state.number
        entering = asyncio.ensure_future(stage.submit())
        await stage.module.gate.reached()

        def change_price(unit: UnitOfWork) -> None:
            stage.player.session.price = 2
            notify(stage.player, stage.player, 2, where=...)

        await execute(stage.session, change_price, cause="background", who="market")
        noticed = stage.session.state.number
        stage.module.gate.open()
        await entering

        view = stage.views.seen[-1]
        assert view.jsvars == {"price": None}
        assert before <= view.number < noticed


async def test_hooks_that_take_too_long_are_stopped_and_give_the_turn_back(tmp_path: Path) -> None:
    source = """
    class First(Page):
        @classmethod
        async def after_once(page, player):
            player.left = True
            await gate.wait()

        @live
        def answer(page, player):
            return 1

    page_order = [First]
    """
    async with staged(tmp_path, source, timeout_seconds=0.05) as stage:
        with pytest.raises(AuthorError, match=r"took over 0\.05 s"):
            await stage.submit()

        page = PageLoad(stage.engine, stage.session, position=stage.player.show_page)
        assert await page.invoke("answer") == 1
        assert stage.player.left is True
