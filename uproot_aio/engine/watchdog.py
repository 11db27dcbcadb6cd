"""Notice that the event loop stands still, and log what it is doing: nothing can save one process from `while True`."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import traceback

logger = logging.getLogger("uproot_aio")


class Watchdog:
    """A thread that expects a sign of life from the event loop. `running` names what the loop was given to do."""

    def __init__(self, patience_seconds: float = 1.0) -> None:
        self.running = "the server"
        self._patience_seconds = patience_seconds
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._alive = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Let the thread end; does not wait for it."""
        self._closed.set()
        self._alive.set()  # the thread may be waiting for the loop

    def _watch(self) -> None:
        while True:
            self._alive.clear()
            if self._closed.is_set():
                return
            try:
                self._loop.call_soon_threadsafe(self._alive.set)
            except RuntimeError:  # the loop is closed
                return
            if not self._alive.wait(self._patience_seconds):
                self._report()
                self._alive.wait()
            self._closed.wait(self._patience_seconds)

    def _report(self) -> None:
        frame = sys._current_frames().get(self._loop_thread)
        stack = "".join(traceback.format_stack(frame)) if frame is not None else ""
        logger.error(
            "%s has not awaited anything for over %g s, so nobody is served. "
            "Move slow work to a thread: await asyncio.to_thread(...). It is here:\n%s",
            self.running,
            self._patience_seconds,
            stack,
        )
