"""Collect the changes and notices of one stretch of author code, then seal them into a commit or drop them.

The state is not touched before `seal()`: reads see the unit's own writes first, and undoing is forgetting. A mutable
value is handed out as a copy that stays tracked, so that `player.scores.append(1)` needs no ceremony. The copies belong
to a `Copies` object that an async method carries from unit to unit.
"""

from __future__ import annotations

import threading
from contextvars import ContextVar
from typing import Final

from uproot_aio.errors import AuthorError, ConflictingChange, NoOpenUnit, Unstorable
from uproot_aio.state import values
from uproot_aio.state.commit import CallRecord, CauseKind, Change, Commit, Notice
from uproot_aio.state.identifiers import OwnerId
from uproot_aio.state.session_state import PLACE_BITS, UNREAD, SessionState

MISSING: Final = object()
"""What `read` returns for a field that has no value."""

Key = tuple[OwnerId, str]


class Copy:
    """A mutable value in the author's hands; `blob` is its encoding when it last agreed with the state."""

    __slots__ = ("blob", "key", "line", "place", "value")

    def __init__(self, key: Key, value: object, blob: bytes, place: int, line: str) -> None:
        self.key = key
        self.value = value
        self.blob = blob
        self.place = place
        self.line = line


class Copies:
    """The mutable values that one sync step or one whole async method has read or assigned."""

    __slots__ = ("_latest", "tracked")

    def __init__(self) -> None:
        self.tracked: list[Copy] = []
        self._latest: dict[Key, Copy] = {}

    def add(self, copy: Copy) -> None:
        """Track a value; an earlier copy of the same field stays tracked, to notice conflicting changes."""
        self.tracked.append(copy)
        self._latest[copy.key] = copy

    def drop(self, key: Key) -> None:
        """Stop tracking a field: it was assigned anew or deleted, so earlier objects are the author's own."""
        if self._latest.pop(key, None) is not None:
            self.tracked = [copy for copy in self.tracked if copy.key != key]

    def get(self, key: Key) -> Copy | None:
        """Return the newest copy of a field."""
        return self._latest.get(key)

    def forget_changed(self) -> None:
        """Stop tracking what differs from the state: what the author holds of it are just copies."""
        self.tracked = [copy for copy in self.tracked if copy.place and _is_as_read(copy)]
        self._latest = {copy.key: copy for copy in self.tracked}

    def changed(self) -> list[tuple[Copy, bytes]]:
        """Return the copies that were changed in place, each with its new encoding."""
        found: list[tuple[Copy, bytes]] = []
        for copy in self.tracked:
            blob = encode_field(copy.key, copy.value)
            if blob != copy.blob:
                found.append((copy, blob))
        return found


def _is_as_read(copy: Copy) -> bool:
    try:
        return values.encode(copy.value) == copy.blob
    except Unstorable:
        return False


def encode_field(key: Key, value: object) -> bytes:
    """Return the encoded value.

    Raises:
        Unstorable: naming the field, its owner and the type that cannot be stored.
    """
    try:
        return values.encode(value)
    except Unstorable as error:
        raise Unstorable(f'Field "{key[1]}" of {key[0].replace("/", " ")}: {error}') from None


