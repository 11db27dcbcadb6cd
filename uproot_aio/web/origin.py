"""Whether a request comes from one of our own pages."""

from __future__ import annotations

from urllib.parse import urlsplit

from aiohttp import web

_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def scheme_of(request: web.Request) -> str:
    """Return the scheme that the browser used; a proxy in front of us says so in X-Forwarded-Proto."""
    forwarded = request.headers.get("X-Forwarded-Proto", "").partition(",")[0].strip().lower()
    return forwarded or request.scheme


def is_same_origin(request: web.Request) -> bool:
    """Say whether the request's Origin is our own scheme, host and port; without an Origin it is not."""
    try:
        origin = urlsplit(request.headers.get("Origin", ""))
        own = urlsplit(f"{scheme_of(request)}://{request.host}")
        ports = [part.port or _DEFAULT_PORTS.get(part.scheme) for part in (origin, own)]
    except ValueError:
        return False
    return bool(origin.hostname) and (origin.scheme, origin.hostname, ports[0]) == (
        own.scheme,
        own.hostname,
        ports[1],
    )


def comes_from_us(request: web.Request) -> bool:
    """Say whether a browser sent this request from one of our own pages.

    Sec-Fetch-Site cannot be forged by a page and survives a proxy that changes the host, so it decides where it is sent
    ("none": the person themselves, as when a page is reloaded); older browsers and plain http have only the Origin.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in {"same-origin", "none"}
    return is_same_origin(request)
