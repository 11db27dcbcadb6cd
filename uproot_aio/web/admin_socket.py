"""An experimenter's WebSocket: what changes in one session, as long as the login lasts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from aiohttp import WSCloseCode, web

from uproot_aio.engine.open_session import OpenSession
from uproot_aio.engine.watch import Ended, Watch
from uproot_aio.errors import StorageError
from uproot_aio.web import admin_wire
from uproot_aio.web.logins import Login, Logins

log = logging.getLogger("uproot_aio")
TICK_SECONDS: Final = 10.0
FRAME_BYTES: Final = 1024
LOGGED_OUT: Final = 4401


class _AdminSocket:
    """One open page: a reader that only waits for the end, and a writer."""

    def __init__(self, socket: web.WebSocketResponse, watch: Watch, is_valid: Callable[[], bool]) -> None:
        self._socket = socket
        self._watch = watch
        self._is_valid = is_valid
        self._code: int = WSCloseCode.TRY_AGAIN_LATER

    def stop(self, code: int) -> None:
        """End with a close code."""
        self._code = code
        self._watch.leave()

    async def serve(self) -> None:
        """Serve the connection until it ends."""
        async with asyncio.TaskGroup() as group:
            writer = group.create_task(self._write())
            async for _ in self._socket:
                pass  # the page has nothing to say
            writer.cancel()

    async def _write(self) -> None:
        waiting = asyncio.ensure_future(self._watch.next())
        try:
            while True:
                await asyncio.wait({waiting}, timeout=TICK_SECONDS)
                if not self._is_valid():
                    self._code = LOGGED_OUT
                    break
                if not waiting.done():
                    await self._socket.send_str(admin_wire.TICK)
                    continue
                update = waiting.result()
                waiting = asyncio.ensure_future(self._watch.next())
                await self._socket.send_str(admin_wire.update_frame(update))
        except (Ended, StorageError):
            pass  # the page comes back and finds what there is
        except ConnectionError:
            return
        finally:
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        await self._socket.close(code=self._code)


class AdminSockets:
    """All open sockets of experimenters, so that a stop can end them."""

    def __init__(self, logins: Logins) -> None:
        self._logins = logins
        self._open: dict[_AdminSocket, asyncio.Event] = {}

    def prepare(self) -> web.WebSocketResponse:
        """Return a response for a new connection."""
        return web.WebSocketResponse(
            heartbeat=TICK_SECONDS, max_msg_size=FRAME_BYTES, compress=False, timeout=2.0
        )

    async def serve(
        self, socket: web.WebSocketResponse, session: OpenSession, after: int, login: Login
    ) -> None:
        """Send what changes after commit `after` until the page is left, the login ends or the session is closed."""
        watch = await Watch.open(session, after)
        if watch is None:
            await socket.send_str(admin_wire.RELOAD)
            await socket.close()
            return
        served = _AdminSocket(socket, watch, lambda: self._logins.is_valid(login))
        ended = self._open[served] = asyncio.Event()

        def log_out() -> None:
            served.stop(LOGGED_OUT)

        login.closers.add(log_out)
        try:
            await served.serve()
        finally:
            login.closers.discard(log_out)
            watch.close()
            del self._open[served]
            ended.set()

    async def close(self, patience_seconds: float = 0.5) -> None:
        """Close all connections with 1001 and wait for their end, for a bounded time."""
        endings = list(self._open.values())
        for served in self._open:
            served.stop(WSCloseCode.GOING_AWAY)
        try:
            async with asyncio.timeout(patience_seconds):
                for ended in endings:
                    await ended.wait()
        except TimeoutError:
            log.info("Some experimenters' pages did not say good-bye in time.")
