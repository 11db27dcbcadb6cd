"""GET and POST of a player's pages, and the player's WebSocket."""

from __future__ import annotations

import logging
from typing import Any, Final

from aiohttp import WSCloseCode, web
from multidict import MultiDict

from uproot_aio.engine.visit_page import Submission
from uproot_aio.errors import NotFound, StorageError
from uproot_aio.state.identifiers import PlayerId, SessionId
from uproot_aio.web.keys import PARTS
from uproot_aio.web.origin import is_same_origin

logger = logging.getLogger("uproot_aio")
UNKNOWN_PLAYER: Final = 4404
UNCACHEABLE: Final = {
    "Cache-Control": "no-store, no-cache, must-revalidate, max-age=0",
    "X-Frame-Options": "SAMEORIGIN",
}


def _names(request: web.Request) -> tuple[SessionId, PlayerId]:
    return SessionId(request.match_info["session"]), PlayerId(request.match_info["player"])


async def show(request: web.Request) -> web.Response:
    """Show the player's current page. A browser that only prefetches gets an empty answer and moves nobody."""
    if "prefetch" in request.headers.get("Sec-Purpose", request.headers.get("Purpose", "")):
        return web.Response(status=204, headers=UNCACHEABLE)
    return await _visit(request, None)


async def submit(request: web.Request) -> web.Response:
    """Take the player's form and show the page that comes then."""
    posted: MultiDict[Any] = MultiDict(await request.post())
    position = str(posted.pop("_uproot_from", ""))
    token = str(posted.pop("_uproot_csrf", ""))
    return await _visit(request, Submission(position, token, posted))


async def _visit(request: web.Request, submission: Submission | None) -> web.Response:
    parts = request.app[PARTS]
    session_id, player = _names(request)
    session = await parts.sessions.open(session_id)
    html = await parts.visits.visit(session, player, submission)
    return web.Response(text=html, content_type="text/html", headers=UNCACHEABLE)


async def robots(request: web.Request) -> web.Response:
    """Ask search engines to stay away: links of participants are theirs alone."""
    return web.Response(text="User-agent: *\nDisallow: /\n")


async def connect(request: web.Request) -> web.StreamResponse:
    """Serve the WebSocket of one page load."""
    parts = request.app[PARTS]
    if not is_same_origin(request):
        raise web.HTTPForbidden(text="This socket can only be opened from the server's own pages.")
    session_id, player = _names(request)
    socket = parts.sockets.prepare()
    await socket.prepare(request)
    try:
        session = await parts.sessions.open(session_id)
        if not session.state.has_player(player):
            raise NotFound(f"Session {session_id} has no player {player}.")
    except NotFound:
        await socket.close(code=UNKNOWN_PLAYER, message=b"unknown session or player")
        return socket
    except StorageError as error:
        logger.error("Session %s cannot be opened: %s", session_id, error)
        await socket.close(code=WSCloseCode.TRY_AGAIN_LATER)
        return socket
    transport = request.transport
    if transport is not None:  # None: the browser has gone meanwhile
        await parts.sockets.serve(socket, transport, session, player)
    return socket
