"""Own tasks: each has an owner that knows it, logs how it failed, and ends it at shutdown."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

logger = logging.getLogger("uproot_aio")
T = TypeVar("T")


class Tasks:
    """A set of tasks that `close` ends."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()
        self._context = contextvars.copy_context()

    def start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Run a coroutine in the owner's context, whoever asks for it, and log how it failed if it does."""
        self.begin(work, name).add_done_callback(_log_failure)

    def begin(self, work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        """Run a coroutine in the owner's context; whoever asks awaits the task, and hears of its failure."""
        task = asyncio.get_running_loop().create_task(work, name=name, context=self._context.copy())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def finish(self, patience_seconds: float) -> None:
        """Wait for the tasks, for a bounded time."""
        if self._running:
            await asyncio.wait(set(self._running), timeout=patience_seconds)

    async def cancel(self, patience_seconds: float) -> None:
        """Cancel the tasks and wait for their end, for a bounded time: an author's task may refuse."""
        for task in set(self._running):
            task.cancel()
        await self.finish(patience_seconds)

    async def close(self, patience_seconds: float) -> None:
        """Wait for the tasks, then cancel those that are left and wait for their end, each for a bounded time."""
        await self.finish(patience_seconds)
        await self.cancel(patience_seconds)


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("%s failed", task.get_name(), exc_info=error)
