"""The REST interface for scripts: make sessions, look at them, read players' values."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from aiohttp import web

from uproot_aio.engine.configs import apps_of_config
from uproot_aio.engine.export_values import export_json
from uproot_aio.engine.installed import installed_packages
from uproot_aio.engine.open_session import OpenSession
from uproot_aio.engine.summaries import Summary, apps_of
from uproot_aio.errors import NotFound, ParticipantError, UnencodableAnswer, Unstorable
from uproot_aio.experiment.json_values import to_rest_json
from uproot_aio.state.identifiers import SESSION, PlayerId, player_owner
from uproot_aio.state.session_state import SessionState
from uproot_aio.web import rest_body
from uproot_aio.web.admin_keys import ADMIN
from uproot_aio.web.admin_new_session import MOST_PLAYERS
from uproot_aio.web.admin_views import open_session
from uproot_aio.web.keys import PARTS

DEFAULT_FIELDS: Final = ("id", "page_order", "show_page", "started", "label")
_encode = msgspec.json.Encoder().encode


class SessionInfo(msgspec.Struct, frozen=True):
    """A session in the list of all."""

    sname: str
    created: float
    active: bool
    config: str
    room: str | None
    description: str | None
    n_players: int
    n_groups: int


class SessionDetail(msgspec.Struct, frozen=True):
    """A session by itself."""

    sname: str
    config: str
    active: bool
    testing: bool
    initialized: bool
    simulate: bool
    description: str | None
    room: str | None
    settings: msgspec.Raw
    secret: str | None
    n_players: int
    n_groups: int
    n_models: int
    players: list[str]
    groups: list[str]
    models: list[str]
    apps: list[str]
    urls: dict[str, str | None]


class NewSession(msgspec.Struct, frozen=True):
    """What a script asks for when it makes a session."""

    config: str
    n_players: int
    sname: str | None
    unames: list[str] | None
    settings: dict[str, Any] | None
    simulate: bool


async def create_session(request: web.Request) -> web.StreamResponse:
    """Make a session, entirely or not at all."""
    try:
        asked = _new_session(await rest_body.read_object(request))
    except rest_body.Unprocessable as error:
        return _json({"detail": error.problems}, status=422)
    parts = request.app[PARTS]
    apps = apps_of_config(parts.library.apps, asked.config)
    if apps is None:
        raise ParticipantError("Invalid configuration")
    if asked.simulate:
        raise ParticipantError("Simulated sessions do not exist yet: leave out simulate, or set it to false.")
    if asked.unames is not None and len(asked.unames) != asked.n_players:
        raise ParticipantError("Number of player names must match n_players")
    try:
        created = await parts.sessions.create(
            asked.config,
            apps,
            players=asked.n_players if asked.unames is None else asked.unames,
            settings=asked.settings or {},
            name=asked.sname,
            packages=await asyncio.to_thread(installed_packages),
        )
    except Unstorable as error:
        raise ParticipantError(str(error)) from None
    return _json({"sname": created.id, "created": True}, status=201)


def _new_session(body: dict[str, Any]) -> NewSession:
    fields = rest_body.Fields(body)
    asked = NewSession(
        config=fields.take("config", rest_body.text),
        n_players=fields.take("n_players", rest_body.number(0, MOST_PLAYERS)),
        sname=fields.take("sname", rest_body.text, None),
        unames=fields.take("unames", rest_body.texts, None),
        settings=fields.take("settings", rest_body.mapping, None),
        simulate=fields.take("simulate", rest_body.boolean, False),
    )
    fields.check()
    return asked


async def sessions(request: web.Request) -> web.StreamResponse:
    """Return all sessions, by name, in the order in which they were made."""
    names = await request.app[PARTS].sessions.names()
    found = await request.app[ADMIN].summaries.of(names)
    return _json({summary.name: _info(summary) for summary in found})


def _info(summary: Summary) -> SessionInfo:
    return SessionInfo(
        sname=summary.name,
        created=summary.created,
        active=summary.is_active,
        config=summary.config,
        room=summary.room,
        description=summary.description,
        n_players=summary.players,
        n_groups=summary.groups,
    )


async def session(request: web.Request) -> web.StreamResponse:
    """Return one session."""
    opened = await _open(request)
    response = _json(_detail(opened.state))
    await opened.saved()
    return response


def _detail(state: SessionState) -> SessionDetail:
    players, groups, models = (list(state.members(kind)) for kind in ("player", "group", "model"))
    description, room = state.get(SESSION, "description"), state.get(SESSION, "room")
    return SessionDetail(
        sname=state.session,
        config=str(state.get(SESSION, "config", "")),
        active=state.get(SESSION, "active", True) is True,
        testing=state.get(SESSION, "_uproot_testing") is True,
        initialized=state.get(SESSION, "_uproot_initialized") is True,
        simulate=state.get(SESSION, "_uproot_simulate") is True,
        description=None if description is None else str(description),
        room=None if room is None else str(room),
        settings=rest_value(state.get(SESSION, "_uproot_settings", {})),
        secret=None,
        n_players=len(players),
        n_groups=len(groups),
        n_models=len(models),
        players=players,
        groups=groups,
        models=models,
        apps=list(apps_of(state)),
        urls={"session": None, "player_template": f"/p/{state.session}/{{uname}}/"},
    )


async def players(request: web.Request) -> web.StreamResponse:
    """Return current values of all players, by name."""
    opened = await _open(request)
    names = [PlayerId(name) for name in opened.state.members("player")]
    response = _json({name: _fields(opened.state, name, _asked(request)) for name in names})
    await opened.saved()
    return response


async def player(request: web.Request) -> web.StreamResponse:
    """Return current values of one player."""
    opened = await _open(request)
    name = PlayerId(request.match_info["player"])
    if not opened.state.has_player(name):
        raise NotFound(f"Player '{name}' not found in session '{opened.id}'")
    response = _json(_fields(opened.state, name, _asked(request)))
    await opened.saved()
    return response


def _asked(request: web.Request) -> Sequence[str]:
    return request.query.getall("fields", None) or DEFAULT_FIELDS


def _fields(state: SessionState, name: PlayerId, fields: Iterable[str]) -> dict[str, msgspec.Raw]:
    return {field: rest_value(state.get(player_owner(name), field)) for field in fields}


def rest_value(value: object) -> msgspec.Raw:
    """Return a value as JSON: Decimals as texts, identifiers as objects; what that cannot say, as downloads do."""
    try:
        return msgspec.Raw(to_rest_json(value))
    except UnencodableAnswer:
        return msgspec.Raw(export_json(value))


async def _open(request: web.Request) -> OpenSession:
    try:
        return await open_session(request)
    except NotFound:
        raise NotFound("Session not found") from None


def _json(value: object, *, status: int = 200) -> web.Response:
    return web.Response(body=_encode(value), status=status, content_type="application/json")
