"""Serve until a signal, then end the process in time, whatever authors have left running in it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import uproot_aio
from uproot_aio.app import ALL_ADDRESSES, Server, running_server
from uproot_aio.event_loop import loop_factory
from uproot_aio.settings import Settings
from uproot_aio.start_page import command_of, start_page

LEFTOVERS_SECONDS: Final = 0.3
END_SECONDS: Final = 4.7
"""From the first signal to the end of the process, even if the event loop stands still."""
STOPPING: Final = b"Stopping. Ctrl-C once more ends the server at once.\n"

logger = logging.getLogger("uproot_aio")


def serve(settings: Settings) -> int:
    """Run the server until Ctrl-C or SIGTERM, and return the exit code. A second Ctrl-C ends the process at once.

    Raises:
        SettingsError, StorageError: it cannot start.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("watchfiles").setLevel(logging.WARNING)  # tells of every file that anybody writes
    with asyncio.Runner(loop_factory=loop_factory(settings.loop)) as runner:
        executor = ThreadPoolExecutor(thread_name_prefix="asyncio")
        runner.get_loop().set_default_executor(executor)
        tasks_left = runner.run(_serve_until_stopped(settings))
        executor.shutdown(wait=False, cancel_futures=True)
        if tasks_left or not _threads_have_ended():
            _end_process()
    return 0


async def _serve_until_stopped(settings: Settings) -> bool:
    """Return whether there are tasks that cannot be cancelled."""
    stopped = asyncio.Event()
    _on_signals(stopped)
    async with running_server(settings) as server:
        print(_start_page(settings, server), flush=True)  # noqa: T201 - what the terminal is for
        await stopped.wait()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    return bool(left and (await asyncio.wait(left, timeout=LEFTOVERS_SECONDS))[1])


def _on_signals(stopped: asyncio.Event) -> None:
    """Stop on the first signal, in a bounded time.

    Not `loop.add_signal_handler`: a handler of the loop is not called while a method loops without await.
    """
    loop = asyncio.get_running_loop()

    def stop(_number: int, _frame: object) -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.write(2, STOPPING)  # not logging: this may run in the middle of a line that is being logged
        failsafe = threading.Timer(END_SECONDS, _end_process)
        failsafe.daemon = True
        failsafe.start()
        with contextlib.suppress(RuntimeError):  # the loop is closed: nothing is left to stop
            loop.call_soon_threadsafe(stopped.set)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)


def _threads_have_ended() -> bool:
    until = time.monotonic() + LEFTOVERS_SECONDS
    others = [
        thread
        for thread in threading.enumerate()
        if thread is not threading.current_thread() and not thread.daemon
    ]
    for thread in others:
        thread.join(max(0.0, until - time.monotonic()))
    return not any(thread.is_alive() for thread in others)


def _end_process() -> None:
    """End without waiting for tasks and threads of authors, which nothing can end.

    Python would join the threads first, and asyncio would wait for the tasks. Nothing is lost: what was answered is
    on disk, and LMDB does not mind when its process ends.
    """
    logger.warning("Calls or threads of experiments were still running when the server was stopped.")
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _start_page(settings: Settings, server: Server) -> str:
    library = server.parts.library
    return start_page(
        version=uproot_aio.__version__,
        address=server.address,
        is_open=settings.host in ALL_ADDRESSES,
        command=command_of(sys.argv[0], sys.orig_argv[0]),
        folder=Path.cwd(),
        experiments=settings.experiments,
        descriptions={name: app.description for name, app in library.apps.items()},
        mistakes=library.mistakes,
        data=settings.data,
        durability=settings.durability,
        login_url=server.login_url,
    )