class UnitOfWork:
    """What one stretch of code reads, writes and sends. Use it on the thread that made it, and not after its end."""

    __slots__ = (
        "_changes",
        "_copies",
        "_created",
        "_known",
        "_notices",
        "_own",
        "_thread",
        "cause",
        "is_open",
        "state",
        "who",
    )

    def __init__(self, state: SessionState, cause: CauseKind, who: str, copies: Copies | None = None) -> None:
        self.state = state
        self.cause: CauseKind = cause
        self.who = who
        self._copies = Copies() if copies is None else copies
        self._changes: list[Change] = []
        self._known: list[object] = []
        self._notices: list[Notice] = []
        self._own: dict[Key, object] = {}
        self._created: list[OwnerId] = []
        self._thread = threading.get_ident()
        self.is_open = True

    @property
    def is_dirty(self) -> bool:
        """Whether something was assigned, deleted, created or sent. Changes in place show only in `seal`."""
        return bool(self._changes or self._notices)

    def read(self, owner: OwnerId, name: str, line: str = "") -> object:
        """Return the field's value as this unit sees it, or MISSING. A mutable value is a tracked copy."""
        key = (owner, name)
        own = self._own.get(key, UNREAD)
        if own is not UNREAD:
            return own
        field = self.state.field(owner, name)
        if field is None:
            return MISSING
        if not self.is_open:  # a callback or thread of a step that has ended: just a copy of what is now
            return field.read()
        value = field.peek()
        if not field.is_mutable:
            return value
        copy = self._copies.get(key)
        if copy is None or copy.place != field.places[-1]:
            blob = field.blob
            if blob is None:
                return MISSING
            copy = Copy(key, values.copy(value), blob, field.places[-1], line)
            self._copies.add(copy)
        return copy.value

    def write(self, owner: OwnerId, name: str, value: object, line: str) -> None:
        """Assign a field.

        Raises:
            Unstorable: the value's type cannot be stored.
            NoOpenUnit: the unit has ended, or this is another thread.
        """
        if not self.is_open or self._thread != threading.get_ident():
            raise self._misuse(name)
        if not self.has(owner):
            raise AuthorError(
                f'Field "{name}" cannot be written: session {self.state.session} has no {owner.replace("/", " ")}.'
            )
        key = (owner, name)
        blob = encode_field(key, value)
        if self._copies.tracked:
            self._copies.drop(key)
        if values.is_immutable(value):
            self._known.append(value)
        else:
            self._known.append(UNREAD)
            value = self._assigned(key, value, blob, line)
        self._changes.append(Change(owner, name, blob, line))
        self._own[key] = value

    def _assigned(self, key: Key, value: object, blob: bytes, line: str) -> object:
        """Track an assigned mutable value; a value of a subclass is replaced by what will be read back later."""
        stored = values.decode(blob)
        if values.is_immutable(stored):
            return stored
        if type(stored) is not type(value):
            value = stored
        self._copies.add(Copy(key, value, blob, 0, line))
        return value

    def delete(self, owner: OwnerId, name: str, line: str) -> bool:
        """Delete a field; return whether it had a value."""
        if not self.is_open or self._thread != threading.get_ident():
            raise self._misuse(name)
        key = (owner, name)
        if self.read(owner, name) is MISSING:
            return False
        self._copies.drop(key)
        self._changes.append(Change(owner, name, None, line))
        self._known.append(UNREAD)
        self._own[key] = MISSING
        return True

    def create(self, owner: OwnerId) -> None:
        """Make a player, group or model known, so that its fields may be written."""
        self._created.append(owner)

    def notify(self, notice: Notice) -> None:
        """Send a notice with this unit's commit, or not at all."""
        if not self.is_open or self._thread != threading.get_ident():
            raise self._misuse("a notice")
        self._notices.append(notice)

    def has(self, owner: OwnerId) -> bool:
        """Say whether the owner exists, counting those made in this unit."""
        return self.state.has(owner) or owner in self._created

    def members(self, kind: str) -> list[str]:
        """Return the names of all players, groups or models, counting those made in this unit."""
        known = list(self.state.members(kind))
        if self._created:
            prefix = kind + "/"
            known += [owner[len(prefix) :] for owner in self._created if owner.startswith(prefix)]
        return known

    def field_names(self, owner: OwnerId) -> list[str]:
        """Return the names of the fields that have a value, in the order of their first write."""
        names = {name: True for name, _ in self.state.fields(owner)}
        for (own_owner, name), value in self._own.items():
            if own_owner == owner:
                names[name] = value is not MISSING
        return [name for name, present in names.items() if present]

    def seal(self, time: float, answer: CallRecord | None = None, *, alone: bool = True) -> Commit | None:
        """Make what was collected the state's next commit; return None if there is nothing to keep.

        Args:
            time: Unix seconds.
            answer: what became of the call that this is.
            alone: whether the answer is kept even if nothing was changed or sent.

        Raises:
            ConflictingChange: a value changed in place was written by another unit since it was read.
            Unstorable: something that cannot be stored was put into a mutable value.
        """
        written = self._record_changes_in_place() if self._copies.tracked else []
        if len(self._changes) >= 1 << PLACE_BITS:
            raise AuthorError(
                f"One step made {len(self._changes):,} changes; at most {(1 << PLACE_BITS) - 1:,} are possible. "
                "Write less often, or await in between."
            )
        self.is_open = False
        if not (self._changes or self._notices or (alone and answer is not None)):
            return None
        number = self.state.number + 1
        commit = Commit(
            session=self.state.session,
            number=number,
            time=time,
            cause=self.cause,
            who=self.who,
            changes=tuple(self._changes),
            notices=tuple(self._notices),
            answer=answer,
        )
        self.state.apply(commit, self._known)
        if self._copies.tracked:
            self._settle_copies(written)
        self._own.clear()
        return commit

    def _record_changes_in_place(self) -> list[tuple[Copy, bytes]]:
        written = self._copies.changed()
        for copy, blob in written:
            owner, name = copy.key
            if copy.place != 0 and copy.place != self.state.last_place(owner, name):
                raise ConflictingChange(
                    f'Field "{name}" of {owner.replace("/", " ")} was changed in place, but somebody else has written '
                    "it since it was read. Read it again after the await, then change it."
                )
            self._changes.append(Change(owner, name, blob, copy.line))
            self._known.append(UNREAD)
        return written

    def _settle_copies(self, written: list[tuple[Copy, bytes]]) -> None:
        """After the commit, tracked copies agree with the state again."""
        for copy, blob in written:
            copy.blob = blob
        base = self.state.number << PLACE_BITS
        for index, change in enumerate(self._changes):
            tracked = self._copies.get((change.owner, change.field))
            if tracked is not None:
                tracked.place = base | index

    def undo(self) -> None:
        """Forget everything that was collected."""
        self.is_open = False
        self._changes.clear()
        self._known.clear()
        self._notices.clear()
        self._own.clear()
        self._created.clear()
        self._copies.forget_changed()

    def _misuse(self, what: str) -> NoOpenUnit:
        if self._thread != threading.get_ident():
            return NoOpenUnit(
                f'"{what}" was written from another thread. '
                "Return the result from the thread, and write it in the coroutine that awaits it."
            )
        return NoOpenUnit(
            f'"{what}" was written after the step that it belongs to had ended. '
            "Write inside the hook, live method or spawned coroutine itself."
        )


current_unit: ContextVar[UnitOfWork | None] = ContextVar("current_unit", default=None)
"""The unit that collects what the running code writes. Context variables reach other threads too: units check that."""
