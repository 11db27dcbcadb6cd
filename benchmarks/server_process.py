"""Servers to be measured: each is a process of its own, says on one line of JSON where it listens, and ends with us."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import math
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).parent.parent
Loop = Literal["asyncio", "uvloop"]
Durability = Literal["fsync", "os"]


@dataclass(frozen=True, slots=True)
class MeasuredServer:
    """A running server: its name in the tables, process, the WebSocket address of each player, and their page."""

    name: str
    process_id: int
    urls: Sequence[str]
    position: int

    def cpu_seconds(self) -> float:
        """Return how much processor time the server has used; not a number elsewhere than on Linux."""
        if sys.platform != "linux":
            return math.nan
        return time.clock_gettime((~self.process_id << 3) | 2)  # what clock_getcpuclockid(3) returns


@contextmanager
def measured_server(name: str, module: str, *arguments: str) -> Iterator[MeasuredServer]:
    """Run `python -m module arguments` inside the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None, "opened as a pipe"
    try:
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"{name} did not start")
        yield MeasuredServer(name, process.pid, **json.loads(line))
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def loop_of(choice: str) -> Loop:
    """Return the event loop that all servers and clients of one run use."""
    has_uvloop = importlib.util.find_spec("uvloop") is not None
    return "uvloop" if choice == "uvloop" or (choice == "auto" and has_uvloop) else "asyncio"


def announce(urls: Sequence[str], position: int) -> None:
    """Say where the server listens."""
    print(json.dumps({"urls": urls, "position": position}), flush=True)


async def until_terminated() -> None:
    """Wait for the measuring process to end this one."""
    await asyncio.get_running_loop().create_future()
