"""The page on which an experimenter makes a session."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from uproot_aio.engine.configs import apps_of_config
from uproot_aio.engine.installed import installed_packages
from uproot_aio.engine.open_session import OpenSession
from uproot_aio.errors import ParticipantError, Unstorable
from uproot_aio.web.admin_respond import respond
from uproot_aio.web.auth import read_form
from uproot_aio.web.keys import PARTS
from uproot_aio.web.settings_text import read_settings

MOST_PLAYERS = 10_000


async def show(request: web.Request) -> web.StreamResponse:
    """Show the form; if there is one experiment only, it is chosen already."""
    apps = list(request.app[PARTS].library.apps)
    chosen = apps[0] if len(apps) == 1 else ""
    return _page(request, {"config": request.query.get("config", chosen)}, {})


async def create(request: web.Request) -> web.StreamResponse:
    """Make the session and lead to its page; or show the form again with what was typed and what is wrong."""
    typed = await read_form(request)
    errors: dict[str, str] = {}
    created = await _create(request, typed, errors)
    if created is None:
        return _page(request, typed, errors, status=400)
    raise web.HTTPSeeOther(f"/admin/session/{created.id}/")


async def _create(request: web.Request, typed: dict[str, str], errors: dict[str, str]) -> OpenSession | None:
    """Return the new session, None with `errors` by field if something typed cannot be used."""
    parts = request.app[PARTS]
    config = typed.get("config", "")
    apps = apps_of_config(parts.library.apps, config)
    if apps is None:
        errors["config"] = f'There is no experiment "{config}" now. Choose one of the list.'
    players = _number(typed.get("nplayers", ""), errors)
    settings: dict[str, Any] = {}
    try:
        settings = read_settings(typed.get("settings", ""))
    except ParticipantError as error:
        errors["settings"] = str(error)
    if errors or apps is None:
        return None
    try:
        return await parts.sessions.create(
            config,
            apps,
            players=players,
            settings=settings,
            name=typed.get("sname", "").strip() or None,
            packages=await asyncio.to_thread(installed_packages),
        )
    except Unstorable as error:
        errors["settings"] = str(error)
    except ParticipantError as error:
        errors["sname"] = f"{str(error).rstrip('.')}."
    return None


def _number(text: str, errors: dict[str, str]) -> int:
    text = text.strip()
    if text.isascii() and text.isdigit() and len(text) < 9 and int(text) <= MOST_PLAYERS:
        return int(text)
    errors["nplayers"] = f"Write a whole number from 0 to {MOST_PLAYERS}."
    return 0


def _page(
    request: web.Request, typed: dict[str, str], errors: dict[str, str], *, status: int = 200
) -> web.Response:
    apps = request.app[PARTS].library.apps
    values = {
        "config": typed.get("config", "").removeprefix("~"),
        "nplayers": typed.get("nplayers", "1"),
        "settings": typed.get("settings", ""),
        "sname": typed.get("sname", ""),
    }
    return respond(
        request,
        "NewSession",
        status=status,
        apps=sorted(apps.values(), key=lambda app: app.name),
        values=values,
        errors=errors,
        most_players=MOST_PLAYERS,
    )
