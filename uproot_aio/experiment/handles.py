"""Player, Group, Session: attributes that read and write the state.

A handle is only a name; there is one current value, in the session's state. Inside a unit of work, reads see the unit's
own writes. Outside of one, reads see the last commit, and writes are refused.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Self

from uproot_aio.errors import AuthorError, NoOpenUnit
from uproot_aio.experiment.settings_dict import FrozenDottedDict
from uproot_aio.state.identifiers import (
    SESSION,
    GroupIdentifier,
    OwnerId,
    PlayerIdentifier,
    SessionId,
    SessionIdentifier,
    check_name,
)
from uproot_aio.state.session_state import SessionState
from uproot_aio.state.unit_of_work import MISSING, UnitOfWork, current_unit

state_of: ContextVar[Callable[[SessionId], SessionState]] = ContextVar("state_of")
"""How a handle outside of its session's unit of work finds the state; the engine sets it."""

open_unit: ContextVar[Callable[[SessionId], AbstractContextManager[object]]] = ContextVar("open_unit")
"""How `with handle:` begins a unit of work where none is open; the engine sets it."""

Identifier = SessionIdentifier | PlayerIdentifier | GroupIdentifier


def author_line(depth: int) -> str:
    """Return `module.function:line` of the frame `depth` above the caller."""
    frame = sys._getframe(depth + 1)
    return f"{frame.f_globals.get('__name__', '?')}.{frame.f_code.co_name}:{frame.f_lineno}"


class Handle:
    """What players, groups and sessions share. Fields are attributes; each assignment is kept in the history."""

    __slots__ = ("_opened", "_owner", "_session")

    _owner: OwnerId
    _session: SessionId
    _opened: ExitStack | None

    def __init__(self, session: SessionId, owner: OwnerId) -> None:
        object.__setattr__(self, "_session", session)
        object.__setattr__(self, "_owner", owner)
        object.__setattr__(self, "_opened", None)

    def __getattr__(self, name: str) -> Any:
        unit = current_unit.get()
        if (
            unit is not None and unit.state.session == self._session
        ):  # as _read does: most reads come this way
            value = unit.read(self._owner, name)
        else:
            value = self._read(name)
        if value is MISSING:
            raise AttributeError(self._no_such_field(name))
        return value

    def _read(self, name: str) -> object:
        unit = current_unit.get()
        if unit is not None and unit.state.session == self._session:
            return unit.read(self._owner, name)
        if name.startswith("__") and name.endswith("__"):
            return MISSING
        field = self._state().field(self._owner, name)
        return MISSING if field is None else field.read()

    def __setattr__(self, name: str, value: object) -> None:
        if name in RESERVED or (name.startswith("__") and name.endswith("__")):
            raise AttributeError(
                f'"{name}" cannot be assigned on {self._called()}: the framework uses this name. '
                "Choose another field name."
            )
        if not name.isidentifier():
            raise ValueError(f"{name!r} cannot be a field name. Use letters, digits and underscores.")
        self._unit(name).write(self._owner, name, value, author_line(1))

    def __delattr__(self, name: str) -> None:
        if not self._unit(name).delete(self._owner, name, author_line(1)):
            raise AttributeError(self._no_such_field(name))

    def _unit(self, name: str) -> UnitOfWork:
        unit = current_unit.get()
        if unit is None:
            raise NoOpenUnit(
                f"{name} of {self._called()} was written where nothing collects changes. "
                "Write in a hook, a live method or a spawned coroutine."
            )
        if unit.state.session != self._session:
            raise AuthorError(
                f"{name} of {self._called()} belongs to another session than {unit.state.session}, "
                "whose step is running. A step can write only to its own session."
            )
        return unit

    def _state(self) -> SessionState:
        unit = current_unit.get()
        if unit is not None and unit.state.session == self._session:
            return unit.state
        find = state_of.get(None)
        if find is None:
            raise NoOpenUnit(
                f"{self._called()} was read where no session is at hand, such as in a thread of its own. "
                "Read what you need in the hook or live method itself, and hand it over."
            )
        return find(self._session)

    def _no_such_field(self, name: str) -> str:
        message = f'{self._called()} has no field "{name}"'
        close = difflib.get_close_matches(name, self.fields(), 1)
        if close:
            return f'{message}. Did you mean "{close[0]}"?'
        kind = self.__namespace__[0]
        where = f" in new_{kind}({kind})" if kind in ("session", "player") else f": {kind}.{name} = ..."
        return f"{message}. Assign it first, for example{where}."

    def _called(self) -> str:
        """Return what messages to authors call it: "player abc"."""
        return f"{self.__namespace__[0]} {self.name}"

    def get(self, name: str, default: Any = None) -> Any:
        """Return a field or virtual field, or `default` where there is none."""
        if name in NOT_BY_GET:
            return default
        return getattr(self, name, default)

    def fields(self) -> list[str]:
        """Return the names of the fields that have a value, in the order of their first write."""
        unit = current_unit.get()
        if unit is not None and unit.state.session == self._session:
            return unit.field_names(self._owner)
        return [name for name, _ in self._state().fields(self._owner)]

    def refresh(self, *_fields: str) -> None:
        """Do nothing: handles are never stale. Kept for apps that call it."""

    def flush(self) -> None:
        """Do nothing: changes in place are recorded by themselves. Kept for apps that call it."""

    def __enter__(self) -> Self:
        """Begin a unit of work if none is open, as in a callback; inside hooks and live methods it does nothing."""
        unit = current_unit.get()
        if unit is None or not unit.is_open:
            opened = ExitStack()
            opened.enter_context(open_unit.get()(self._session))
            object.__setattr__(self, "_opened", opened)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        opened = self._opened
        if opened is not None:
            object.__setattr__(self, "_opened", None)
            opened.__exit__(kind, error, trace)

    @property
    def name(self) -> str:
        """The last part of the identifier."""
        return self._owner.partition("/")[2] or self._session

    @property
    def __namespace__(self) -> tuple[str, ...]:
        kind, _, name = self._owner.partition("/")
        return (kind, self._session, name) if name else (kind, self._session)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Handle) and self.__namespace__ == other.__namespace__

    def __hash__(self) -> int:
        return hash((self._session, self._owner))

    def __bool__(self) -> bool:
        return bool(self.fields())

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), self.__namespace__[1:]

    def __repr__(self) -> str:
        return f"{type(self).__name__}(*{self.__namespace__[1:]!r})"


