"""A server as its own process, for tests of starting and stopping."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
RUN: Final = (sys.executable, str(ROOT / "run.py"))
START_SECONDS: Final = 30


class ServerProcess:
    """A started server: its process and what it has printed so far."""

    def __init__(self, process: subprocess.Popen[str], start_page: str) -> None:
        self.process = process
        self.start_page = start_page

    @property
    def address(self) -> str:
        """The address on the start page, with the port that was free."""
        found = re.search(r"http://\S+?:\d+/", self.start_page)
        assert found, self.start_page
        return found.group()


def clean_environment(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return this process's environment without settings of the server, with `changes`."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("UPROOT_AIO_")}
    return {**kept, **(changes or {})}


def run(
    *arguments: str,
    folder: Path,
    program: Sequence[str] = RUN,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run the command line in `folder` to its end, within 30 s."""
    return subprocess.run(
        [*program, *arguments],
        cwd=folder,
        env=clean_environment(environment),
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )


@contextmanager
def serving(
    *arguments: str,
    folder: Path,
    program: Sequence[str] = RUN,
    environment: Mapping[str, str] | None = None,
) -> Iterator[ServerProcess]:
    """Start a server on a free port in `folder` and wait for its whole start page; kill it afterwards."""
    process = subprocess.Popen(
        [*program, "--port", "0", *arguments],
        cwd=folder,
        env=clean_environment(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    watchdog = threading.Timer(START_SECONDS, process.kill)
    watchdog.start()
    try:
        yield ServerProcess(process, _read_start_page(process))
    finally:
        watchdog.cancel()
        process.kill()
        process.communicate()


def _read_start_page(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None, "opened as a pipe"
    printed = ""
    for line in process.stdout:
        printed += line
        if line.startswith("Ctrl-C"):
            return printed
    raise AssertionError(f"the server ended before its start page was complete:\n{printed}")
