"""Run a live call exactly once: in its player's turn, as one unit of work, with a recorded answer.

A call that was answered before gets the same answer. A call that is running gets one more listener. A sync method whose
player's turn is free runs at once, in the caller's task; everything else runs in a task of its own.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec

from uproot_aio.engine.execute import record
from uproot_aio.engine.open_session import OpenSession, Reply
from uproot_aio.engine.rests import BUSY_SECONDS, rest_seconds
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
TOO_MANY = Refused("too-many", "Too many calls of this page are waiting for their answers.")
TOO_LARGE = Refused("too-many", "The calls of this player that wait for their answers are too large.")
WAITING_BYTES = 8 << 20
"""What the arguments of one player's calls may take that run or wait for their turn."""
FAILED = "Something went wrong. Please try again."
NOT_SAVED = "This could not be saved. Please try again in a moment."


class LiveCall(msgspec.Struct, frozen=True, gc=False):
    """A call as it came: `args` is a JSON array, `kwargs` an object; `position` is that of the page it was made on."""

    id: CallId
    oldest: int
    method: str
    args: bytes
    kwargs: bytes | None
    position: int

    @property
    def size(self) -> int:
        """The bytes of its arguments."""
        return len(self.args) + len(self.kwargs or b"")


class Bound(msgspec.Struct, frozen=True):
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
        calls_in_flight: how many calls of one page load may run or wait for their turn.
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
        _settle(session, outcome, [reply])

    def _start(self, session: OpenSession, call: LiveCall, turn: Turn, reply: Reply) -> None:
        page_load = (call.id.player, call.id.load)
        if session.running_of[page_load] >= self._calls_in_flight:
            reply(TOO_MANY)
            return
        waiting = session.running_bytes[call.id.player]
        if waiting and waiting + call.size > WAITING_BYTES:
            reply(TOO_LARGE)
            return
        session.running_bytes[call.id.player] += call.size
        session.running_of[page_load] += 1
        session.running[call.id] = [reply]
        turn.line_up()
        session.tasks.start(self._run_in_turn(session, call, turn), f"call of {_describe(session, call)}")

    async def _run_in_turn(self, session: OpenSession, call: LiveCall, turn: Turn) -> None:
        try:
            outcome = await self._outcome_in_turn(session, call, turn)
        except BaseException:
            _take_replies(session, call)
            raise
        _settle(session, outcome, _take_replies(session, call))

    async def _outcome_in_turn(self, session: OpenSession, call: LiveCall, turn: Turn) -> Outcome:
        if (early := self._interleaving(session, call)) is not None:
            try:
                return await self._run_async(session, call, early, self._call_late(session, call), turn)
            finally:
                turn.leave()
        async with turn.held(call.method, lined_up=True):
            # Earlier calls and a submitted page may have moved the player on: look again, now that it is its turn.
            began = time.monotonic()
            bound = self._bind(session, call)
            busy_seconds = time.monotonic() - began
            if isinstance(bound, Refused):
                outcome: Outcome = bound
            elif bound.method.is_async:
                outcome = await self._run_async(session, call, bound, _called(session, call, bound), None)
            else:
                outcome = self._run_sync(session, call, bound)
            if busy_seconds > BUSY_SECONDS:
                # Nothing may be awaited between decoding and calling, so the player's other calls wait afterwards.
                await asyncio.sleep(rest_seconds(busy_seconds))
            return outcome

    def _interleaving(self, session: OpenSession, call: LiveCall) -> Bound | None:
        """Return the method of a call that need not wait for the player's turn, without arguments."""
        try:
            method, function, name = self._find(session, call)
        except ParticipantError:
            return None
        return Bound(method, function, [], {}, name) if method.interleave and method.is_async else None

    async def _call_late(self, session: OpenSession, call: LiveCall) -> Any:
        """Call the method as it is when the first stretch has its turn."""
        bound = self._bind(session, call)
        if isinstance(bound, Refused):
            raise _NotRun(bound)
        return await _called(session, call, bound)

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
        except Exception as error:  # outermost frame of author code: a type's own validation
            return self._refusal(session, call, call.method, error)
        return Bound(method, function, args, kwargs, name)

    def _find(self, session: OpenSession, call: LiveCall) -> tuple[LiveMethod, Callable[..., Any], str]:
        position, path = seats.place_of(session.state, call.id.player)
        if position != call.position:
            raise CallRefused("stale-page", "This page is no longer the current one.")
        page = self._page_of(path)
        if page is None and path:  # the browser goes to the calm page, which does not connect
            raise CallRefused("stale-page", f"The page {path} is not there at the moment.")
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
            value = _called(session, call, bound)
            outcome = Returned(to_json(value, where=f"the answer of {bound.name}"))
            record_ = CallRecord(call.id, call.oldest, outcome)
            commit = unit.seal(session.clock.time(), record_, alone=False)
        except (
            BaseException
        ) as error:  # outermost frame of author code; nobody can cancel what does not await
            unit.undo()
            return self._record_error(session, call, bound.name, error)
        finally:
            current_unit.reset(token)
        if commit is not None:
            session.add(commit)
        return outcome

    async def _run_async(
        self,
        session: OpenSession,
        call: LiveCall,
        bound: Bound,
        coroutine: Coroutine[Any, Any, Any],
        turn: Turn | None,
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
                await drive(work, coroutine)
        except _NotRun as refusal:
            return refusal.outcome
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise  # the server stops: `started` stays recorded, so the call will be answered `interrupted`
            return self._record_error(session, call, bound.name, error)
        except Exception as error:  # outermost frame of author code
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
                return Refused(_text(error.code), _text(error), data=data)
        if isinstance(error, CallRefused):
            logger.error("%s (%s): %s", name, where, error)
            return Refused(error.code, str(error))
        logger.error("%s (%s) failed", name, where, exc_info=error)
        message = f"{type(error).__name__}: {_text(error)}" if self._show_errors else FAILED
        return Refused("failed", message)


def _text(said: object) -> str:
    """Return what an author's exception says, as text that can be stored and sent whatever it is."""
    try:
        text = str(said)
    except Exception:  # outermost frame of author code: its own __str__
        text = "(it fails at saying what is wrong)"
    return text.encode("utf-8", "replace").decode()


class _NotRun(Exception):
    """An interleaving call that had lost its page, or its method, when its first stretch came."""

    def __init__(self, outcome: Refused) -> None:
        super().__init__(outcome.message)
        self.outcome = outcome


def _settle(session: OpenSession, outcome: Outcome, replies: list[Reply]) -> None:
    """Answer once everything that the outcome may depend on is on disk."""

    def answer(error: StorageError | None) -> None:
        for reply in replies:
            reply(outcome if error is None else Refused("failed", NOT_SAVED))

    session.when_durable(answer)


def _called(session: OpenSession, call: LiveCall, bound: Bound) -> Any:
    return bound.function(Player(session.id, call.id.player), *bound.args, **bound.kwargs)


def _take_replies(session: OpenSession, call: LiveCall) -> list[Reply]:
    page_load = (call.id.player, call.id.load)
    session.running_of[page_load] -= 1
    if not session.running_of[page_load]:
        del session.running_of[page_load]
    session.running_bytes[call.id.player] -= call.size
    if not session.running_bytes[call.id.player]:
        del session.running_bytes[call.id.player]
    return session.running.pop(call.id)


def _describe(session: OpenSession, call: LiveCall) -> str:
    return f"session {session.id}, player {call.id.player}, call {call.id.load[:8]}:{call.id.number}"
