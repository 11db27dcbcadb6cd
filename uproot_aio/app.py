"""The one place that builds the parts of the server and wires them together."""

from __future__ import annotations

import asyncio
import errno
import os
import random
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from uproot_aio.engine.clock import Clock, SystemClock
from uproot_aio.engine.invoke_live import LiveCalls
from uproot_aio.engine.log import Log
from uproot_aio.engine.sessions import Sessions
from uproot_aio.engine.stretches import task_factory
from uproot_aio.engine.tasks import Tasks
from uproot_aio.engine.visit_page import Visits
from uproot_aio.engine.watch_experiments import watch
from uproot_aio.engine.watchdog import Watchdog
from uproot_aio.errors import SettingsError
from uproot_aio.experiment.load import Library
from uproot_aio.resources import static_folder, templates_folder
from uproot_aio.settings import Settings
from uproot_aio.storage.lmdb_log import LmdbLog
from uproot_aio.web.admin_keys import Admin
from uproot_aio.web.admin_parts import make_admin
from uproot_aio.web.keys import PARTS, Parts
from uproot_aio.web.live_socket import LiveSockets, encode_notice
from uproot_aio.web.middleware import add_headers, errors_to_responses
from uproot_aio.web.render import create_renderer
from uproot_aio.web.routes import add_routes
from uproot_aio.web.watch_files import watch_files

PATIENCE_SECONDS = 1.2
"""How long running calls may go on when the server stops; with what follows, it has ended in 4 s."""
GOODBYE_SECONDS = 1.5
HANDLER_SECONDS = 0.6
"""Twice this is what aiohttp waits for requests: to end by themselves, and to end when cancelled."""
FLUSH_SECONDS = 1.0
ALL_ADDRESSES = ("0.0.0.0", "::")
UNKNOWN_HOST = "Check the name given with --host."
LISTEN_ADVICE = {
    errno.EADDRINUSE: "Stop what uses it, or choose another with --port.",
    errno.EACCES: "Ports below 1024 are the administrator's: choose another with --port.",
    errno.EADDRNOTAVAIL: "This machine has no such address: give one that it has with --host.",
}
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
    asyncio.get_running_loop().set_task_factory(task_factory)
    sys.setswitchinterval(SWITCH_SECONDS)
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(_check_readable, settings.experiments)
        listening = stack.enter_context(_listen(settings))
        kept = log if log is not None else await asyncio.to_thread(_open_log, settings)
        sessions = await Sessions.start(
            kept, clock=clock or SystemClock(), source=source or random.SystemRandom(), encode=encode_notice
        )
        stack.push_async_callback(sessions.close, FLUSH_SECONDS)
        library = Library(settings.experiments)
        stack.callback(library.close)
        await asyncio.to_thread(library.load)
        watchdog = Watchdog()
        stack.callback(watchdog.close)
        app = web.Application(middlewares=[errors_to_responses], client_max_size=settings.frame_bytes)
        parts = await _make_parts(app, settings, library, sessions, watchdog)
        admin = await _make_admin(app, settings, parts)
        watching = await _listen_on(stack, listening, app, parts)
        _watch(watching, parts, settings, on_reload)
        url = _address(settings, listening)
        yield Server(url, parts, admin.login_path and url + admin.login_path)


async def _listen_on(
    stack: AsyncExitStack, listening: socket.socket, app: web.Application, parts: Parts
) -> Tasks:
    """Begin to serve; return tasks that end when that does."""
    watching = Tasks()
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=HANDLER_SECONDS)
    await runner.setup()
    stack.push_async_callback(_stop, parts, runner, watching)
    await web.SockSite(runner, listening).start()
    return watching


def _address(settings: Settings, listening: socket.socket) -> str:
    host = own_address() if settings.host in ALL_ADDRESSES else settings.host
    return f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}/"


def own_address() -> str:
    """Return the address under which other machines most likely reach this one. Sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(
                ("192.0.2.1", 9)
            )  # reserved for documentation (RFC 5737): only the route is looked up
            return str(probe.getsockname()[0])
        except OSError:
            return socket.gethostname()  # no network, or not yet


def _watch(watching: Tasks, parts: Parts, settings: Settings, on_reload: Callable[[list[str]], None]) -> None:
    folders = [settings.experiments, settings.experiments.parent / "templates"]
    watching.start(watch(parts.library, settings.experiments, on_reload), "watching the experiments")
    watching.start(watch_files(parts.renderer, folders), "watching templates and static files")


async def _make_admin(app: web.Application, settings: Settings, parts: Parts) -> Admin:
    return await make_admin(
        app,
        sessions=parts.sessions,
        templates=templates_folder(),
        static=parts.renderer.static,
        password=settings.admin_password,
    )


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
        visits=Visits(library, renderer, watchdog, timeout_seconds=settings.live_timeout_seconds),
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
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        socket.getaddrinfo(settings.host, settings.port, family)
        return socket.create_server((settings.host, settings.port), family=family)
    except socket.gaierror as error:
        why, advice = error.strerror, UNKNOWN_HOST
    except OSError as error:
        why = os.strerror(error.errno or 0)  # the text of the error itself repeats the address
        advice = LISTEN_ADVICE.get(error.errno or 0, "Choose another with --port.")
    raise SettingsError(f"Port {settings.port} on {settings.host} cannot be used: {why}. {advice}")


def _check_readable(experiments: Path) -> None:
    try:
        next(experiments.iterdir(), None)
    except FileNotFoundError:
        return  # it may come later
    except OSError as error:
        raise SettingsError(
            f"The experiments in {experiments} cannot be read: {error.strerror}. "
            "Allow reading them, or choose another folder with --experiments."
        ) from error


async def _stop(parts: Parts, runner: web.AppRunner, watching: Tasks) -> None:
    """Take no new work, let running work end, say good-bye: each for a bounded time.

    Whoever is still busy then is left behind; the process ends without it.
    """
    for site in list(runner.sites):
        await site.stop()
    parts.calls.stop()
    await parts.sessions.finish_work(PATIENCE_SECONDS)
    ending = Tasks()
    ending.start(watching.cancel(GOODBYE_SECONDS), "ending the watchers")
    ending.start(parts.sessions.tasks.cancel(GOODBYE_SECONDS), "cancelling calls")
    ending.start(parts.sockets.close(GOODBYE_SECONDS), "closing the sockets")
    ending.start(runner.cleanup(), "ending the web server")
    await ending.finish(GOODBYE_SECONDS)
