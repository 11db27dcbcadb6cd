"""Watch the experiments folder and bring its apps up to date while the server runs.

Author code is imported in a thread, so that a slow import does not stop the server; the new page classes are
put in place on the event loop's thread, between two stretches. The folder may appear, vanish and come back.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import TypeVar

from watchfiles import Change

from uproot_aio.engine.file_changes import changes_in
from uproot_aio.experiment.load import Library

T = TypeVar("T")
Identity = tuple[int, int]

logger = logging.getLogger("uproot_aio.experiments")

LOOK_AGAIN_MS = 3000
"""How often the folder is compared with what is loaded, for file systems that do not tell of changes."""
FOLDER_APPEARS_SECONDS = 0.5
SLOW_IMPORT_SECONDS = 10.0


async def watch(library: Library, folder: Path, on_change: Callable[[list[str]], None]) -> None:
    """Keep the library up to date until cancelled; it was loaded before.

    Args:
        folder: the library's folder; need not exist yet.
        on_change: called on the event loop's thread with the names of the apps that are new, changed, gone or
            newly mistaken, when the library has them.
    """
    while True:
        identity = await _in_thread(partial(_identity, folder))
        await _bring_up_to_date(library, set(), on_change)
        if identity is None:
            await asyncio.sleep(FOLDER_APPEARS_SECONDS)
            continue
        try:
            await _watch_existing(library, folder, identity, on_change)
        except FileNotFoundError:
            continue  # vanished before the watch began


async def _watch_existing(
    library: Library, folder: Path, identity: Identity, on_change: Callable[[list[str]], None]
) -> None:
    """Return when the folder is gone or another one took its place."""
    changes = changes_in(folder, of_interest=is_of_interest, look_again_ms=LOOK_AGAIN_MS)
    async with aclosing(changes):
        async for found in changes:
            await _bring_up_to_date(library, {Path(path) for _, path in found}, on_change)
            if await _in_thread(partial(_identity, folder)) != identity:
                return


async def _bring_up_to_date(
    library: Library, changed: set[Path], on_change: Callable[[list[str]], None]
) -> None:
    loop = asyncio.get_running_loop()
    slow = loop.call_later(
        SLOW_IMPORT_SECONDS,
        logger.warning,
        "Importing the changed apps has taken %d s so far; the server goes on with their former versions.",
        SLOW_IMPORT_SECONDS,
    )
    try:
        prepared = await _in_thread(partial(library.prepare, changed))
    finally:
        slow.cancel()
    touched = library.apply(prepared)
    for name in touched:
        _report(library, name)
    if touched:
        on_change(touched)


def _report(library: Library, name: str) -> None:
    mistakes = library.mistakes.get(name, [])
    if not mistakes:
        logger.info("%s: %s.", name, "loaded" if name in library.apps else "removed")
    for mistake in mistakes:
        state = "the former version runs on" if mistake.still_running else "the app cannot be played"
        logger.error("%s: %s.\n  %s", name, state, mistake)


def is_of_interest(change: Change, path: str) -> bool:
    """Say whether a change may concern an app's code: no template, bytecode or editor's temporary file."""
    file = Path(path)
    if any(part == "__pycache__" for part in file.parts) or file.name.startswith((".", "#")):
        return False
    may_be_folder = not file.suffix and change != Change.modified
    return file.suffix == ".py" or may_be_folder


def _identity(folder: Path) -> Identity | None:
    """Return what tells this folder from another of the same path, None if there is none."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


async def _in_thread(function: Callable[[], T]) -> T:
    """Return what the function returns, run in a thread that does not hold up the end of the program.

    Those of `asyncio.to_thread` are waited for at exit; one that imports an endless loop would never end.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if future.done():
            return  # nobody waits any more
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]  # without an error there is a result

    def work() -> None:
        try:
            outcome = partial(settle, function(), None)
        except BaseException as error:  # outermost frame of the thread: handed to who waits
            outcome = partial(settle, None, error)
        with contextlib.suppress(RuntimeError):  # the loop has been closed meanwhile
            loop.call_soon_threadsafe(outcome)

    threading.Thread(target=work, name="import-apps", daemon=True).start()
    return await future
