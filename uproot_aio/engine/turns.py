"""A player's place in the order of their own calls: one asyncio lock a player, first come first served."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

logger = logging.getLogger("uproot_aio")
SLOW_SECONDS = 1.0


class Turn:
    """The lock of one player. `line_up` is called when a call arrives, so that order does not depend on scheduling."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._lined_up = 0
        self._holder = ""

    @property
    def is_free(self) -> bool:
        """Whether nobody has the turn and nobody waits for it: a step without await may then run at once."""
        return self._lined_up == 0

    def line_up(self) -> None:
        """Announce a call that will `take` the turn in its own task."""
        self._lined_up += 1

    def leave(self) -> None:
        """Withdraw an announcement, after the turn was released or if it is not taken at all."""
        self._lined_up -= 1

    @asynccontextmanager
    async def held(self, name: str, *, lined_up: bool = False) -> AsyncIterator[None]:
        """Hold the turn. `name` is what the log calls the holder if others have to wait long for it."""
        if not lined_up:
            self.line_up()
        try:
            await self.acquire(name)
            try:
                yield
            finally:
                self.release()
        finally:
            self.leave()

    async def acquire(self, name: str) -> None:
        """Wait for the lock; after a second, the log names who holds it and what to do about it."""
        if self._lock.locked():
            warning = asyncio.get_running_loop().call_later(SLOW_SECONDS, self._warn, name)
            try:
                await self._lock.acquire()
            finally:
                warning.cancel()
        else:
            await self._lock.acquire()
        self._holder = name

    def release(self) -> None:
        """Let the next one in."""
        self._lock.release()

    def _warn(self, waiting: str) -> None:
        logger.warning(
            "%s has held its player's turn for over a second while %s waits. "
            "Do slow work before reading and writing, or declare the method with @live(interleave=True).",
            self._holder,
            waiting,
        )
