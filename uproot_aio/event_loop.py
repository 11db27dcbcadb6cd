"""Choose the event loop: uvloop where it is installed and wanted, else asyncio's own."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Callable
from typing import Literal

from uproot_aio.errors import SettingsError


def loop_factory(choice: Literal["auto", "asyncio", "uvloop"]) -> Callable[[], asyncio.AbstractEventLoop]:
    """Return what makes the event loop, for `asyncio.Runner(loop_factory=...)`.

    Raises:
        SettingsError: uvloop was asked for by name and is not installed.
    """
    has_uvloop = importlib.util.find_spec("uvloop") is not None
    if choice == "asyncio" or (choice == "auto" and not has_uvloop):
        return asyncio.new_event_loop
    if not has_uvloop:
        raise SettingsError(
            'loop is "uvloop", but uvloop is not installed: pip install uvloop, or set loop to "auto".'
        )
    import uvloop  # an extra: imported only where it is used

    return uvloop.new_event_loop
