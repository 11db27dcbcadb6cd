"""The whole of it: `python -m tests.crash` kills a server 20 times under the load of 100 players.

Exits with 1 if anything was lost, ran twice, was not answered, or a notice was missing or doubled.
"""

import asyncio
import secrets
import sys
import tempfile
from pathlib import Path

import click

from tests.crash.killing import kill_under_load


@click.command(help=__doc__)
@click.option("--players", default=100, show_default=True, help="How many call.")
@click.option("--kills", default=20, show_default=True, help="How often the server is killed.")
@click.option("--seed", type=int, help="Repeats the choices of an earlier run.")
def main(players: int, kills: int, seed: int | None) -> None:
    """Run and print."""
    seed = secrets.randbits(32) if seed is None else seed
    click.echo(f"seed {seed}, {players} players, {kills} kills")
    with tempfile.TemporaryDirectory() as folder:
        outcome = asyncio.run(kill_under_load(Path(folder), players=players, kills=kills, seed=seed))
    click.echo(
        f"{outcome.answers:,} answers, {outcome.interrupted} interrupted, "
        f"{outcome.connections:,} connections, {outcome.seconds:.0f} s"
    )
    for mistake in outcome.mistakes:
        click.echo(f"MISTAKE {mistake}")
    click.echo("nothing was lost, nothing ran twice" if not outcome.mistakes else "promises were broken")
    sys.exit(1 if outcome.mistakes else 0)


if __name__ == "__main__":
    main()
