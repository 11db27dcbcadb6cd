"""Live calls per second, ours beside two bare servers: `python -m benchmarks.live`.

Servers take turns within each round and shares are those of one round, because other work on the machine changes
everything from minute to minute; what is printed are medians over the rounds.
"""

from __future__ import annotations

import asyncio
import platform
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import click

from benchmarks.load_client import Measurement, measure
from benchmarks.server_process import ROOT, Loop, MeasuredServer, loop_of, measured_server
from uproot_aio.event_loop import loop_factory

ECHO, LMDB, FSYNC, OS = "bare echo", "bare LMDB", "ours, fsync", "ours, os"
Rounds = Mapping[tuple[int, str], Sequence[Measurement]]


def start_servers(stack: ExitStack, folder: Path, loop: Loop, clients: int) -> list[MeasuredServer]:
    """Run the four servers until the stack is closed."""

    def data(name: str) -> str:
        (folder / name).mkdir()
        return str(folder / name)

    def bare(name: str, kind: str) -> MeasuredServer:
        arguments = (kind, data(kind), loop, str(clients))
        return stack.enter_context(measured_server(name, "benchmarks.bare_servers", *arguments))

    def ours(name: str, durability: str) -> MeasuredServer:
        arguments = (str(ROOT / "experiments"), "counter", durability, data(durability), loop, str(clients))
        return stack.enter_context(measured_server(name, "benchmarks.uproot_server", *arguments))

    return [bare(ECHO, "echo"), bare(LMDB, "lmdb"), ours(FSYNC, "fsync"), ours(OS, "os")]


async def measure_all(
    servers: Sequence[MeasuredServer], clients: Sequence[int], rounds: int, seconds: float
) -> Rounds:
    """Measure each server with each number of clients, once in each round."""
    found: dict[tuple[int, str], list[Measurement]] = {}
    for number in range(rounds):
        for count in clients:
            turn = number % len(servers)
            for server in (*servers[turn:], *servers[:turn]):
                measured = await measure(server, count, seconds)
                found.setdefault((count, server.name), []).append(measured)
    return found


def print_tables(found: Rounds, clients: Sequence[int]) -> None:
    """Print one table for each number of clients."""
    for count in clients:
        print(f"\n{count} client{'s' if count > 1 else ''}")
        print("              calls/s   p50 ms   p99 ms  of echo  of LMDB  CPU server  client  us a call")
        for name in (ECHO, LMDB, FSYNC, OS):
            rounds = found[count, name]
            print(
                f"{name:12} {_median(rounds, lambda it: it.calls_per_second):8,.0f} "
                f"{_median(rounds, lambda it: it.p50_ms):8.2f} {_median(rounds, lambda it: it.p99_ms):8.2f} "
                f"{_share(rounds, found[count, ECHO]):8.0%} {_share(rounds, found[count, LMDB]):8.0%} "
                f"{_median(rounds, lambda it: it.server_cpu):11.0%} "
                f"{_median(rounds, lambda it: it.client_cpu):7.0%} "
                f"{_median(rounds, lambda it: it.server_cpu / it.calls_per_second * 1e6):10.0f}"
            )


def _median(rounds: Sequence[Measurement], of: Callable[[Measurement], float]) -> float:
    return median(of(measured) for measured in rounds)


def _share(rounds: Sequence[Measurement], others: Sequence[Measurement]) -> float:
    pairs = zip(rounds, others, strict=True)
    return median(ours.calls_per_second / bare.calls_per_second for ours, bare in pairs)


def print_aims(found: Rounds) -> None:
    """Print what was aimed at beside what was found, where it was measured."""
    print()
    if (100, FSYNC) in found:
        ours = found[100, FSYNC]
        print(f"100 clients, fsync: {_share(ours, found[100, LMDB]):.0%} of bare LMDB (aim 50%)")
        print(f"100 clients, fsync: {_share(ours, found[100, ECHO]):.0%} of bare echo (aim 25%)")
        print(f"100 clients, fsync: p99 {_median(ours, lambda it: it.p99_ms):.1f} ms (aim below 20 ms)")
    if (1, FSYNC) in found:
        pairs = zip(found[1, FSYNC], found[1, LMDB], strict=True)
        above = median(ours.p50_ms - bare.p50_ms for ours, bare in pairs)
        print(f"1 client, fsync: p50 {above:.2f} ms above bare LMDB (aim at most 0.35 ms)")


@click.command(help=__doc__)
@click.option("--clients", default="1,10,100,500", show_default=True, help="Numbers of clients.")
@click.option("--rounds", default=5, show_default=True, help="How often each is measured.")
@click.option("--seconds", default=3.0, show_default=True, help="How long each is measured.")
@click.option("--quick", is_flag=True, help="One round of one second each.")
@click.option(
    "--loop", type=click.Choice(["auto", "asyncio", "uvloop"]), default="auto", help="Event loop of all."
)
@click.option("--folder", type=click.Path(path_type=Path), help="Where data folders are made: a real disk.")
def main(clients: str, rounds: int, seconds: float, quick: bool, loop: str, folder: Path | None) -> None:
    """Measure and print."""
    if quick:
        rounds, seconds = 1, 1.0
    counts = [int(count) for count in clients.split(",")]
    chosen = loop_of(loop)
    print(f"Python {platform.python_version()}, {chosen}, {rounds} x {seconds:g} s each, medians")
    with tempfile.TemporaryDirectory(dir=folder) as data, ExitStack() as stack:
        servers = start_servers(stack, Path(data), chosen, max(counts))
        with asyncio.Runner(loop_factory=loop_factory(chosen)) as runner:
            found = runner.run(measure_all(servers, counts, rounds, seconds))
    print_tables(found, counts)
    print_aims(found)


if __name__ == "__main__":
    main()
