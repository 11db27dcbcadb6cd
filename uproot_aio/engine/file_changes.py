"""Hear of changed files, also where the system's own notification is exhausted."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Final

from watchfiles import Change, awatch

logger = logging.getLogger("uproot_aio")
DEBOUNCE_MS: Final = 400
STEP_MS: Final = 50
POLL_MS: Final = 1000
NOT_TOLD: Final = (
    "The system cannot tell of changes in %s: %s. They are looked through every %d ms instead, which takes more time. "
    "To be told, raise fs.inotify.max_user_watches and fs.inotify.max_user_instances (sysctl)."
)


async def changes_in(
    *folders: Path, of_interest: Callable[[Change, str], bool], look_again_ms: int
) -> AsyncGenerator[set[tuple[Change, str]], None]:
    """Yield what has changed, and an empty set after each `look_again_ms` without a change. Close it after use.

    Raises:
        FileNotFoundError: a folder is not there. Where the system itself tells of changes, it is only silent.
        OSError, RuntimeError: a folder cannot be looked at.
    """
    for is_polling in (False, True):
        changes = awatch(
            *folders,
            watch_filter=of_interest,
            debounce=DEBOUNCE_MS,
            step=STEP_MS,
            rust_timeout=look_again_ms,
            yield_on_timeout=True,
            ignore_permission_denied=True,
            force_polling=is_polling or None,
            poll_delay_ms=POLL_MS,
        )
        try:
            async for found in changes:
                yield found
            return
        except FileNotFoundError:
            raise
        except (
            OSError,
            RuntimeError,
        ) as error:  # watchfiles has an error of its own, a RuntimeError, for some
            if is_polling:
                raise
            logger.warning(NOT_TOLD, ", ".join(map(str, folders)), error, POLL_MS)
        finally:
            await changes.aclose()
