"""The one place that builds the parts of the server and wires them together."""

from __future__ import annotations

import asyncio
import logging
import random
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

import uproot_aio
from uproot_aio.engine.clock import Clock, SystemClock
from uproot_aio.engine.invoke_live import LiveCalls
from uproot_aio.engine.log import Log
from uproot_aio.engine.sessions import Sessions
from uproot_aio.engine.stretches import task_factory
from uproot_aio.engine.visit_page import Visits
from uproot_aio.engine.watch_experiments import watch
from uproot_aio.engine.watchdog import Watchdog
from uproot_aio.errors import SettingsError
from uproot_aio.event_loop import loop_factory
from uproot_aio.experiment.load import Library
from uproot_aio.resources import static_folder, templates_folder
from uproot_aio.settings import Settings
from uproot_aio.start_page import start_page
from uproot_aio.storage.lmdb_log import LmdbLog
from uproot_aio.web.admin_parts import make_admin
from uproot_aio.web.keys import PARTS, Parts
from uproot_aio.web.live_socket import LiveSockets, encode_notice
from uproot_aio.web.middleware import add_headers, errors_to_responses
from uproot_aio.web.render import create_renderer
from uproot_aio.web.routes import add_routes
from uproot_aio.web.watch_files import watch_files

PATIENCE_SECONDS = 1.5
SWITCH_SECONDS = 0.0005
"""How long the writer's thread waits for a busy event loop, each of the few times a flush that it needs Python."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: where it listens, and its parts."""

    address: str
    parts: Parts
    login_url: str | None = None


@asynccontextmanager
async def running_server(
    settings: Settings,
    *,
    log: Log | None = None,
    clock: Clock | None = None,
    source: random.Random | None = None,
    on_reload: Callable[[list[str]], None] = lambda names: None,
) -> AsyncIterator[Server]:
    """Run a server inside the block.

    Args:
        settings: how.
        log, clock, source: in place of LMDB, the machine's clock and its randomness.
        on_reload: hears the names of apps that were brought up to date.

    Raises:
        SettingsError, StorageError: it cannot start; the message is one line for the terminal.
    """
    loop = asyncio.get_running_loop()
    listening = _listen(settings)
    try:
        kept = log if log is not None else await asyncio.to_thread(_open_log, settings)
    except BaseException:
        listening.close()
        raise
    loop.set_task_factory(task_factory)
    sys.setswitchinterval(SWITCH_SECONDS)
    library = Library(settings.experiments)
    await asyncio.to_thread(library.load)
    sessions = await Sessions.start(
        kept,
        clock=SystemClock() if clock is None else clock,
        source=random.SystemRandom() if source is None else source,
        encode=encode_notice,
    )
    watchdog = Watchdog()
    app = web.Application(middlewares=[errors_to_responses], client_max_size=settings.frame_bytes)
    parts = await _make_parts(app, settings, library, sessions, watchdog)
    admin = await make_admin(
        app,
        sessions=sessions,
        templates=templates_folder(),
        static=parts.renderer.static,
        password=settings.admin_password,
    )
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=PATIENCE_SECONDS)
    await runner.setup()
    folders = [settings.experiments, settings.experiments.parent / "templates"]
    watching = {
        loop.create_task(watch(library, settings.experiments, on_reload)),
        loop.create_task(watch_files(parts.renderer, folders)),
    }
    try:
        site = web.SockSite(runner, listening)
        await site.start()
        port = listening.getsockname()[1]
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        address = f"http://{host}:{port}/"
        yield Server(address, parts, admin.login_path and address + admin.login_path)
    finally:
        for task in watching:
            task.cancel()
        await asyncio.wait(watching)
        await _stop(parts, runner)
        watchdog.close()
        library.close()


async def _make_parts(
    app: web.Application, settings: Settings, library: Library, sessions: Sessions, watchdog: Watchdog
) -> Parts:
    renderer = create_renderer(
        app, experiments=settings.experiments, templates=templates_folder(), static=static_folder()
    )
    await asyncio.to_thread(renderer.read_files)
    calls = LiveCalls(
        library.page,
        show_errors=settings.shows_errors,
        calls_in_flight=settings.calls_in_flight,
        timeout_seconds=settings.live_timeout_seconds,
        watchdog=watchdog,
    )
    parts = Parts(
        library=library,
        sessions=sessions,
        visits=Visits(library, renderer, watchdog),
        calls=calls,
        sockets=LiveSockets(
            calls, frame_bytes=settings.frame_bytes, calls_in_flight=settings.calls_in_flight
        ),
        renderer=renderer,
        show_errors=settings.shows_errors,
        api_keys=settings.api_keys,
    )
    app[PARTS] = parts
    app.on_response_prepare.append(add_headers)
    add_routes(app)
    return parts


def _open_log(settings: Settings) -> LmdbLog:
    return LmdbLog(settings.data, settings.durability, settings.map_size_bytes)


def _listen(settings: Settings) -> socket.socket:
    """Return the listening socket, so that a taken port is known before the data folder is touched."""
    try:
        return socket.create_server(
            (settings.host, settings.port), family=socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        )
    except OSError as error:
        raise SettingsError(
            f"Port {settings.port} on {settings.host} cannot be used: {error.strerror}. "
            "Stop what uses it, or choose another with --port."
        ) from error


async def _stop(parts: Parts, runner: web.AppRunner) -> None:
    """Take no new work, let running work end, flush, say good-bye: each step for a bounded time."""
    for site in list(runner.sites):
        await site.stop()
    parts.calls.stop()
    await parts.sessions.finish_work(PATIENCE_SECONDS)
    await parts.sockets.close()
    await runner.cleanup()
    await parts.sessions.close()


def serve(settings: Settings) -> int:
    """Run the server until Ctrl-C or SIGTERM, and return the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    with asyncio.Runner(loop_factory=loop_factory(settings.loop)) as runner:
        runner.run(_serve_until_stopped(settings))
    return 0


async def _serve_until_stopped(settings: Settings) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stopped.set)
    async with running_server(settings) as server:
        library = server.parts.library
        print(  # noqa: T201 - the start page is what the terminal is for
            start_page(
                version=uproot_aio.__version__,
                address=server.address,
                experiments=settings.experiments,
                descriptions={name: app.description for name, app in library.apps.items()},
                mistakes=library.mistakes,
                data=settings.data,
                durability=settings.durability,
                login_url=server.login_url,
            ),
            flush=True,
        )
        await stopped.wait()
