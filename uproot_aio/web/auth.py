"""Who may use the experimenter's pages: the door, the cookie, the origin and the token of forms; and who the API."""

from __future__ import annotations

import asyncio
import functools
import secrets
from collections.abc import Awaitable, Callable
from typing import Final

import argon2
from aiohttp import web

from uproot_aio.web.admin_keys import ADMIN
from uproot_aio.web.keys import PARTS
from uproot_aio.web.logins import USER, Login, is_same_secret
from uproot_aio.web.origin import comes_from_us, is_same_origin, scheme_of

COOKIE: Final = "uauth"
LOGIN_PATH: Final = "/admin/login/"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
FORM_TYPE: Final = "application/x-www-form-urlencoded"
CONTENT_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Door:
    """What opens the experimenter's pages: a password, or without one a token that the start page shows.

    Make it with `await Door.make(password)`; the password itself is not kept.
    """

    def __init__(self, password_hash: str | None) -> None:
        self._hash = password_hash
        self._checking = asyncio.Semaphore(1)  # a check takes 64 MiB
        self.token = secrets.token_urlsafe(32) if password_hash is None else None

    @classmethod
    async def make(cls, password: str | None) -> Door:
        """Return a door for a password, or for a token if there is none."""
        if password is None:
            return cls(None)
        return cls(await asyncio.to_thread(argon2.PasswordHasher().hash, _bytes(password)))

    async def opens(self, *, user: str, password: str, token: str) -> bool:
        """Say whether these are the right credentials. Takes equally long for a wrong user and a wrong password."""
        if self._hash is None:
            return self.token is not None and is_same_secret(token, self.token)
        async with self._checking:
            is_right = await asyncio.to_thread(_verify, self._hash, password)
        return is_same_secret(user, USER) and is_right


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


def _verify(password_hash: str, password: str) -> bool:
    try:
        return argon2.PasswordHasher().verify(password_hash, _bytes(password))
    except argon2.exceptions.VerificationError:
        return False


def login_of(request: web.Request) -> Login | None:
    """Return the login that the request's cookie stands for."""
    return request.app[ADMIN].logins.find(request.cookies.get(COOKIE))


def current_login(request: web.Request) -> Login:
    """Return the login of a request.

    Raises:
        HTTPSeeOther: there is none; leads to the way in.
    """
    login = login_of(request)
    if login is None:
        raise web.HTTPSeeOther(LOGIN_PATH)
    return login


def set_cookie(request: web.Request, response: web.Response, value: str, max_age: int) -> None:
    """Give the browser the cookie of a login; `max_age` 0 takes it back."""
    response.set_cookie(
        COOKIE,
        value,
        max_age=max_age,
        path="/",
        httponly=True,
        samesite="Strict",
        secure=scheme_of(request) == "https",
    )


def experimenter_only(handler: Handler) -> Handler:
    """Let a view be reached only by a logged-in experimenter; changes also only from our own forms."""

    @functools.wraps(handler)
    async def guarded(request: web.Request) -> web.StreamResponse:
        login = current_login(request)
        if request.method not in SAFE_METHODS:
            form = await read_form(request)
            if not is_same_secret(form.get("csrf", ""), login.form_token):
                raise web.HTTPForbidden(
                    text="This form is out of date. Go back, reload the page and try again."
                )
        return await handler(request)

    return guarded


def experimenter_socket(handler: Handler) -> Handler:
    """Let a WebSocket be opened only by a logged-in experimenter's page of ours."""

    @functools.wraps(handler)
    async def guarded(request: web.Request) -> web.StreamResponse:
        if login_of(request) is None or not is_same_origin(request):
            raise web.HTTPForbidden(text="This socket can only be opened from the experimenter's own pages.")
        return await handler(request)

    return guarded


async def read_form(request: web.Request) -> dict[str, str]:
    """Return the fields of one of our own forms.

    Raises:
        HTTPForbidden: another site sent it.
        HTTPBadRequest: it is no such form.
    """
    if not comes_from_us(request):
        raise web.HTTPForbidden(text="This form was sent by another site, so nothing was done.")
    try:
        if request.content_type != FORM_TYPE:
            raise ValueError(request.content_type)
        posted = await request.post()
    except (ValueError, LookupError):  # an unknown or wrong character set is one, too
        raise web.HTTPBadRequest(
            text="This is no form of ours. Go back, reload the page and try again."
        ) from None
    return {name: value for name, value in posted.items() if isinstance(value, str)}


def bearer_only(handler: Handler) -> Handler:
    """Let a view be reached only with one of the API keys; with no keys, not at all."""

    @functools.wraps(handler)
    async def guarded(request: web.Request) -> web.StreamResponse:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        matches = [is_same_secret(given, key) for key in request.app[PARTS].api_keys]
        if scheme != "Bearer" or not any(matches):
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"})
        return await handler(request)

    return guarded


async def add_admin_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Keep what experimenters see out of caches, frames and reach of foreign scripts."""
    if request.path.startswith("/admin/"):
        response.headers["Cache-Control"] = "no-store"
        response.headers["Content-Security-Policy"] = CONTENT_POLICY
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["X-Content-Type-Options"] = "nosniff"
