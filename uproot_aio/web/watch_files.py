"""Read templates and static files again when they change, without a restart."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Final

from watchfiles import Change

from uproot_aio.engine.file_changes import changes_in
from uproot_aio.web.render import TemplateRenderer

logger = logging.getLogger("uproot_aio")
LOOK_AGAIN_SECONDS: Final = 1.0
LOOK_AGAIN_MS: Final = 2000
_CODE = frozenset({".py", ".pyc", ".pyo"})


async def watch_files(renderer: TemplateRenderer, folders: Sequence[Path]) -> None:
    """Keep the renderer's templates and static files up to date until cancelled.

    Args:
        renderer: has read its files before.
        folders: need not exist, now or later.
    """
    watched: list[Path] = []
    while True:
        present = [folder for folder in folders if await asyncio.to_thread(folder.is_dir)]
        if present != watched:
            await _read(renderer)
        watched = present
        if not present:
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
            continue
        try:
            await _watch_present(renderer, present, folders)
        except FileNotFoundError:
            continue  # a folder vanished before the watch began


async def _watch_present(renderer: TemplateRenderer, present: list[Path], folders: Sequence[Path]) -> None:
    """Return when a folder appeared or vanished."""
    changes = changes_in(*present, of_interest=_is_of_interest, look_again_ms=LOOK_AGAIN_MS)
    async with aclosing(changes):
        async for found in changes:
            if found:
                await _read(renderer)
            if present != [folder for folder in folders if await asyncio.to_thread(folder.is_dir)]:
                return


def _is_of_interest(_change: Change, path: str) -> bool:
    return Path(path).suffix not in _CODE and "__pycache__" not in path


async def _read(renderer: TemplateRenderer) -> None:
    try:
        await asyncio.to_thread(renderer.read_files)
    except OSError as error:
        logger.error("The templates could not be read again: %s. The former ones stay in use.", error)
