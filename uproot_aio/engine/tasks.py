"""Own tasks: each has an owner that knows it, logs how it failed, and ends it at shutdown."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Coroutine

logger = logging.getLogger("uproot_aio")


class Tasks:
    """A set of tasks that end at the latest when `close` returns."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()
        self._context = contextvars.copy_context()

    def start(self, work: Coroutine[object, None, None], name: str) -> None:
        """Run a coroutine in the owner's context, whoever asks for it."""
        task = asyncio.get_running_loop().create_task(work, name=name, context=self._context.copy())
        self._running.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("%s failed", task.get_name(), exc_info=error)

    async def close(self, patience_seconds: float) -> None:
        """Wait for the tasks, then cancel those that are left and wait for their end."""
        if self._running:
            await asyncio.wait(set(self._running), timeout=patience_seconds)
        left = set(self._running)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=patience_seconds)
