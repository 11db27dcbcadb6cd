"""A line about each session, without opening those that are not in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from uproot_aio.engine.log import Log
from uproot_aio.engine.open_session import OpenSession
from uproot_aio.engine.sessions import Sessions, rebuild
from uproot_aio.errors import StorageError
from uproot_aio.state.identifiers import SESSION, SessionId, player_owner
from uproot_aio.state.session_state import SessionState


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a list of sessions says of one. `created` is Unix seconds; `problem` says why it cannot be read."""

    name: SessionId
    created: float = 0.0
    config: str = ""
    apps: tuple[str, ...] = ()
    is_active: bool = True
    description: str | None = None
    room: str | None = None
    players: int = 0
    groups: int = 0
    started: int = 0
    online: int = 0
    problem: str = ""


class Summaries:
    """Keeps what it once read of sessions that are not open: those do not change."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._kept: dict[SessionId, Summary] = {}

    async def of(self, names: Sequence[SessionId]) -> list[Summary]:
        """Return the summaries in the order of `names`, once what they tell of is on disk.

        A session that cannot be read has a summary that says so.
        """
        unread = [name for name in names if name not in self._kept]
        readers, log = self._sessions.readers, self._sessions.log
        found = await readers.run(_read_all, log, unread) if unread else []
        unreadable = {summary.name: summary for summary in found if summary.problem}
        self._kept |= {summary.name: summary for summary in found if not summary.problem}
        opened = {session.id: session for session in self._sessions.opened()}
        return [unreadable.get(name) or await self._current(name, opened.get(name)) for name in names]

    async def _current(self, name: SessionId, session: OpenSession | None) -> Summary:
        kept = self._kept[name]
        if session is None or session.failure is not None:
            return kept
        summary = summarize(session.state, kept.created)
        summary = replace(summary, online=len(session.broadcast.online()))
        try:
            await session.saved()
        except StorageError as error:
            return replace(kept, problem=str(error))
        self._kept[name] = replace(summary, online=0)
        return summary


def summarize(state: SessionState, created: float) -> Summary:
    """Return the summary of a state."""
    players = state.members("player")
    return Summary(
        name=state.session,
        created=created,
        config=str(state.get(SESSION, "config", "")),
        apps=apps_of(state),
        is_active=state.get(SESSION, "active", True) is True,
        description=_text_or_none(state.get(SESSION, "description")),
        room=_text_or_none(state.get(SESSION, "room")),
        players=len(players),
        groups=len(state.members("group")),
        started=sum(state.get(player_owner(name), "started") is True for name in players),
    )


def apps_of(state: SessionState) -> tuple[str, ...]:
    """Return the names of the apps that the session runs."""
    apps = state.get(SESSION, "apps", ())
    return tuple(map(str, apps)) if isinstance(apps, (list, tuple)) else ()


def _text_or_none(value: object) -> str | None:
    return None if value is None else str(value)


def _read_all(log: Log, names: Sequence[SessionId]) -> list[Summary]:
    return [_read(log, name) for name in names]


def _read(log: Log, name: SessionId) -> Summary:
    try:
        first = next(iter(log.read(name)), None)
        return summarize(rebuild(log, name), 0.0 if first is None else first.time)
    except StorageError as error:
        return Summary(name=name, problem=str(error))
