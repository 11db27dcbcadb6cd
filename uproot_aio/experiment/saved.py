"""Wait until what was written is on disk, before an outside effect such as a payment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar

from uproot_aio.errors import NoOpenUnit

wait_until_saved: ContextVar[Callable[[], Awaitable[None]] | None] = ContextVar(
    "wait_until_saved", default=None
)


async def saved() -> None:
    """Return when everything that this coroutine has written so far is on disk.

    The await ends a unit of work: what was written before it stays, even if the method raises later.

    Raises:
        StorageError: it could not be written.
        NoOpenUnit: not called from a live method, hook or spawned coroutine.
    """
    wait = wait_until_saved.get()
    if wait is None:
        raise NoOpenUnit("saved() was awaited outside of a live method, hook or spawned coroutine.")
    await asyncio.sleep(0)
    await wait()
