"""How much one connection, and one player, may use the event loop before the others are served.

Who uses up a round pauses, the longer the more bytes it sent. One participant who sends without end thus gets a part
of the loop only; who waits for answers never uses up a round. After a frame that took long, because of what is in it,
all connections of its player rest, so that one player gets at most a fifth of the loop.
"""

from __future__ import annotations

import asyncio
from typing import Final

from uproot_aio.engine.rests import rest_seconds

CALLS_A_ROUND: Final = 8
BYTES_A_ROUND: Final = 1 << 16
PAUSE_SECONDS: Final = 0.003
BYTES_A_SECOND: Final = 10 << 20


def pause_seconds(size: int) -> float:
    """Return how long a connection pauses whose round ended with a frame of this size."""
    return max(PAUSE_SECONDS, size / BYTES_A_SECOND)


class Rest:
    """Until when the connections of one player read nothing; times are of one clock, in seconds."""

    def __init__(self) -> None:
        self._ends_at = 0.0

    def begin(self, now: float, busy_seconds: float) -> None:
        """Rest after a frame that was worked off `now`, if it took long."""
        self._ends_at = max(self._ends_at, now + rest_seconds(busy_seconds))

    def remaining(self, now: float) -> float:
        """Return the seconds until the next frame may be read; not above 0 if that is now."""
        return self._ends_at - now


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
