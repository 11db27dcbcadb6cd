"""A server that is killed and started again on the same port and data folder."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any, Final

import aiohttp

from tests.server_process import RUN, clean_environment

KEY: Final = "crash"
START_SECONDS: Final = 30.0
SESSIONS: Final = "admin/api/v1/sessions/"


class KilledServer:
    """`run.py` over the apps of this folder. What it prints goes to `server.log` in the data's folder."""

    def __init__(self, folder: Path, http: aiohttp.ClientSession) -> None:
        self._folder = folder
        self._http = http
        self._port = _free_port()
        self._process: asyncio.subprocess.Process | None = None
        self.address = f"http://127.0.0.1:{self._port}/"

    async def start(self) -> None:
        """Start the server and return when it answers."""
        apps = Path(__file__).parent / "apps"
        arguments = [
            "--port",
            str(self._port),
            "--experiments",
            str(apps),
            "--data",
            str(self._folder / "data"),
        ]
        with (self._folder / "server.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *RUN,
                *arguments,
                cwd=self._folder,
                env=clean_environment({"UPROOT_AIO_API_KEYS": KEY}),
                stdout=log,
                stderr=log,
            )
        async with asyncio.timeout(START_SECONDS):
            while not await self._answers():
                assert self._process.returncode is None, self.log()
                await asyncio.sleep(0.02)

    async def _answers(self) -> bool:
        try:
            await self.get(SESSIONS)
        except aiohttp.ClientConnectionError:
            return False
        return True

    async def kill(self) -> None:
        """Kill the process, which gets no chance to do anything."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    def log(self) -> str:
        """Return what the servers have printed."""
        return (self._folder / "server.log").read_text()

    async def get(self, path: str) -> Any:
        """Ask the REST interface."""
        async with self._http.get(self.address + path, headers=_headers()) as response:
            response.raise_for_status()
            return await response.json()

    async def create_session(self, config: str, players: int) -> str:
        """Make a session and return its name."""
        body = {"config": config, "n_players": players}
        async with self._http.post(self.address + SESSIONS, json=body, headers=_headers()) as response:
            response.raise_for_status()
            name: str = (await response.json())["sname"]
            return name

    async def values(self, session: str, fields: list[str]) -> dict[str, dict[str, Any]]:
        """Return the current values of all players."""
        query = "&".join(f"fields={field}" for field in fields)
        values: dict[str, dict[str, Any]] = await self.get(f"{SESSIONS}{session}/players/?{query}")
        return values


def _headers() -> dict[str, str]:
    return {"Authorization": f"Bearer {KEY}"}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
