"""What an experimenter sees of a session: an overview, then what has changed since.

The overview carries the number of the last commit that it shows. A `Watch` opened after that number hears of every
later commit once it is on disk, and of players coming and going; `next()` sums up a burst of them. Values are read from
the state when a burst is summed up and wait for the gate like everything else: nothing is shown before it is on disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from uproot_aio.engine.export_values import csv_cell
from uproot_aio.engine.log import Log
from uproot_aio.engine.open_session import OpenSession
from uproot_aio.experiment import seats
from uproot_aio.state.commit import Commit
from uproot_aio.state.identifiers import PlayerId, SessionId, player_owner
from uproot_aio.state.session_state import Field, SessionState

BURST_SECONDS = 0.1
MOST_MISSED: Final = 2000
LONGEST_CELL: Final = 120
Stage = Literal["waiting", "playing", "finished"]


class Cell(NamedTuple):
    """One value that a commit changed."""

    player: PlayerId
    field: str


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where a player is: on which page, and on which of how many visible ones, counted from 1."""

    stage: Stage
    app: str = ""
    page: str = ""
    step: int = 0
    steps: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One player. `changed` is Unix seconds, 0 before the start; a cell's text is None where the field has no value."""

    player: PlayerId
    id: int
    where: Whereabouts
    changed: float
    cells: dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Overview:
    """All players as they are at commit `number`, and who of them has an open page."""

    number: int
    rows: list[Row]
    online: frozenset[PlayerId]


@dataclass(frozen=True, slots=True)
class Update:
    """What changed in the commits above `after` up to `number`; rows hold only the cells that changed."""

    after: int
    number: int
    rows: list[Row]
    presence: dict[PlayerId, bool]


class Ended(Exception):
    """The session has left memory: look at it again."""


async def overview(session: OpenSession) -> Overview:
    """Return what the session is now, once that is on disk.

    Raises:
        StorageError: it could not be written.
    """
    state = session.state
    rows = [_row(state, PlayerId(name)) for name in state.members("player")]
    found = Overview(state.number, rows, frozenset(session.broadcast.online()))
    await session.saved()
    return found


def changed_cells(commit: Commit) -> list[Cell]:
    """Return which players' fields a commit changed, in its order."""
    prefix = "player/"
    return [
        Cell(PlayerId(change.owner[len(prefix) :]), change.field)
        for change in commit.changes
        if change.owner.startswith(prefix)
    ]


def is_internal(field: str) -> bool:
    """Say whether a field is the framework's bookkeeping."""
    return field.startswith("_uproot_")


def whereabouts(state: SessionState, player: PlayerId) -> Whereabouts:
    """Return where a player is. Entries of the page order that no one sees do not count."""
    field = state.field(player_owner(player), "page_order")
    order = field.peek() if field is not None else ()
    paths = [str(path) for path in order] if isinstance(order, (list, tuple)) else []
    position = seats.position_of(state, player)
    visible = [index for index, path in enumerate(paths) if not path.partition("/")[2].startswith("#")]
    if position < 0:
        return Whereabouts("waiting", steps=len(visible))
    if position >= len(paths):
        return Whereabouts("finished", step=len(visible), steps=len(visible))
    app, _, page = paths[position].partition("/")
    step = sum(1 for index in visible if index <= position)
    return Whereabouts("playing", app, page, step, len(visible))


def cell_text(field: Field | None, longest: int = LONGEST_CELL) -> str | None:
    """Return a value as an experimenter reads it, cut to what fits into a cell; None if there is none."""
    if field is None:
        return None
    value = field.peek()
    text = str(value) if value is None or isinstance(value, bool) else csv_cell(value)
    if not text.isascii():  # half of a surrogate pair cannot be sent anywhere
        text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _row(state: SessionState, player: PlayerId, fields: Iterable[str] | None = None) -> Row:
    owner = player_owner(player)
    where = whereabouts(state, player)
    names = [name for name, _ in state.fields(owner)] if fields is None else fields
    return Row(
        player=player,
        id=_id(state, player),
        where=where,
        changed=0.0 if where.stage == "waiting" else state.last_change(owner),
        cells={name: cell_text(state.field(owner, name)) for name in names if not is_internal(name)},
    )


def _id(state: SessionState, player: PlayerId) -> int:
    found = state.get(player_owner(player), "id", 0)
    return found if isinstance(found, int) else 0


class Watch:
    """One experimenter's view of an open session. Make it with `Watch.open`, end it with `close`."""

    def __init__(self, session: OpenSession, after: int) -> None:
        self._session = session
        self._number = after
        self._told = after
        self._cells: dict[PlayerId, set[str]] = {}
        self._presence = set(map(PlayerId, session.state.members("player")))
        self._filled = asyncio.Event()
        self._filled.set()
        self._has_ended = False

    @classmethod
    async def open(cls, session: OpenSession, after: int) -> Watch | None:
        """Return a view that begins after commit `after`; None if too much was missed: take an overview again."""
        watch = cls(session, after)
        broadcast = session.broadcast
        if not 0 <= after <= broadcast.durable:
            return None
        while watch._number < (upto := broadcast.durable):
            if upto - watch._number > MOST_MISSED:
                return None
            cells = await session.readers.run(_cells_between, session.log, session.id, watch._number, upto)
            watch._add(cells)
            watch._number = upto
        broadcast.watchers.append(watch)
        return watch

    def landed(self, commit: Commit) -> None:
        """Note what a commit changed."""
        self._number = commit.number
        self._add(changed_cells(commit))
        self._filled.set()

    def _add(self, cells: Iterable[Cell]) -> None:
        for player, field in cells:
            self._cells.setdefault(player, set()).add(field)

    def presence(self, player: PlayerId) -> None:
        """Note that a player came or went."""
        self._presence.add(player)
        self._filled.set()

    def leave(self) -> None:
        """End: `next` raises Ended."""
        self._has_ended = True
        self._filled.set()

    async def next(self) -> Update:
        """Wait for something to happen, and a moment for more, and return all of it. After cancelling it, close.

        Raises:
            Ended: the session has left memory, or `leave` was called.
            StorageError: what happened could not be written.
        """
        await self._filled.wait()
        if not self._has_ended:
            await asyncio.sleep(BURST_SECONDS)
        if self._has_ended:
            raise Ended
        self._filled.clear()
        state, broadcast = self._session.state, self._session.broadcast
        update = Update(
            after=self._told,
            number=self._number,
            rows=[_row(state, player, sorted(fields)) for player, fields in self._cells.items()],
            presence={player: broadcast.is_online(player) for player in self._presence},
        )
        self._told = self._number
        self._cells, self._presence = {}, set()
        await self._session.saved()
        return update

    def close(self) -> None:
        """Hear of nothing any more."""
        watchers = self._session.broadcast.watchers
        if self in watchers:
            watchers.remove(self)


def _cells_between(log: Log, session: SessionId, after: int, upto: int) -> list[Cell]:
    cells: dict[Cell, None] = {}
    for commit in log.read(session, after):
        if commit.number > upto:
            break
        cells.update(dict.fromkeys(changed_cells(commit)))
    return list(cells)
