"""The experimenter's pages: the overview, one session, one player."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

import segno
from aiohttp import web
from markupsafe import Markup

from uproot_aio.engine import watch
from uproot_aio.engine.open_session import OpenSession
from uproot_aio.engine.sessions import SERVER
from uproot_aio.engine.summaries import apps_of
from uproot_aio.errors import NotFound
from uproot_aio.state.identifiers import SESSION, OwnerId, PlayerId, SessionId, player_owner
from uproot_aio.state.session_state import SessionState
from uproot_aio.web.admin_keys import ADMIN
from uproot_aio.web.admin_respond import respond, respond_in_thread
from uproot_aio.web.auth import current_login
from uproot_aio.web.keys import PARTS
from uproot_aio.web.origin import scheme_of

SESSIONS_A_PAGE = 50
LONGEST_VALUE = 20_000
BOOKKEEPING = frozenset({"config", "app", "page_order", "show_page", "started"})
BORN_EMPTY = {"label": "", "payoff": "0"}
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
UNKNOWN_SESSION = 4404


@dataclass(frozen=True, slots=True)
class Column:
    """A field as a column; `is_shown` says whether it is of interest without being asked for."""

    field: str
    is_shown: bool


@dataclass(frozen=True, slots=True)
class Value:
    """A field with its whole value as text; `is_internal` says that it is the framework's, not the author's."""

    field: str
    text: str
    is_internal: bool


async def overview(request: web.Request) -> web.StreamResponse:
    """Show all experiments and, the newest first, all sessions."""
    parts = request.app[PARTS]
    names = (await parts.sessions.names())[::-1]
    last_page = max(1, -(-len(names) // SESSIONS_A_PAGE))
    asked = request.query.get("page", "")
    page = min(int(asked), last_page) if asked.isascii() and asked.isdigit() and len(asked) < 9 else 1
    page = max(1, page)
    shown = names[(page - 1) * SESSIONS_A_PAGE : page * SESSIONS_A_PAGE]
    library = parts.library
    return respond(
        request,
        "Overview",
        sessions=await request.app[ADMIN].summaries.of(shown),
        sessions_in_all=len(names),
        page=page,
        last_page=last_page,
        apps=sorted(library.apps.values(), key=lambda app: app.name),
        mistakes=dict(sorted(library.mistakes.items())),
        experiments=str(library.folder or ""),
    )


async def session(request: web.Request) -> web.StreamResponse:
    """Show one session: who is where, and what everybody's fields are."""
    opened = await open_session(request)
    fields = _values(opened.state, SESSION)
    seen = await watch.overview(opened)  # waits until all of this, the session's fields included, is on disk
    config = str(opened.state.get(SESSION, "config", ""))
    apps = apps_of(opened.state)
    library = request.app[PARTS].library
    [summary] = await request.app[ADMIN].summaries.of([opened.id])
    return await respond_in_thread(
        request,
        "Session",
        session=opened.id,
        config=config,
        apps=apps,
        missing=[name for name in apps if name not in library.apps],
        broken=[name for name in apps if name in library.mistakes],
        created=summary.created,
        seen=seen,
        columns=_columns(seen.rows),
        links={row.player: player_link(request, opened.id, row.player) for row in seen.rows},
        fields=fields,
        error=request.app[ADMIN].page_errors.last(opened.id),
        is_local=is_local(request),
    )


async def player(request: web.Request) -> web.StreamResponse:
    """Show one player: their link, its QR code, and all their fields."""
    opened = await open_session(request)
    name = PlayerId(request.match_info["player"])
    if not opened.state.has_player(name):
        raise NotFound(f"Session {opened.id} has no player {name}.")
    number = opened.state.get(player_owner(name), "id", 0)
    fields = _values(opened.state, player_owner(name))
    where = watch.whereabouts(opened.state, name)
    await opened.saved()
    link = player_link(request, opened.id, name)
    code = segno.make(link, error="m", micro=False).svg_inline(omitsize=True, border=2, svgclass="qr")
    return respond(
        request,
        "Player",
        session=opened.id,
        player=name,
        number=number,
        where=where,
        link=link,
        code=Markup(code),
        fields=fields,
        is_local=is_local(request),
    )


async def feed(request: web.Request) -> web.StreamResponse:
    """Serve the WebSocket of a session's page: what changes after commit number `after`."""
    sockets = request.app[ADMIN].sockets
    asked = request.query.get("after", "")
    after = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else -1
    socket = sockets.prepare()
    await socket.prepare(request)
    try:
        opened = await open_session(request)
    except NotFound:
        await socket.close(code=UNKNOWN_SESSION, message=b"unknown session")
        return socket
    await sockets.serve(socket, opened, after, current_login(request))
    return socket


async def open_session(request: web.Request) -> OpenSession:
    """Return the session that the address names.

    Raises:
        NotFound: there is none.
    """
    return await request.app[PARTS].sessions.open(session_name(request))


def session_name(request: web.Request) -> SessionId:
    """Return the session's name in the address.

    Raises:
        NotFound: it is the server's own log, which is no session.
    """
    name = SessionId(request.match_info["session"])
    if name == SERVER:
        raise NotFound(f"There is no session {name}.")
    return name


def player_link(request: web.Request, session_: SessionId, name: PlayerId) -> str:
    """Return a player's whole link, as the experimenter's browser reaches this server."""
    return f"{scheme_of(request)}://{request.host}/p/{session_}/{name}/"


def is_local(request: web.Request) -> bool:
    """Say whether links made for this browser work only on its own machine."""
    return urlsplit(f"//{request.host}").hostname in LOCAL_HOSTS


def _columns(rows: Iterable[watch.Row]) -> list[Column]:
    """Return all fields that players have, in the order in which they came to be."""
    found: dict[str, bool] = {}
    for row in rows:
        for field, text in row.cells.items():
            if field == "id":
                continue  # has a column of its own
            is_of_interest = field not in BOOKKEEPING and text != BORN_EMPTY.get(field)
            found[field] = found.get(field, False) or is_of_interest
    return [Column(field, is_shown) for field, is_shown in found.items()]


def _values(state: SessionState, owner: OwnerId) -> list[Value]:
    return [
        Value(
            name,
            watch.cell_text(field, LONGEST_VALUE) or "",
            watch.is_internal(name) or name in BOOKKEEPING,
        )
        for name, field in state.fields(owner)
    ]
