"""The barest servers that answer the same frames: an echo without state, and a counter in LMDB with group commit.

`python -m benchmarks.bare_servers echo|lmdb FOLDER LOOP CLIENTS`
"""

from __future__ import annotations

import asyncio
import queue
import sys
import threading
from collections.abc import Awaitable, Callable

import lmdb
import msgspec
from aiohttp import web

from benchmarks.server_process import Loop, announce, until_terminated
from uproot_aio.event_loop import loop_factory
from uproot_aio.web import wire

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Write = tuple[bytes, int, "asyncio.Future[None]"]
WELCOME = msgspec.json.encode(wire.Welcome(0, 1 << 20, 64))
ONE = msgspec.Raw(b"1")
encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(wire.FromBrowser).decode


async def echo(request: web.Request) -> web.StreamResponse:
    """Answer each call with 1."""
    socket = web.WebSocketResponse(compress=False)
    await socket.prepare(request)
    async for message in socket:
        frame = decode(message.data)
        if isinstance(frame, wire.Invoke):
            await socket.send_frame(encode(wire.Answer(frame.number, ONE)), message.type)
        else:
            await socket.send_frame(WELCOME, message.type)
    return socket


class Counters:
    """A number per player in LMDB; one thread writes what arrived during the last flush, in one transaction."""

    def __init__(self, folder: str) -> None:
        self._environment = lmdb.open(folder, map_size=1 << 30)
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[Write] = queue.SimpleQueue()
        self._values: dict[bytes, int] = {}
        threading.Thread(target=self._write, daemon=True).start()

    async def increment(self, player: bytes) -> int:
        """Return the next number of the player, once it is on disk."""
        value = self._values[player] = self._values.get(player, 0) + 1
        written = self._loop.create_future()
        self._queue.put((player, value, written))
        await written
        return value

    def _write(self) -> None:
        while True:
            batch = [self._queue.get()]
            while not self._queue.empty():
                batch.append(self._queue.get())
            with self._environment.begin(write=True) as transaction:
                for player, value, _ in batch:
                    transaction.put(player, b"%d" % value)
            self._loop.call_soon_threadsafe(self._written, batch)

    @staticmethod
    def _written(batch: list[Write]) -> None:
        for _, _, written in batch:
            if not written.done():
                written.set_result(None)


def lmdb_counter(folder: str) -> Handler:
    """Return a view that answers each call with the player's counter, increased and on disk."""
    counters = Counters(folder)

    async def count(request: web.Request) -> web.StreamResponse:
        player = request.match_info["player"].encode()
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        async for message in socket:
            frame = decode(message.data)
            if isinstance(frame, wire.Invoke):
                value = await counters.increment(player)
                answer = wire.Answer(frame.number, msgspec.Raw(b"%d" % value))
                await socket.send_frame(encode(answer), message.type)
            else:
                await socket.send_frame(WELCOME, message.type)
        return socket

    return count


async def serve(kind: str, folder: str, clients: int) -> None:
    """Run one of them until it is terminated."""
    app = web.Application()
    app.router.add_get("/ws/{player}/", echo if kind == "echo" else lmdb_counter(folder))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    announce([f"http://127.0.0.1:{port}/ws/player{index}/" for index in range(clients)], 0)
    await until_terminated()


def main(kind: str, folder: str, loop: Loop, clients: str) -> None:
    """Serve on the event loop that was asked for."""
    with asyncio.Runner(loop_factory=loop_factory(loop)) as runner:
        runner.run(serve(kind, folder, int(clients)))


if __name__ == "__main__":
    main(*sys.argv[1:])  # type: ignore[arg-type]  # given by the commands of this package
