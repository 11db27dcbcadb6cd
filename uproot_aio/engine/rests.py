"""How long a player's calls pause after one whose arguments kept everybody waiting."""

from __future__ import annotations

from typing import Final

BUSY_SECONDS: Final = 0.005
"""What a frame may take of the loop without a rest after it."""
REST_FACTOR: Final = 4
LONGEST_REST_SECONDS: Final = 5.0


def rest_seconds(busy_seconds: float) -> float:
    """Return how long a player rests after a frame that kept the loop busy for so long."""
    return min(REST_FACTOR * busy_seconds, LONGEST_REST_SECONDS) if busy_seconds > BUSY_SECONDS else 0.0
