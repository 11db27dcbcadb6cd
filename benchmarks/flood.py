"""What one participant can do to the others: `python -m benchmarks.flood`.

Twenty participants make ten calls a second each while another one sends messages of 1 MB, or 10,000 calls a second.
Quiet and flooded runs take turns; what is printed are medians over the rounds.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import tempfile
import time
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import click

from benchmarks.load_client import quantile
from benchmarks.server_process import ROOT, MeasuredServer, loop_of, measured_server
from benchmarks.websocket_client import Connection, connect, invocation
from uproot_aio.event_loop import loop_factory

QUIET, LARGE, MANY = "quiet", "1 MB messages", "10,000 calls/s"
KINDS = {LARGE: "large", MANY: "many"}
CALLS_PER_SECOND = 10
SETTLE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Waited:
    """How long the quiet ones waited for their answers."""

    p50_ms: float
    p99_ms: float
    answers: int


class CalmCaller(Connection):
    """A participant who calls at an even pace."""

    latencies: array[float]

    def begin(self, latencies: array[float], source: random.Random) -> None:
        """Start at a random moment, so that not all call together."""
        self.latencies = latencies
        self._sent: dict[int, float] = {}
        self._number = 0
        self._loop = asyncio.get_running_loop()
        self._due = self._loop.time() + source.random() / CALLS_PER_SECOND
        self._next = self._loop.call_at(self._due, self._call)

    def _call(self) -> None:
        self._due += 1 / CALLS_PER_SECOND
        self._next = self._loop.call_at(self._due, self._call)
        self._number += 1
        self._sent[self._number] = time.perf_counter()
        self.write(invocation(self._number))

    def answered(self, payload: bytes) -> None:
        """Keep how long it took."""
        number = int(payload.partition(b'"number":')[2].partition(b",")[0])
        self.latencies.append(time.perf_counter() - self._sent.pop(number))

    def end(self) -> None:
        """Call no more."""
        self._next.cancel()
        self.close()


@contextmanager
def flooding(server: MeasuredServer, kind: str) -> Iterator[None]:
    """Let the last player flood the server inside the block; nobody for a quiet run."""
    if kind == QUIET:
        yield
        return
    arguments = (server.urls[-1], str(server.position), KINDS[kind])
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.flooder", *arguments], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert process.stdout is not None, "opened as a pipe"
    try:
        process.stdout.readline()
        yield
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


async def measure(server: MeasuredServer, kind: str, seconds: float) -> Waited:
    """Let the quiet ones call for a while."""
    source = random.Random(1)
    latencies: array[float] = array("d")
    callers = [await connect(CalmCaller, url, server.position) for url in server.urls[:-1]]
    with flooding(server, kind):
        for caller in callers:
            caller.begin(latencies, source)
        await asyncio.sleep(SETTLE_SECONDS)
        del latencies[:]
        await asyncio.sleep(seconds)
        kept = sorted(latencies)
        for caller in callers:
            caller.end()
    return Waited(quantile(kept, 0.5) * 1000, quantile(kept, 0.99) * 1000, len(kept))


async def measure_all(server: MeasuredServer, rounds: int, seconds: float) -> dict[str, list[Waited]]:
    """Measure quiet and flooded runs in turns."""
    found: dict[str, list[Waited]] = {QUIET: [], LARGE: [], MANY: []}
    for _ in range(rounds):
        for kind, waited in found.items():
            waited.append(await measure(server, kind, seconds))
    return found


def print_table(found: dict[str, list[Waited]]) -> None:
    """Print what the twenty waited."""
    print("\nthe others flood with   p50 ms   p99 ms   p99 of quiet   answers")
    for kind, waited in found.items():
        print(
            f"{kind:22} {median(it.p50_ms for it in waited):8.2f} {median(it.p99_ms for it in waited):8.2f} "
            f"{_times_quiet(waited, found[QUIET]):13.1f}x {sum(it.answers for it in waited):9,}"
        )
    print("\naim: p99 below three times its quiet value")


def _times_quiet(waited: Sequence[Waited], quiet: Sequence[Waited]) -> float:
    return median(it.p99_ms / calm.p99_ms for it, calm in zip(waited, quiet, strict=True))


@click.command(help=__doc__)
@click.option("--clients", default=20, show_default=True, help="How many are quiet.")
@click.option("--rounds", default=5, show_default=True, help="How often each is measured.")
@click.option("--seconds", default=5.0, show_default=True, help="How long each is measured.")
@click.option("--quick", is_flag=True, help="One round of one second each.")
@click.option("--durability", type=click.Choice(["fsync", "os"]), default="fsync", help="Of the server.")
@click.option("--loop", type=click.Choice(["auto", "asyncio", "uvloop"]), default="auto", help="Event loop.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where the data folder is made: a real disk.")
def main(
    clients: int,
    rounds: int,
    seconds: float,
    quick: bool,
    durability: str,
    loop: str,
    folder: Path | None,
) -> None:
    """Measure and print."""
    if quick:
        rounds, seconds = 1, 1.0
    chosen = loop_of(loop)
    apps = str(ROOT / "benchmarks" / "apps")
    print(f"{clients} quiet clients, {chosen}, {durability}, {rounds} x {seconds:g} s each, medians")
    with tempfile.TemporaryDirectory(dir=folder) as data:
        arguments = (apps, "flooded", durability, data, chosen, str(clients + 1))
        with (
            measured_server("ours", "benchmarks.uproot_server", *arguments) as server,
            asyncio.Runner(loop_factory=loop_factory(chosen)) as runner,
        ):
            print_table(runner.run(measure_all(server, rounds, seconds)))


if __name__ == "__main__":
    main()
