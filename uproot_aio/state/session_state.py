"""One session as the replay of its log: fields of the session, its players, groups and models, and answered calls.

The only thing that changes a state is `apply(commit)`; a running server and a restarted one therefore agree.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from uproot_aio.errors import LogGap, StorageError
from uproot_aio.state import values
from uproot_aio.state.calls import PlayerCalls
from uproot_aio.state.commit import CallId, Change, Commit, Outcome
from uproot_aio.state.identifiers import SESSION, OwnerId, PlayerId, SessionId

PLACE_BITS: Final = 20
"""A place in the log is `commit number << PLACE_BITS | index of the change in the commit`."""
UNREAD: Final = object()


class Field:
    """What a field is and where in the log each of its values stands. `blob` None means deleted."""

    __slots__ = ("_value", "blob", "is_mutable", "places")

    def __init__(self, blob: bytes | None, places: array[int]) -> None:
        self.blob = blob
        self.places = places
        self._value: object = UNREAD
        self.is_mutable = False

    def set(self, blob: bytes | None, place: int, known: object = UNREAD) -> None:
        """Take a new value. `known` spares decoding it if it is immutable and of the exact stored type."""
        self.blob = blob
        self.places.append(place)
        self._value = known
        self.is_mutable = False

    def peek(self) -> object:
        """Return the value itself. Whoever might change it must copy it first if `is_mutable`."""
        if self._value is UNREAD:
            if self.blob is None:
                raise StorageError("A deleted field was read.")
            self._value = values.decode(self.blob)
            self.is_mutable = not values.is_immutable(self._value)
        return self._value

    def read(self) -> object:
        """Return a value that the caller may change without effect."""
        value = self.peek()
        return values.copy(value) if self.is_mutable else value


class FieldSnapshot(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A field in a snapshot; `places` are little-endian unsigned 64-bit integers."""

    owner: OwnerId
    field: str
    blob: bytes | None
    places: bytes


class Snapshot(msgspec.Struct, frozen=True):
    """A whole state after commit `number`, so that a session opens without replaying everything."""

    session: SessionId
    number: int
    time: float
    fields: list[FieldSnapshot]
    calls: dict[PlayerId, PlayerCalls]
    changed: dict[OwnerId, float] = {}


class SessionState:
    """Current values of a session and the place of every old one."""

    def __init__(self, session: SessionId) -> None:
        self.session = session
        self.number = 0
        self.time = 0.0
        self._owners: dict[OwnerId, dict[str, Field]] = {}
        self._members: dict[str, list[str]] = {}
        self._calls: dict[PlayerId, PlayerCalls] = {}
        self._changed: dict[OwnerId, float] = {}

    def apply(self, commit: Commit, known: Sequence[object] = ()) -> None:
        """Move on by one commit.

        Args:
            commit: the next commit of this session.
            known: the values of its changes where they are at hand, else UNREAD; a shortcut for the unit of work.

        Raises:
            LogGap: the commit does not carry the next number.
        """
        if commit.number != self.number + 1:
            raise LogGap(f"{self.session}: commit {commit.number} follows commit {self.number}.")
        base = commit.number << PLACE_BITS
        for index, change in enumerate(commit.changes):
            self._apply_change(change, base | index, known[index] if known else UNREAD)
            self._changed[change.owner] = commit.time
        record = commit.answer
        if record is not None:
            calls = self._calls.get(record.call.player)
            if calls is None:
                calls = self._calls[record.call.player] = PlayerCalls()
            calls.add(record)
        self.number = commit.number
        self.time = commit.time

    def _apply_change(self, change: Change, place: int, known: object) -> None:
        fields = self._owners.get(change.owner)
        if fields is None:
            fields = self._add_owner(change.owner)
        field = fields.get(change.field)
        if field is None:
            field = fields[change.field] = Field(None, array("Q"))
        field.set(change.blob, place, known)

    def _add_owner(self, owner: OwnerId) -> dict[str, Field]:
        kind, _, name = owner.partition("/")
        self._members.setdefault(kind, []).append(name)
        fields = self._owners[owner] = {}
        return fields

    def field(self, owner: OwnerId, name: str) -> Field | None:
        """Return a field that has a value now, or None."""
        fields = self._owners.get(owner)
        field = None if fields is None else fields.get(name)
        return None if field is None or field.blob is None else field

    def get(self, owner: OwnerId, name: str, default: object = None) -> object:
        """Return a copy of a field's value, or `default`."""
        field = self.field(owner, name)
        return default if field is None else field.read()

    def fields(self, owner: OwnerId) -> Iterator[tuple[str, Field]]:
        """Yield the fields that have a value now, in the order of their first write."""
        for name, field in self._owners.get(owner, {}).items():
            if field.blob is not None:
                yield name, field

    def last_place(self, owner: OwnerId, name: str) -> int:
        """Return where the field was last written or deleted, 0 if never."""
        field = self._owners.get(owner, {}).get(name)
        return 0 if field is None else field.places[-1]

    def last_change(self, owner: OwnerId) -> float:
        """Return when any field of this owner was last written or deleted, in Unix seconds, 0 if never."""
        return self._changed.get(owner, 0.0)

    def has(self, owner: OwnerId) -> bool:
        """Say whether anything was ever written under this owner."""
        return owner in self._owners

    def members(self, kind: str) -> Sequence[str]:
        """Return the names of the players, groups or models in the order in which they were made."""
        return self._members.get(kind, ())

    def has_player(self, player: str) -> bool:
        """Say whether the session has this player."""
        return "player/" + player in self._owners

    def answer_to(self, call: CallId) -> Outcome | None:
        """Return what became of a call, INTERRUPTED if that is forgotten, None if the call may run."""
        calls = self._calls.get(call.player)
        return None if calls is None else calls.answer_to(call)

    def count_fields(self) -> int:
        """Return how many fields there are, deleted ones included."""
        return sum(map(len, self._owners.values()))

    def snapshot(self) -> Snapshot:
        """Return everything, sharing nothing; `restore` makes an equal state of it."""
        return Snapshot(
            session=self.session,
            number=self.number,
            time=self.time,
            fields=[
                FieldSnapshot(owner, name, field.blob, field.places.tobytes())
                for owner, fields in self._owners.items()
                for name, field in fields.items()
            ],
            calls={player: calls.copy() for player, calls in self._calls.items()},
            changed=dict(self._changed),
        )

    @classmethod
    def restore(cls, snapshot: Snapshot) -> SessionState:
        """Return the state that a snapshot was taken of."""
        state = cls(snapshot.session)
        state.number, state.time = snapshot.number, snapshot.time
        state._calls = snapshot.calls
        state._changed = dict(snapshot.changed)
        for kept in snapshot.fields:
            places: array[int] = array("Q")
            places.frombytes(kept.places)
            if kept.owner not in state._owners:
                state._add_owner(kept.owner)
            state._owners[kept.owner][kept.field] = Field(kept.blob, places)
        return state


def replay(session: SessionId, snapshot: Snapshot | None, commits: Iterable[Commit]) -> SessionState:
    """Return the state after the last of `commits`, which follow the snapshot without a gap."""
    state = SessionState(session) if snapshot is None else SessionState.restore(snapshot)
    for commit in commits:
        state.apply(commit)
    return state


__all__ = ["SESSION", "UNREAD", "Field", "SessionState", "Snapshot", "replay"]
