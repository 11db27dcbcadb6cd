"""One participant who sends as fast as it can: `python -m benchmarks.flooder URL POSITION large|many`.

It runs until it is ended, in a process of its own, so that it does not slow those down who measure. Unlike uproot.js
it does not wait for answers.
"""

from __future__ import annotations

import asyncio
import sys

from benchmarks.websocket_client import Connection, connect, invocation

LARGE = b'["' + b"x" * 1_000_000 + b'"]'
CALLS_PER_SECOND = 10_000
TICK_SECONDS = 0.005


class Flooder(Connection):
    """Sends whenever the network takes it."""

    def __init__(self, request: bytes, hello: bytes) -> None:
        super().__init__(request, hello)
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._number = 0

    def answered(self, payload: bytes) -> None:
        """Do not care."""

    def pause_writing(self) -> None:
        """The network is full."""
        self._may_write.clear()

    def resume_writing(self) -> None:
        """The network takes more."""
        self._may_write.set()

    async def call(self, method: str, args: bytes) -> None:
        """Send a call as soon as it can be sent."""
        await self._may_write.wait()
        self._number += 1
        self.write(invocation(self._number, method, args))


async def flood(url: str, position: int, kind: str) -> None:
    """Send for ever."""
    flooder = await connect(Flooder, url, position)
    print("flooding", flush=True)
    loop = asyncio.get_running_loop()
    due = loop.time()
    while not flooder.lost.done():
        if kind == "large":
            await flooder.call("swallow", LARGE)
            await asyncio.sleep(0)
            continue
        for _ in range(int(CALLS_PER_SECOND * TICK_SECONDS)):
            await flooder.call("increment", b"[]")
        due = max(due + TICK_SECONDS, loop.time() - 1)
        await asyncio.sleep(due - loop.time())


if __name__ == "__main__":
    asyncio.run(flood(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
