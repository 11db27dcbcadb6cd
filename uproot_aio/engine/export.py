"""Rows for download: one row per player, and one line per change. Both tell only of what is on disk."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Final

import msgspec

from uproot_aio.engine.export_values import csv_cell, export_json
from uproot_aio.engine.log import Log
from uproot_aio.engine.log_readers import LogReaders
from uproot_aio.engine.open_session import OpenSession
from uproot_aio.state import values
from uproot_aio.state.commit import CauseKind, Change, Commit
from uproot_aio.state.identifiers import GroupIdentifier, PlayerId, SessionId, player_owner

FIRST_COLUMNS: Final = ("session", "player", "id")
LAST_COLUMNS: Final = ("packages", "page_order")
GROUP: Final = "_uproot_group"
SECRETS: Final = frozenset({"_uproot_key"})
"""What nobody needs and whoever has it could play with: the secret of a player's forms."""
KEPT_INTERNALS: Final = frozenset({"_uproot_dropout", GROUP})
CHUNK_BYTES: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class PlayersTable:
    """The players' current values at one instant, still encoded, so that taking them costs little."""

    session: SessionId
    players: list[tuple[PlayerId, dict[str, bytes]]]

    def columns(self) -> list[str]:
        """Return the names of all fields: alphabetically, long bookkeeping last."""
        names = {name for _, blobs in self.players for name in blobs}
        names = {name for name in names if not name.startswith("_uproot_") or name in KEPT_INTERNALS}
        names -= {*FIRST_COLUMNS, *LAST_COLUMNS}
        last = [name for name in LAST_COLUMNS if any(name in blobs for _, blobs in self.players)]
        return sorted(names, key=_heading) + last


class Line(msgspec.Struct, frozen=True):
    """One change as a line of JSON; `kind` and `name` say whose field it is, `name` is empty for the session."""

    time: float
    session: str
    kind: str
    name: str
    field: str
    value: msgspec.Raw
    unavailable: bool
    line: str
    commit: int
    index: int
    cause: CauseKind
    who: str


async def players_table(session: OpenSession) -> PlayersTable:
    """Return what all players' fields are now, once that is on disk.

    Raises:
        StorageError: it could not be written.
    """
    state = session.state
    players = [
        (PlayerId(name), {field: kept.blob or b"" for field, kept in state.fields(player_owner(name))})
        for name in state.members("player")
    ]
    await session.saved()
    return PlayersTable(session.id, players)


def csv_chunks(table: PlayersTable) -> Iterator[bytes]:
    """Yield the table as CSV (RFC 4180, UTF-8): a heading, then a row per player."""
    columns = table.columns()
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([*FIRST_COLUMNS, *map(_heading, columns)])
    for player, blobs in table.players:
        cells = (_cell(column, blobs.get(column)) for column in columns)
        writer.writerow([table.session, player, _cell("id", blobs.get("id")), *cells])
        if text.tell() >= CHUNK_BYTES:
            yield _taken(text)
    yield _taken(text)


def _taken(text: io.StringIO) -> bytes:
    chunk = text.getvalue().encode("utf-8", "backslashreplace")
    text.seek(0)
    text.truncate()
    return chunk


def _heading(field: str) -> str:
    return "group" if field == GROUP else field


def _cell(column: str, blob: bytes | None) -> str:
    if blob is None:
        return ""
    value = values.decode(blob)
    if column == GROUP and isinstance(value, GroupIdentifier):
        return f"group/{value.sname}/{value.gname}"
    return csv_cell(value)


def change_chunks(log: Log, session: SessionId, upto: int) -> Iterator[bytes]:
    """Yield every change of the commits up to number `upto` as a line of JSON, in order; reads the log as it goes."""
    chunk = bytearray()
    encode = msgspec.json.Encoder().encode
    for commit in log.read(session):
        if commit.number > upto:
            break
        for index, change in enumerate(commit.changes):
            if change.field in SECRETS:
                continue
            chunk += encode(_line(commit, index, change))
            chunk += b"\n"
            if len(chunk) >= CHUNK_BYTES:
                yield bytes(chunk)
                chunk.clear()
    yield bytes(chunk)


def _line(commit: Commit, index: int, change: Change) -> Line:
    kind, _, name = change.owner.partition("/")
    value = b"null" if change.blob is None else export_json(values.decode(change.blob))
    return Line(
        time=commit.time,
        session=commit.session,
        kind=kind,
        name=name,
        field=change.field,
        value=msgspec.Raw(value),
        unavailable=change.blob is None,
        line=change.line,
        commit=commit.number,
        index=index,
        cause=commit.cause,
        who=commit.who,
    )


async def in_thread(chunks: Iterator[bytes], readers: LogReaders) -> AsyncIterator[bytes]:
    """Yield what a blocking iterator yields, each step in a reader's thread; never more than one chunk ahead."""
    while (chunk := await readers.run(next, chunks, None)) is not None:
        yield chunk
