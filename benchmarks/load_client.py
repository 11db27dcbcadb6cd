"""Clients that make their next call when the last one was answered, and how long each answer took."""

from __future__ import annotations

import asyncio
import math
import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.server_process import MeasuredServer
from benchmarks.websocket_client import Connection, connect, invocation

WARM_UP_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a run of calls showed. Processor use is a share of one core."""

    calls_per_second: float
    p50_ms: float
    p99_ms: float
    server_cpu: float
    client_cpu: float


class Caller(Connection):
    """One participant who calls as fast as answers come. `latencies` of all callers are kept together."""

    latencies: array[float]

    def begin(self, latencies: array[float]) -> None:
        """Make the first call."""
        self.latencies = latencies
        self.is_stopping = False
        self.idle = asyncio.get_running_loop().create_future()
        self._number = 0
        self._call()

    def _call(self) -> None:
        self._number += 1
        self._sent = time.perf_counter()
        self.write(invocation(self._number))

    def answered(self, payload: bytes) -> None:
        """Keep the time and call again."""
        self.latencies.append(time.perf_counter() - self._sent)
        if payload.startswith(b'{"type":"refusal"'):
            raise ConnectionError(f"a call was refused: {payload!r}")
        if self.is_stopping:
            self.idle.set_result(None)
        else:
            self._call()


async def measure(server: MeasuredServer, clients: int, seconds: float) -> Measurement:
    """Let some clients call a server for a while."""
    callers = [await connect(Caller, url, server.position) for url in server.urls[:clients]]
    latencies: array[float] = array("d")
    for caller in callers:
        caller.begin(latencies)
    await asyncio.sleep(WARM_UP_SECONDS)
    del latencies[:]
    began, server_began, client_began = time.perf_counter(), server.cpu_seconds(), time.process_time()
    await asyncio.sleep(seconds)
    took = time.perf_counter() - began
    server_cpu, client_cpu = server.cpu_seconds() - server_began, time.process_time() - client_began
    kept = sorted(latencies)
    await _hang_up(callers)
    return Measurement(
        len(kept) / took,
        quantile(kept, 0.5) * 1000,
        quantile(kept, 0.99) * 1000,
        server_cpu / took,
        client_cpu / took,
    )


async def _hang_up(callers: Sequence[Caller]) -> None:
    if any(caller.lost.done() for caller in callers):
        raise ConnectionError("a connection was lost while it was measured")
    for caller in callers:
        caller.is_stopping = True
    await asyncio.wait([caller.idle for caller in callers], timeout=10)
    for caller in callers:
        caller.close()
    await asyncio.wait([caller.lost for caller in callers], timeout=10)


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the value that `share` of the ordered values do not exceed; not a number if there are none."""
    if not ordered:
        return math.nan
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]
