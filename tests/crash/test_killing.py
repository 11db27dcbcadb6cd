import secrets
from pathlib import Path

from tests.crash.killing import kill_under_load


async def test_nothing_answered_is_lost_and_nothing_runs_twice_when_the_server_is_killed(
    tmp_path: Path,
) -> None:
    seed = secrets.randbits(32)

    outcome = await kill_under_load(tmp_path, players=20, kills=5, seed=seed)

    assert outcome.mistakes == [], f"seed {seed}"
    assert outcome.answers > 100
    assert outcome.connections > 20 * 3, "the players have to come back after a kill"
