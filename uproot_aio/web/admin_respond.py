"""Answer an experimenter's request with one of the pages."""

from __future__ import annotations

import asyncio

from aiohttp import web

from uproot_aio.web.admin_keys import ADMIN
from uproot_aio.web.auth import login_of
from uproot_aio.web.keys import PARTS

PROBLEMS = {
    400: "That did not work",
    403: "Not from here",
    404: "There is no such page",
    413: "That is too large",
    503: "The data cannot be read or written",
}


def respond(request: web.Request, template: str, *, status: int = 200, **context: object) -> web.Response:
    """Return a rendered page."""
    html = request.app[ADMIN].pages.render(template, **_common(request), **context)
    return web.Response(text=html, status=status, content_type="text/html")


async def respond_in_thread(request: web.Request, template: str, **context: object) -> web.Response:
    """Return a page that may be long, rendered while others are served: a thousand players take 0.3 s.

    Args:
        context: plain values, nothing that changes meanwhile.
    """
    render = request.app[ADMIN].pages.render
    html = await asyncio.to_thread(render, template, **_common(request), **context)
    return web.Response(text=html, content_type="text/html")


def _common(request: web.Request) -> dict[str, object]:
    login = login_of(request)
    return {
        "login": login,
        "form_token": login.form_token if login else "",
        "now": request.app[PARTS].sessions.clock.time(),
    }


def problem(request: web.Request, status: int, message: str) -> web.Response:
    """Return a page that says what went wrong, and what to do."""
    heading = PROBLEMS.get(status, "Something went wrong")
    return respond(request, "Problem", status=status, heading=heading, message=message)
