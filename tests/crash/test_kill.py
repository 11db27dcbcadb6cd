"""kill -9 under load: nothing acknowledged is lost, nothing runs twice, every call settles once."""

from __future__ import annotations

from pathlib import Path

from tests.crash.under_fire import under_fire


async def test_five_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    happened = await under_fire(tmp_path, players=20, kills=5, seed=1)

    assert happened["add answered"] > 0
    assert happened["wait answered"] > 0
    assert happened["notices"] == happened["tell answered"] > 0
    assert happened["connections"] >= 5 * 20
