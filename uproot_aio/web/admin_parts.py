"""Make the parts of the experimenter's side."""

from __future__ import annotations

import asyncio
from pathlib import Path

from aiohttp import web

from uproot_aio.engine.sessions import Sessions
from uproot_aio.engine.summaries import Summaries
from uproot_aio.web.admin_keys import ADMIN, Admin
from uproot_aio.web.admin_pages import AdminPages
from uproot_aio.web.admin_socket import AdminSockets
from uproot_aio.web.auth import Door, add_admin_headers
from uproot_aio.web.keys import PARTS
from uproot_aio.web.login_limiter import LoginLimiter
from uproot_aio.web.logins import Logins
from uproot_aio.web.page_errors import PageErrors
from uproot_aio.web.static_files import StaticFiles


async def make_admin(
    app: web.Application, *, sessions: Sessions, templates: Path, static: StaticFiles, password: str | None
) -> Admin:
    """Put the experimenter's side into the application; its routes are in routes.py.

    Args:
        templates: our own; those of experiments never show up on these pages.
        password: None for a one-click login.
    """
    pages = AdminPages(templates, static)
    await asyncio.to_thread(pages.read)
    logins = Logins(sessions.clock)
    folder = app[PARTS].library.folder
    folders = [] if folder is None else [folder, folder.absolute().parent / "templates"]
    admin = Admin(
        door=await Door.make(password),
        logins=logins,
        limiter=LoginLimiter(sessions.clock),
        pages=pages,
        summaries=Summaries(sessions),
        sockets=AdminSockets(logins),
        page_errors=PageErrors(folders),
    )
    app[ADMIN] = admin
    app.on_response_prepare.append(add_admin_headers)
    app.on_shutdown.append(lambda _: admin.sockets.close())
    return admin
