"""Log in and out."""

from __future__ import annotations

import math

from aiohttp import web

from uproot_aio.web.admin_keys import ADMIN
from uproot_aio.web.admin_respond import respond
from uproot_aio.web.auth import LOGIN_PATH, current_login, login_of, read_form, set_cookie
from uproot_aio.web.logins import LIFETIME_SECONDS, USER

HOME = "/admin/"


async def home(request: web.Request) -> web.StreamResponse:
    """Lead from the server's root to the experimenter's pages."""
    raise web.HTTPSeeOther(HOME)


async def show(request: web.Request) -> web.StreamResponse:
    """Show how to log in."""
    if login_of(request) is not None:
        raise web.HTTPSeeOther(HOME)
    is_bad = "bad" in request.query
    return _login_page(request, status=401 if is_bad else 200, is_bad=is_bad)


async def log_in(request: web.Request) -> web.StreamResponse:
    """Check what was typed, unless too much was typed wrongly before."""
    form = await read_form(request)
    admin = request.app[ADMIN]
    if (seconds := admin.limiter.wait_seconds(request.remote)) > 0:
        return _login_page(request, status=429, wait_seconds=math.ceil(seconds))
    admin.limiter.attempt(request.remote)
    opens = await admin.door.opens(
        user=form.get("user", USER),
        password=form.get("pw", ""),
        token=form.get("token", "").strip().rpartition("#")[2],
    )
    if not opens:
        raise web.HTTPSeeOther(f"{LOGIN_PATH}?bad=1")
    admin.limiter.success(request.remote)
    response = web.Response(status=303, headers={"Location": HOME})
    set_cookie(request, response, admin.logins.begin(USER), LIFETIME_SECONDS)
    return response


async def log_out(request: web.Request) -> web.StreamResponse:
    """End the login, close its sockets and forget the cookie."""
    request.app[ADMIN].logins.end(current_login(request))
    response = web.Response(status=303, headers={"Location": LOGIN_PATH})
    set_cookie(request, response, "", 0)
    return response


def _login_page(
    request: web.Request, *, status: int, is_bad: bool = False, wait_seconds: int = 0
) -> web.Response:
    response = respond(
        request,
        "Login",
        status=status,
        has_password=request.app[ADMIN].door.token is None,
        is_bad=is_bad,
        wait_seconds=wait_seconds,
    )
    if wait_seconds:
        response.headers["Retry-After"] = str(wait_seconds)
    return response
