"""What the log holds: commits, and the changes, notices and answers in them.

New fields go last and carry a default, so that every later version reads what this one wrote (msgspec, "Schema
Evolution"). The outcomes are a tagged union: a new kind of outcome is a new tag.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from uproot_aio.state.identifiers import OwnerId, PlayerId, SessionId

CauseKind = Literal["page", "live", "timer", "experimenter", "background"]


class Change(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One assignment or deletion. `blob` is the encoded value, None a deletion; `line` is `module.function:line`."""

    owner: OwnerId
    field: str
    blob: bytes | None
    line: str


class Notice(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A message to the open pages of some players. `data` is JSON; `where` a position, None everywhere."""

    recipients: tuple[PlayerId, ...]
    event: str
    where: int | None
    data: bytes


class CallId(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Names one live call for ever: the page load draws `load` (128 random bits, hex) and counts `number` from 1."""

    player: PlayerId
    load: str
    number: int


class Started(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="started"):
    """An async call reached its first await; how it ends is in a later commit, or nowhere after a crash."""


class Returned(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="returned"):
    """The method returned; `value` is JSON."""

    value: bytes


class Refused(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="refused"):
    """The call ended in an error; `data` is JSON, empty for none."""

    code: str
    message: str
    path: str = ""
    expected: str = ""
    data: bytes = b""


Outcome = Started | Returned | Refused


class CallRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What became of a call. Calls of its page load numbered below `oldest` have their answers in the browser."""

    call: CallId
    oldest: int
    outcome: Outcome


class Commit(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One atomic entry of a session's log. `time` is Unix seconds; numbers start at 1 and have no gap.

    `cause` says what kind of event made it and `who` which player, experimenter or function.
    """

    session: SessionId
    number: int
    time: float
    cause: CauseKind
    who: str
    changes: tuple[Change, ...] = ()
    notices: tuple[Notice, ...] = ()
    answer: CallRecord | None = None
