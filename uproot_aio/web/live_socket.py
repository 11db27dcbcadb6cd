"""A player's WebSocket: one task reads, one writes; live calls begin in the reader.

The reader never waits for a call, so a slow method starves no heartbeat. Each connection may use the loop only for a
budget of calls and bytes before it lets the others have theirs.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections import deque
from typing import Final

import msgspec
from aiohttp import WSCloseCode, WSMsgType, web

from uproot_aio.engine.broadcast import At
from uproot_aio.engine.invoke_live import TOO_MANY, LiveCall, LiveCalls
from uproot_aio.engine.open_session import OpenSession
from uproot_aio.state.commit import CallId, Notice, Outcome, Refused, Returned
from uproot_aio.state.identifiers import PlayerId, SessionId
from uproot_aio.web import wire
from uproot_aio.web.outbox import Outbox
from uproot_aio.web.rounds import Rest, Round, Rounds, pause_seconds

logger = logging.getLogger("uproot_aio")
BEAT_SECONDS: Final = 9.0
SILENT_BEATS: Final = 2
"""Beats without a sign of life, the second with a ping, after which the next one gives up: within 27 s."""
HELLO_SECONDS: Final = 15.0
BAD_FRAMES_A_MINUTE: Final = 10
SOCKETS_OF_A_PLAYER: Final = 16
WHOLE_COMMIT: Final = 1 << 62

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(wire.FromBrowser).decode
_LONE_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")  # in JSON that msgspec cannot read, whereas Python can
_ENVELOPE = re.compile(r'\{"type":"invoke","number":(\d{1,18}),"oldest":\d{1,18},')


def encode_notice(at: At, notice: Notice) -> bytes:
    """Return the frame of a notice."""
    return _encode(wire.Notice(at, notice.event, notice.where, msgspec.Raw(notice.data)))


def encode_outcome(number: int, outcome: Outcome) -> bytes:
    """Return the frame that settles a call."""
    if isinstance(outcome, Returned):
        return _encode(wire.Answer(number, msgspec.Raw(outcome.value)))
    assert isinstance(outcome, Refused), "a call is answered when it has ended"
    data = msgspec.Raw(outcome.data) if outcome.data else None
    return _encode(wire.Refusal(number, outcome.code, outcome.message, outcome.path, outcome.expected, data))


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


class LiveSocket:
    """One connection of one page load."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        outbox: Outbox,
        session: OpenSession,
        player: PlayerId,
        calls: LiveCalls,
        *,
        rounds: Rounds,
        rest: Rest,
        frame_bytes: int,
        calls_in_flight: int,
    ) -> None:
        self._socket = socket
        self._session = session
        self._player = player
        self._calls = calls
        self._frame_bytes = frame_bytes
        self._calls_in_flight = calls_in_flight
        self._outbox = outbox
        self._round = Round(rounds)
        self._rest = rest
        self._silent_beats = 0
        self._hello: wire.Hello | None = None
        self._bad_frames: deque[float] = deque()
        self._unanswered = 0

    def deliver(self, frame: bytes) -> None:
        """Queue a notice."""
        self._outbox.put(frame)

    def leave(self) -> None:
        """Close because the session leaves memory; the browser comes back."""
        self._outbox.close(WSCloseCode.TRY_AGAIN_LATER)

    def make_room(self) -> None:
        """Close because the player opened too many newer connections."""
        self._outbox.close(WSCloseCode.POLICY_VIOLATION)

    def stop(self) -> None:
        """Close because the server stops."""
        self._outbox.close(WSCloseCode.GOING_AWAY)

    async def serve(self) -> None:
        """Serve the connection until it ends."""
        async with asyncio.TaskGroup() as group:
            loop = asyncio.get_running_loop()
            writer = group.create_task(self._outbox.write())
            greeting = loop.call_later(HELLO_SECONDS, self._expect_hello)
            self._heartbeat = loop.call_later(BEAT_SECONDS, self._beat)
            try:
                # In a task of its own: each wake-up passes through all coroutines that wait for one another.
                await group.create_task(self._read())
            finally:
                greeting.cancel()
                self._heartbeat.cancel()
                self._session.broadcast.unsubscribe(self._player, self)
                writer.cancel()

    def _expect_hello(self) -> None:
        if self._hello is None:
            self._outbox.close(WSCloseCode.POLICY_VIOLATION)

    def _beat(self) -> None:
        """Ask who was silent for a sign of life, and give up who stays silent.

        aiohttp has a heartbeat too, which takes a callback and a reading of the clock for each frame.
        """
        if self._silent_beats == SILENT_BEATS:
            self._outbox.abort()
            return
        if self._silent_beats:
            self._outbox.ping()
        self._silent_beats += 1
        self._heartbeat = asyncio.get_running_loop().call_later(BEAT_SECONDS, self._beat)

    async def _read(self) -> None:
        clock = asyncio.get_running_loop().time
        async for message in self._socket:
            while (seconds := self._rest.remaining(clock())) > 0:  # noqa: ASYNC110  # others may prolong it
                await asyncio.sleep(seconds)
            self._silent_beats = 0
            if message.type is WSMsgType.TEXT:
                began = clock()
                hello = self._receive(message.data)
                ended = clock()
                self._rest.begin(ended, ended - began)
                if hello is not None:
                    await self._greet(hello)
            elif message.type is WSMsgType.PING:
                await self._socket.pong(message.data)
            elif message.type is WSMsgType.ERROR:
                return
            elif message.type is not WSMsgType.PONG:
                self._refuse_frame("A frame was not text.")
            size = len(message.data)
            if self._round.spend(size):
                await asyncio.sleep(pause_seconds(size))

    def _receive(self, text: str) -> wire.Hello | None:
        """Act on a frame, or return it if it takes more than this moment."""
        try:
            frame: wire.FromBrowser = _decode(text)
        except (RecursionError, msgspec.MsgspecError) as error:
            self._refuse_unreadable(text, error)
        else:
            if isinstance(frame, wire.Invoke):
                self._invoke(frame)
            elif isinstance(frame, wire.Ping):
                self._pong()
            else:
                return frame
        return None

    def _invoke(self, frame: wire.Invoke) -> None:
        hello = self._hello
        if hello is None or frame.number < 1:
            self._refuse_frame("A call came before the hello, or its number is not positive.")
            return
        call = LiveCall(
            CallId(self._player, hello.load, frame.number),
            frame.oldest,
            frame.method,
            bytes(frame.args),
            bytes(frame.kwargs) or None,
            hello.position,
        )
        if self._unanswered >= self._calls_in_flight:
            self._outbox.put(encode_outcome(frame.number, TOO_MANY))
            return
        self._unanswered += 1
        self._calls.begin(self._session, call, lambda outcome: self._answer(frame.number, outcome))

    def _answer(self, number: int, outcome: Outcome) -> None:
        self._unanswered -= 1
        self._outbox.put(encode_outcome(number, outcome))

    def _pong(self) -> None:
        self._outbox.put(_encode(wire.Pong(self._session.broadcast.durable)))

    async def _greet(self, hello: wire.Hello) -> None:
        if self._hello is not None or not re.fullmatch(r"[0-9a-f]{32}", hello.load):
            self._refuse_frame("A second hello, or a page load id that is not 32 hex digits.")
            return
        broadcast = self._session.broadcast
        self._outbox.put(_encode(wire.Welcome(broadcast.durable, self._frame_bytes, self._calls_in_flight)))
        number, index = hello.after
        after = (number, WHOLE_COMMIT if index < 0 else index)
        gap = await broadcast.subscribe(self._player, self, after)
        if self._session.failure is not None:
            self.leave()
        if gap is not None:
            self._outbox.put(_encode(wire.Gap(gap)))
        self._hello = hello

    def _refuse_unreadable(self, text: str, error: Exception) -> None:
        """Refuse a call that is JSON, but nested too deeply or with half a character, so that its Promise settles.

        Its number stands at the beginning of what uproot.js sends.
        """
        found = _ENVELOPE.match(text)
        too_deep = isinstance(error, RecursionError)
        if found is None or not (too_deep or _is_json(text)):
            self._refuse_frame(
                "A frame is nested too deeply." if too_deep else f"A frame cannot be read: {error}."
            )
            return
        why = "The arguments are nested too deeply." if too_deep else f"The call cannot be read: {error}."
        if not too_deep and _LONE_SURROGATE.search(text):
            why = "A text in the call holds half a character (a lone surrogate)."
        self._outbox.put(encode_outcome(int(found[1]), Refused("invalid-arguments", why, "$")))

    def _refuse_frame(self, why: str) -> None:
        self._outbox.put(_encode(wire.Error("bad-frame", why)))
        now = asyncio.get_running_loop().time()
        self._bad_frames.append(now)
        while self._bad_frames[0] < now - 60:
            self._bad_frames.popleft()
        if len(self._bad_frames) > BAD_FRAMES_A_MINUTE:
            logger.warning(
                "Player %s of session %s sends frames that are none.", self._player, self._session.id
            )
            self._outbox.close(WSCloseCode.POLICY_VIOLATION)


