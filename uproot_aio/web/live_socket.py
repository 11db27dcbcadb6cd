"""A player's WebSocket: one task reads, one writes; live calls begin in the reader.

The reader never waits for a call, so a slow method starves no heartbeat. Each connection may use the loop only for a
budget of calls and bytes before it lets the others have theirs.
"""

from __future__ import annotations

import asyncio
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
from uproot_aio.state.identifiers import PlayerId
from uproot_aio.web import wire

logger = logging.getLogger("uproot_aio")
HEARTBEAT_SECONDS: Final = 10.0
HELLO_SECONDS: Final = 15.0
BAD_FRAMES_A_MINUTE: Final = 10
QUEUED_BYTES: Final = 8 << 20
CALLS_A_ROUND: Final = 4
BYTES_A_ROUND: Final = 1 << 16
WHOLE_COMMIT: Final = 1 << 62

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(wire.FromBrowser).decode
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


class Outbox:
    """Frames on their way to one browser; bounded by `QUEUED_BYTES`."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket
        self._frames: deque[bytes] = deque()
        self._bytes = 0
        self._filled = asyncio.Event()
        self._close_code: int | None = None

    def put(self, frame: bytes) -> None:
        """Queue a frame; if the browser reads too slowly, close: it will come back and catch up."""
        if self._close_code is not None:
            return
        self._frames.append(frame)
        self._bytes += len(frame)
        if self._bytes > QUEUED_BYTES:
            self._frames.clear()
            self.close(WSCloseCode.TRY_AGAIN_LATER)
        self._filled.set()

    def close(self, code: int) -> None:
        """Close the socket once what is queued was sent."""
        if self._close_code is None:
            self._close_code = code
        self._filled.set()

    async def write(self) -> None:
        """Send what is put until closed."""
        try:
            while True:
                await self._filled.wait()
                self._filled.clear()
                while self._frames:
                    frame = self._frames.popleft()
                    self._bytes -= len(frame)
                    await self._socket.send_frame(frame, WSMsgType.TEXT)
                if self._close_code is not None:
                    await self._socket.close(code=self._close_code)
                    return
        except ConnectionError:
            # The browser has gone: it will connect again and ask for what it lacks.
            return


class Round:
    """How much one connection may do before the event loop serves the others; refilled at each turn of the loop."""

    def __init__(self) -> None:
        self._calls = 0
        self._bytes = 0
        self._loop = asyncio.get_running_loop()

    def spend(self, size: int) -> bool:
        """Count a frame; return whether the others are to be served now."""
        if self._calls == 0:
            self._loop.call_soon(self._refill)
        self._calls += 1
        self._bytes += size
        return self._calls >= CALLS_A_ROUND or self._bytes >= BYTES_A_ROUND

    def _refill(self) -> None:
        self._calls = self._bytes = 0


class LiveSocket:
    """One connection of one page load."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        session: OpenSession,
        player: PlayerId,
        calls: LiveCalls,
        *,
        frame_bytes: int,
        calls_in_flight: int,
    ) -> None:
        self._socket = socket
        self._session = session
        self._player = player
        self._calls = calls
        self._frame_bytes = frame_bytes
        self._calls_in_flight = calls_in_flight
        self._outbox = Outbox(socket)
        self._hello: wire.Hello | None = None
        self._bad_frames: deque[float] = deque()
        self._unanswered = 0

    def deliver(self, frame: bytes) -> None:
        """Queue a notice."""
        self._outbox.put(frame)

    def leave(self) -> None:
        """Close because the session leaves memory; the browser comes back."""
        self._outbox.close(WSCloseCode.TRY_AGAIN_LATER)

    def stop(self) -> None:
        """Close because the server stops."""
        self._outbox.close(WSCloseCode.GOING_AWAY)

    async def serve(self) -> None:
        """Serve the connection until it ends."""
        async with asyncio.TaskGroup() as group:
            writer = group.create_task(self._outbox.write())
            greeting = asyncio.get_running_loop().call_later(HELLO_SECONDS, self._expect_hello)
            try:
                await self._read()
            finally:
                greeting.cancel()
                self._session.broadcast.unsubscribe(self._player, self)
                writer.cancel()

    def _expect_hello(self) -> None:
        if self._hello is None:
            self._outbox.close(WSCloseCode.POLICY_VIOLATION)

    async def _read(self) -> None:
        round_ = Round()
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                if message.type is WSMsgType.ERROR:
                    return
                self._refuse_frame("A frame was not text.")
                continue
            text: str = message.data
            await self._receive(text)
            if round_.spend(len(text)):
                await asyncio.sleep(0)

    async def _receive(self, text: str) -> None:
        try:
            frame = _decode(text)
        except RecursionError:
            self._refuse_nesting(text)
        except msgspec.MsgspecError as error:
            self._refuse_frame(f"A frame could not be read: {error}.")
        else:
            if isinstance(frame, wire.Invoke):
                self._invoke(frame)
            elif isinstance(frame, wire.Ping):
                self._pong()
            else:
                await self._greet(frame)

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

    def _refuse_nesting(self, text: str) -> None:
        """Too deep for any decoder; the call's number still stands at the beginning of what uproot.js sends."""
        found = _ENVELOPE.match(text)
        if found is None:
            self._refuse_frame("A frame is nested too deeply.")
            return
        refusal = Refused("invalid-arguments", "The arguments are nested too deeply.", "$")
        self._outbox.put(encode_outcome(int(found[1]), refusal))

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

    def prepare(self) -> web.WebSocketResponse:
        """Return a response for a new connection."""
        return web.WebSocketResponse(
            heartbeat=HEARTBEAT_SECONDS, max_msg_size=self._frame_bytes, compress=False, timeout=2.0
        )

    async def serve(self, socket: web.WebSocketResponse, session: OpenSession, player: PlayerId) -> None:
        """Serve a connection until it ends."""
        live = LiveSocket(
            socket,
            session,
            player,
            self._calls,
            frame_bytes=self._frame_bytes,
            calls_in_flight=self._calls_in_flight,
        )
        ended = self._open[live] = asyncio.Event()
        try:
            await live.serve()
        finally:
            del self._open[live]
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
