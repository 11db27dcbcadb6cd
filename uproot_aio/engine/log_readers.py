"""Threads that read the log: few, and nobody else's, so that authors' `asyncio.to_thread` cannot hold them up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")
THREADS = 4


class LogReaders:
    """A small pool of threads. Every read of the log that a browser waits for goes through it."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="log reader")

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what a blocking function returns; cancelling this does not end the function."""
        work = partial(function, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def close(self) -> None:
        """Begin no more reads, and wait for those under way. Blocks."""
        self._pool.shutdown(cancel_futures=True)
