"""Run a live call exactly once: in its player's turn, as one unit of work, with a recorded answer.

A call that was answered before gets the same answer. A call that is running gets one more listener. A sync method whose
player's turn is free runs at once, in the caller's task; everything else runs in a task of its own.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from uproot_aio.engine.execute import record
from uproot_aio.engine.open_session import OpenSession, Reply
from uproot_aio.engine.stretches import Work, drive
from uproot_aio.engine.turns import Turn
from uproot_aio.engine.watchdog import Watchdog
from uproot_aio.errors import CallRefused, InvalidArguments, LiveError, ParticipantError, StorageError
from uproot_aio.experiment import seats
from uproot_aio.experiment.handles import Player
from uproot_aio.experiment.json_values import to_json
from uproot_aio.experiment.live import LiveMethod, live_method_of
from uproot_aio.experiment.pages import Page
from uproot_aio.state.calls import INTERRUPTED
from uproot_aio.state.commit import CallId, CallRecord, Outcome, Refused, Returned, Started
from uproot_aio.state.unit_of_work import UnitOfWork, current_unit

logger = logging.getLogger("uproot_aio")
FAILED = "Something went wrong. Please try again."
NOT_SAVED = "This could not be saved. Please try again in a moment."


@dataclass(slots=True, frozen=True)
class LiveCall:
    """A call as it came: `args` is a JSON array, `kwargs` an object; `position` is that of the page it was made on."""

    id: CallId
    oldest: int
    method: str
    args: bytes
    kwargs: bytes | None
    position: int


@dataclass(slots=True)
class Bound:
    """A call with its method found and its arguments decoded."""

    method: LiveMethod
    function: Callable[..., Any]
    args: list[Any]
    kwargs: dict[str, Any]
    name: str


class LiveCalls:
    """Runs live calls.

    Args:
        page_of: finds a page class by path in the apps as they are now.
        show_errors: whether the browser is told the text of an author's exception.
        calls_in_flight: how many calls of one page load may be unanswered.
        timeout_seconds: how long an async method may run if it does not say itself.
        watchdog: is told what runs.
    """

    def __init__(
        self,
        page_of: Callable[[str], type[Page] | None],
        *,
        show_errors: bool,
        calls_in_flight: int,
        timeout_seconds: float,
        watchdog: Watchdog,
    ) -> None:
        self._page_of = page_of
        self._show_errors = show_errors
        self._calls_in_flight = calls_in_flight
        self._timeout_seconds = timeout_seconds
        self._watchdog = watchdog
        self._is_stopping = False

    def stop(self) -> None:
        """Begin no more calls."""
        self._is_stopping = True

    def begin(self, session: OpenSession, call: LiveCall, reply: Reply) -> None:
        """Run a call, or find out what became of it; `reply` gets the outcome once it is on disk."""
        if self._is_stopping:
            return  # not answered: the browser sends it again to the next server
        replies = session.running.get(call.id)
        if replies is not None:
            replies.append(reply)
            return
        page_load = (call.id.player, call.id.load)
        if session.unanswered[page_load] >= self._calls_in_flight:
            reply(
                Refused("too-many", f"More than {self._calls_in_flight} calls are waiting for their answers.")
            )
            return
        session.unanswered[page_load] += 1
        known = session.state.answer_to(call.id)
        if known is not None:
            outcome: Outcome = INTERRUPTED if isinstance(known, Started) else known
        else:
            turn = session.turn_of(call.id.player)
            bound = self._bind(session, call) if turn.is_free else None
            if bound is None or (isinstance(bound, Bound) and bound.method.is_async):
                self._start(session, call, turn, reply)
                return
            outcome = bound if isinstance(bound, Refused) else self._run_sync(session, call, bound)
        _settle(session, call, outcome, [reply])

    def _start(self, session: OpenSession, call: LiveCall, turn: Turn, reply: Reply) -> None:
        session.running[call.id] = [reply]
        turn.line_up()
        session.tasks.start(self._run_in_turn(session, call, turn), f"call of {_describe(session, call)}")

    async def _run_in_turn(self, session: OpenSession, call: LiveCall, turn: Turn) -> None:
        try:
            outcome = await self._outcome_in_turn(session, call, turn)
        except BaseException:
            session.running.pop(call.id)
            _answered(session, call)
            raise
        _settle(session, call, outcome, session.running.pop(call.id))

    async def _outcome_in_turn(self, session: OpenSession, call: LiveCall, turn: Turn) -> Outcome:
        early = self._bind(session, call)
        if isinstance(early, Bound) and early.method.interleave and early.method.is_async:
            try:
                return await self._run_async(session, call, early, turn)
            finally:
                turn.leave()
        async with turn.held(call.method, lined_up=True):
            # Earlier calls and a submitted page may have moved the player on: look again, now that it is its turn.
            bound = self._bind(session, call)
            if isinstance(bound, Refused):
                return bound
            if bound.method.is_async:
                return await self._run_async(session, call, bound, None)
            return self._run_sync(session, call, bound)

    def _bind(self, session: OpenSession, call: LiveCall) -> Bound | Refused:
        """Find the method and decode the arguments, or say why the call is not run."""
        try:
            session.check_usable()
            method, function, name = self._find(session, call)
            args, kwargs = method.bind(call.args, call.kwargs)
        except InvalidArguments as error:
            return Refused(error.code, str(error), error.path, error.expected)
        except ParticipantError as error:
            return Refused(error.code, str(error))
        except StorageError:
            return Refused("failed", NOT_SAVED)
        return Bound(method, function, args, kwargs, name)

    def _find(self, session: OpenSession, call: LiveCall) -> tuple[LiveMethod, Callable[..., Any], str]:
        player = call.id.player
        if seats.position_of(session.state, player) != call.position:
            raise CallRefused("stale-page", "This page is no longer the current one.")
        path = seats.page_path_of(session.state, player)
        page = self._page_of(path)
        found = None if page is None else live_method_of(page, call.method)
        if found is None:
            raise CallRefused(
                "unknown-method",
                f'The page {path or "shown"} has no live method "{call.method}" at the moment.',
            )
        return (*found, f"{path}.{call.method}")

    def _run_sync(self, session: OpenSession, call: LiveCall, bound: Bound) -> Outcome:
        player = call.id.player
        unit = UnitOfWork(session.state, "live", player)
        token = current_unit.set(unit)
        self._watchdog.running = bound.name
        try:
            value = bound.function(Player(session.id, player), *bound.args, **bound.kwargs)
            outcome = Returned(to_json(value, where=f"the answer of {bound.name}"))
            record_ = CallRecord(call.id, call.oldest, outcome)
            commit = unit.seal(session.clock.time(), record_, alone=False)
        except (Exception, SystemExit) as error:  # outermost frame of author code
            unit.undo()
            return self._record_error(session, call, bound.name, error)
        finally:
            current_unit.reset(token)
        if commit is not None:
            session.add(commit)
        return outcome

    async def _run_async(
        self, session: OpenSession, call: LiveCall, bound: Bound, turn: Turn | None
    ) -> Outcome:
        """Run an async method; `turn` is given to methods that interleave, which take it for each stretch."""
        ended: list[Outcome] = []

        def finish(_unit: UnitOfWork, value: object) -> CallRecord:
            ended.append(Returned(to_json(value, where=f"the answer of {bound.name}")))
            return CallRecord(call.id, call.oldest, ended[-1])

        player = call.id.player
        started = CallRecord(call.id, call.oldest, Started())
        work = Work(session, "live", player, turn=turn, name=bound.name, started=started, finish=finish)
        work.watchdog = self._watchdog
        seconds = bound.method.timeout if bound.method.timeout is not None else self._timeout_seconds
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                await drive(work, bound.function(Player(session.id, player), *bound.args, **bound.kwargs))
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise  # the server stops: `started` stays recorded, so the call will be answered `interrupted`
            return self._record_error(session, call, bound.name, error)
        except (Exception, SystemExit) as error:  # outermost frame of author code
            if isinstance(error, TimeoutError) and limit.expired():
                error = CallRefused("timeout", f"This took longer than {seconds:g} seconds and was stopped.")
            return self._record_error(session, call, bound.name, error)
        return ended[-1]

    def _record_error(self, session: OpenSession, call: LiveCall, name: str, error: BaseException) -> Outcome:
        if session.failure is not None or isinstance(error, StorageError):
            return Refused("failed", NOT_SAVED)
        outcome = self._refusal(session, call, name, error)
        record(session, CallRecord(call.id, call.oldest, outcome), cause="live", who=call.id.player)
        return outcome

    def _refusal(self, session: OpenSession, call: LiveCall, name: str, error: BaseException) -> Refused:
        where = _describe(session, call)
        if isinstance(error, LiveError):
            try:
                data = (
                    b""
                    if error.data is None
                    else to_json(error.data, where=f"the data of a LiveError in {name}")
                )
            except TypeError as unencodable:
                error = unencodable
            else:
                logger.info("%s (%s) refused: %s", name, where, error)
                return Refused(error.code, str(error), data=data)
        if isinstance(error, CallRefused):
            logger.error("%s (%s): %s", name, where, error)
            return Refused(error.code, str(error))
        logger.error("%s (%s) failed", name, where, exc_info=error)
        message = f"{type(error).__name__}: {error}" if self._show_errors else FAILED
        return Refused("failed", message)


def _settle(session: OpenSession, call: LiveCall, outcome: Outcome, replies: list[Reply]) -> None:
    """Answer once everything that the outcome may depend on is on disk."""

    def answer(error: StorageError | None) -> None:
        _answered(session, call)
        for reply in replies:
            reply(outcome if error is None else Refused("failed", NOT_SAVED))

    session.when_durable(answer)


def _answered(session: OpenSession, call: LiveCall) -> None:
    page_load = (call.id.player, call.id.load)
    session.unanswered[page_load] -= 1
    if not session.unanswered[page_load]:
        del session.unanswered[page_load]


def _describe(session: OpenSession, call: LiveCall) -> str:
    return f"session {session.id}, player {call.id.player}, call {call.id.load[:8]}:{call.id.number}"
