"""How much one connection may use the event loop before the others are served.

Who uses up a round pauses, the longer the more bytes it sent. One participant who sends without end thus gets a part of
the loop only; who waits for answers never uses up a round.
"""

from __future__ import annotations

import asyncio
from typing import Final

CALLS_A_ROUND: Final = 4
BYTES_A_ROUND: Final = 1 << 16
PAUSE_SECONDS: Final = 0.001


def pause_seconds(size: int) -> float:
    """Return how long a connection pauses whose round ended with a frame of this size."""
    return PAUSE_SECONDS * max(1.0, size / BYTES_A_ROUND)


class Rounds:
    """Numbers the turns of the event loop in which frames are read; one for all connections."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._number = 0
        self._has_begun = False

    def current(self) -> int:
        """Return the number of this turn of the loop."""
        if not self._has_begun:
            self._has_begun = True
            self._number += 1
            self._loop.call_soon(self._end)
        return self._number

    def _end(self) -> None:
        self._has_begun = False


class Round:
    """What one connection has used of its budget, which is new in each turn of the loop."""

    def __init__(self, rounds: Rounds) -> None:
        self._rounds = rounds
        self._number = 0
        self._calls = 0
        self._bytes = 0

    def spend(self, size: int) -> bool:
        """Count a frame; return whether the others are to be served now."""
        number = self._rounds.current()
        if number != self._number:
            self._number = number
            self._calls = self._bytes = 0
        self._calls += 1
        self._bytes += size
        return self._calls >= CALLS_A_ROUND or self._bytes >= BYTES_A_ROUND