class Session(Handle):
    """A session. `session.players` are all seats, in the order in which they were made."""

    __slots__ = ()

    def __init__(self, sname: str) -> None:
        super().__init__(SessionId(check_name("session", str(sname))), SESSION)

    @property
    def __identifier__(self) -> SessionIdentifier:
        return SessionIdentifier(self._session)

    @property
    def players(self) -> tuple[Player, ...]:
        """All players, started or not."""
        return tuple(Player(self._session, name) for name in self._members("player"))

    def player(self, uname: str | PlayerIdentifier) -> Player:
        """Return the player of that name; whether there is one is not checked."""
        return Player(self._session, str(uname))

    @property
    def settings(self) -> FrozenDottedDict:
        """The session's settings, with attribute access at the top level."""
        value = self._read("_uproot_settings")
        return FrozenDottedDict(value if isinstance(value, dict) else {})

    def _members(self, kind: str) -> Iterator[str]:
        unit = current_unit.get()
        if unit is not None and unit.state.session == self._session:
            return iter(unit.members(kind))
        return iter(self._state().members(kind))


class Player(Handle):
    """A person's seat in one session."""

    __slots__ = ()

    def __init__(self, sname: str, uname: str) -> None:
        check_name("player", uname)
        Handle.__init__(self, sname, "player/" + uname)  # type: ignore[arg-type]  # making NewTypes takes time

    @property
    def __identifier__(self) -> PlayerIdentifier:
        return PlayerIdentifier(self._session, self.name)

    @property
    def pid(self) -> PlayerIdentifier:
        """The player's identifier, which may be stored."""
        return self.__identifier__

    @property
    def session(self) -> Session:
        """The session that the player sits in."""
        return Session(self._session)

    @property
    def group(self) -> Group | None:
        """The player's group, None without one."""
        gid = self._read("_uproot_group")
        return Group(*gid) if isinstance(gid, GroupIdentifier) else None

    @property
    def others_in_session(self) -> tuple[Player, ...]:
        """All other players of the session."""
        return tuple(player for player in self.session.players if player != self)


class Group(Handle):
    """Players who interact."""

    __slots__ = ()

    def __init__(self, sname: str, gname: str) -> None:
        check_name("group", gname)
        super().__init__(SessionId(sname), OwnerId("group/" + gname))

    @property
    def __identifier__(self) -> GroupIdentifier:
        return GroupIdentifier(self._session, self.name)

    @property
    def session(self) -> Session:
        """The session that the group belongs to."""
        return Session(self._session)


NOT_BY_GET = frozenset({"name", "get", "fields", "refresh", "flush", "history", "within", "along"})
RESERVED = frozenset(
    {*NOT_BY_GET, "strict", "virtual"}
    | {name for kind in (Session, Player, Group) for name in dir(kind) if not name.startswith("__")}
    | {"session", "group", "players", "player", "settings", "pid", "context"}
    | {"others_in_session", "others_in_group", "other_in_session", "other_in_group", "groups", "models"}
)


def identify(handle: Handle) -> Identifier:
    """Return the identifier of a handle."""
    identifier: Identifier = handle.__identifier__
    return identifier
