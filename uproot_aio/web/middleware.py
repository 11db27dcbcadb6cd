"""Errors to responses, in one place; and headers that every response carries."""

from __future__ import annotations

import json
import logging

from aiohttp import web
from aiohttp.typedefs import Handler

from uproot_aio.errors import ParticipantError, StorageError, UprootError
from uproot_aio.web.admin_keys import ADMIN
from uproot_aio.web.admin_respond import problem
from uproot_aio.web.keys import PARTS
from uproot_aio.web.page_errors import PageError
from uproot_aio.web.page_views import UNCACHEABLE

CALM_STATUSES = frozenset({404, 413})
KEPT_HEADERS = frozenset({"Allow", "WWW-Authenticate"})
logger = logging.getLogger("uproot_aio")


@web.middleware
async def errors_to_responses(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever a view raises into a calm page, or into JSON for the REST API."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400 or (
            error.status not in CALM_STATUSES and not request.path.startswith("/admin/")
        ):
            raise
        message = error.reason if _wants_json(request) else error.text or error.reason
        response = _respond(request, error.status, message)
        response.headers.extend((name, error.headers[name]) for name in KEPT_HEADERS & error.headers.keys())
        return response
    except ParticipantError as error:
        return _respond(request, error.status, str(error))
    except StorageError as error:
        logger.error("%s %s: %s", request.method, request.path, error)
        return _respond(request, error.status, str(error))
    except Exception as error:  # outermost frame of a request: the server goes on
        details = request.app[ADMIN].page_errors.note(request, error)
        logger.error("%s", details or f"{request.method} {request.path} failed", exc_info=error)
        status = error.status if isinstance(error, UprootError) else 500
        return _respond(request, status, "Internal server error", details)


def _wants_json(request: web.Request) -> bool:
    return request.path.startswith("/admin/api/")


def _respond(
    request: web.Request, status: int, message: str, details: PageError | None = None
) -> web.Response:
    if _wants_json(request):
        return web.json_response({"detail": message}, status=status, dumps=json.dumps)
    if request.path.startswith("/admin/"):
        return problem(request, status, message)
    return _calm(request, status, details)


def _calm(request: web.Request, status: int, details: PageError | None) -> web.Response:
    kind = {404: "not-found", 413: "too-large", 503: "storage"}.get(status, "error")
    parts = request.app[PARTS]
    html = parts.renderer.render_calm(kind, details if parts.show_errors else None)
    return web.Response(text=html, status=status, content_type="text/html", headers=UNCACHEABLE)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add the security headers that fit every response, and do not say what software this is."""
    response.headers.pop("Server", None)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
