"""What the framework itself stores: the fields that sessions and players are born with, and where a player is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from uproot_aio.state.identifiers import (
    SESSION,
    OwnerId,
    PlayerId,
    SessionId,
    SessionIdentifier,
    player_owner,
)
from uproot_aio.state.session_state import SessionState
from uproot_aio.state.unit_of_work import UnitOfWork

LINE = "uproot_aio"
BEFORE_START = -1
STRUCTURAL = frozenset({"id", "config", "app", "page_order", "show_page", "started"})
"""Fields of players that say where they are; author code may assign them, but no form may."""


def make_session(
    unit: UnitOfWork,
    config: str,
    apps: Sequence[str],
    settings: Mapping[str, Any],
    packages: Mapping[str, str],
) -> None:
    """Write what a new session is born with."""
    unit.create(SESSION)
    fields: dict[str, object] = {
        "sid": SessionIdentifier(unit.state.session),
        "config": config,
        "apps": tuple(apps),
        "active": True,
        "description": None,
        "room": None,
        "packages": dict(packages),
        "_uproot_settings": dict(settings),
        "_uproot_initialized": False,
        "_uproot_simulate": False,
        "_uproot_testing": False,
    }
    _write_all(unit, SESSION, fields)


def make_player(unit: UnitOfWork, name: str, index: int, config: str, key: UUID) -> None:
    """Write what a new player is born with; `index` is their place in the session."""
    owner = player_owner(name)
    unit.create(owner)
    fields: dict[str, object] = {
        "id": index,
        "label": "",
        "payoff": Decimal(0),
        "config": config,
        "app": None,
        "page_order": [],
        "show_page": BEFORE_START,
        "started": False,
        "_uproot_key": key,
        "_uproot_group": None,
        "_uproot_initialized": False,
        "_uproot_part": 0,
        "_uproot_timeouts_until": {},
        "_uproot_what_ran": frozenset(),
        "_uproot_dropout": False,
    }
    _write_all(unit, owner, fields)


def _write_all(unit: UnitOfWork, owner: OwnerId, fields: Mapping[str, object]) -> None:
    for name, value in fields.items():
        unit.write(owner, name, value, LINE)


def place_of(state: SessionState, player: PlayerId) -> tuple[int, str]:
    """Return where the player is: the index in their page order, and the path, "app/Class", of the page there.

    Before the start the index is -1, at the end it is the order's length; there is no page there, so the path is empty.
    """
    owner = player_owner(player)
    shown, order = state.field(owner, "show_page"), state.field(owner, "page_order")
    position = BEFORE_START if shown is None else shown.peek()
    paths = () if order is None else order.peek()
    if not isinstance(position, int):
        position = BEFORE_START
    if isinstance(paths, list) and 0 <= position < len(paths):
        return position, str(paths[position])
    return position, ""


def position_of(state: SessionState, player: PlayerId) -> int:
    """Return the index of the player's page in their page order; -1 before the start, its length at the end."""
    return place_of(state, player)[0]


def token_of(state: SessionState, session: SessionId, player: PlayerId) -> str:
    """Return what a form of this player must send along."""
    return f"{session}+{player}+{state.get(player_owner(player), '_uproot_key')}"
