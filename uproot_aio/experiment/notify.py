"""notify(), send_to(), send_to_one(), reload(): put a notice into the open unit of work.

It leaves the server when the unit's commit is on disk, in order, to every open tab of each recipient; if the unit is
undone it never existed.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import EllipsisType
from typing import Any

from uproot_aio.errors import AuthorError, NoOpenUnit
from uproot_aio.experiment.handles import Player
from uproot_aio.experiment.json_values import to_json
from uproot_aio.state.atoms import is_native
from uproot_aio.state.commit import Notice
from uproot_aio.state.identifiers import PlayerId, PlayerIdentifier
from uproot_aio.state.unit_of_work import UnitOfWork, current_unit

PlayerLike = Player | PlayerIdentifier
RECEIVED = "_uproot_Received"
RELOAD = "_uproot_Reload"


def send_to_one(
    recipient: PlayerLike, data: Any, event: str = RECEIVED, *, where: int | EllipsisType = ...
) -> None:
    """Send to one player; see `send_to`."""
    _put([_player(recipient)], data, event, where)


def send_to(
    recipient: PlayerLike | Iterable[PlayerLike],
    data: Any,
    event: str = RECEIVED,
    *,
    where: int | EllipsisType = ...,
) -> None:
    """Send a message to a player or several.

    Args:
        recipient: players or their identifiers, of this session.
        data: anything JSON can say.
        event: `uproot.receive(data)` gets it by default; any other name reaches `uproot.onCustomEvent(name, ...)`.
        where: a position sends only to players who are on it now and whose page shows it; `...` sends always.

    Raises:
        UnencodableAnswer: JSON cannot say `data`.
        TypeError: the recipient is neither a player nor players.
    """
    _put(_players(recipient), data, event, where)


def notify(
    sender: PlayerLike,
    to: PlayerLike | Iterable[PlayerLike],
    data: Any = None,
    *,
    event: str = RECEIVED,
    where: int | EllipsisType | None = None,
) -> None:
    """Send a message from one player to others, by default only to those who are on the sender's page.

    Args:
        sender: whose position counts if `where` is None.
        to: the recipients; may include the sender.
        data, event: as in `send_to`.
        where: None is the sender's position, `...` everywhere, a number that position.
    """
    if where is None:
        where = _player(sender).show_page
    _put(_players(to), data, event, where)


def reload(player: PlayerLike) -> None:
    """Make the player's open pages load again, so that they show where the player is now."""
    _put([_player(player)], None, RELOAD, ...)


def _put(players: list[Player], data: object, event: str, where: object) -> None:
    unit = current_unit.get()
    if unit is None:
        raise NoOpenUnit(
            "A message was sent where nothing collects it. Send in a hook, a live method or a spawned coroutine."
        )
    if where is not ... and (type(where) is not int):
        raise ValueError(f"where={where!r} is no position. Give a number, or ... for everywhere.")
    if not isinstance(event, str) or not event or not is_native(event):
        raise ValueError(f"event={event!r} is no event name. Give a text.")
    recipients = tuple(dict.fromkeys(_recipient(unit, player, where) for player in players))
    chosen = tuple(player for player in recipients if player is not None)
    encoded = to_json(data, where=f'the data of event "{event}"')
    if chosen:
        unit.notify(Notice(chosen, str.__str__(event), where if isinstance(where, int) else None, encoded))


def _recipient(unit: UnitOfWork, player: Player, where: object) -> PlayerId | None:
    if player._session != unit.state.session:
        raise AuthorError(
            f"{player!r} is in another session. Send to players of session {unit.state.session}."
        )
    if not unit.has(player._owner):
        raise AuthorError(f"{player!r} does not exist.")
    if where is not ... and unit.read(player._owner, "show_page") != where:
        return None
    return PlayerId(player.name)


def _player(recipient: object) -> Player:
    if isinstance(recipient, Player):
        return recipient
    if isinstance(recipient, PlayerIdentifier):
        return Player(*recipient)
    raise TypeError(f"{recipient!r} is no player. Give a player or player.pid.")


def _players(recipients: object) -> list[Player]:
    if isinstance(recipients, Player | PlayerIdentifier):
        return [_player(recipients)]
    if isinstance(recipients, Iterable) and not isinstance(recipients, str):
        return [_player(recipient) for recipient in recipients]
    raise TypeError(f"{recipients!r} are no players. Give a player, or several, such as session.players.")