class PlayerSockets:
    """What the connections of one player share; the oldest comes first."""

    def __init__(self) -> None:
        self.rest = Rest()
        self._open: list[LiveSocket] = []

    def add(self, live: LiveSocket) -> None:
        """Add a connection, and close the oldest ones if there are too many."""
        self._open.append(live)
        for oldest in self._open[:-SOCKETS_OF_A_PLAYER]:
            oldest.make_room()

    def discard(self, live: LiveSocket) -> bool:
        """Take out a connection that has ended; return whether none is left."""
        self._open.remove(live)
        return not self._open


class LiveSockets:
    """All open connections, so that a stop can end them.

    Args:
        calls: where live calls go.
        frame_bytes: the largest frame that a browser may send.
        calls_in_flight: how many calls of a page load may be unanswered.
    """

    def __init__(self, calls: LiveCalls, *, frame_bytes: int, calls_in_flight: int) -> None:
        self._calls = calls
        self._frame_bytes = frame_bytes
        self._calls_in_flight = calls_in_flight
        self._open: dict[LiveSocket, asyncio.Event] = {}
        self._rounds = Rounds()
        self._of_players: dict[tuple[SessionId, PlayerId], PlayerSockets] = {}

    def prepare(self) -> web.WebSocketResponse:
        """Return a response for a new connection."""
        return web.WebSocketResponse(
            autoping=False, max_msg_size=self._frame_bytes, compress=False, timeout=2.0
        )

    async def serve(
        self,
        socket: web.WebSocketResponse,
        transport: asyncio.WriteTransport,
        session: OpenSession,
        player: PlayerId,
    ) -> None:
        """Serve a connection until it ends."""
        seat = (session.id, player)
        sockets = self._of_players.setdefault(seat, PlayerSockets())
        live = LiveSocket(
            socket,
            Outbox(socket, transport),
            session,
            player,
            self._calls,
            rounds=self._rounds,
            rest=sockets.rest,
            frame_bytes=self._frame_bytes,
            calls_in_flight=self._calls_in_flight,
        )
        ended = self._open[live] = asyncio.Event()
        sockets.add(live)
        try:
            await live.serve()
        finally:
            del self._open[live]
            if sockets.discard(live):
                del self._of_players[seat]
            ended.set()

    async def close(self, patience_seconds: float = 1.5) -> None:
        """Close all connections with 1001 and wait for their end, for a bounded time."""
        endings = list(self._open.values())
        for live in self._open:
            live.stop()
        try:
            async with asyncio.timeout(patience_seconds):
                for ended in endings:
                    await ended.wait()
        except TimeoutError:
            logger.info("Some browsers did not say good-bye in time.")
