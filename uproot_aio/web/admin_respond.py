"""Answer an experimenter's request with one of the pages."""

from __future__ import annotations

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
    login = login_of(request)
    html = request.app[ADMIN].pages.render(
        template,
        login=login,
        form_token=login.form_token if login else "",
        now=request.app[PARTS].sessions.clock.time(),
        **context,
    )
    return web.Response(text=html, status=status, content_type="text/html")


def problem(request: web.Request, status: int, message: str) -> web.Response:
    """Return a page that says what went wrong, and what to do."""
    heading = PROBLEMS.get(status, "Something went wrong")
    return respond(request, "Problem", status=status, heading=heading, message=message)
