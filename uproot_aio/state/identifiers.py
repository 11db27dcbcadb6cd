"""Names of sessions, players, groups and models; small frozen values that may be stored.

Source of the shapes: JSON says `{"sname": ..., "uname": ...}`, `str()` gives the last part, iterating gives the parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NewType

SessionId = NewType("SessionId", str)
PlayerId = NewType("PlayerId", str)
OwnerId = NewType("OwnerId", str)
"""What has fields: "session", "player/<uname>", "group/<gname>" or "model/<mname>"."""

SESSION = OwnerId("session")
NAME = re.compile(r"[A-Za-z0-9._-]{1,128}", re.ASCII)


@lru_cache(maxsize=1 << 14)  # a handle is made for each call, and each one checks its name
def _is_name(name: str) -> bool:
    return NAME.fullmatch(name) is not None and name not in {".", ".."}


def check_name(kind: str, name: str) -> str:
    """Return `name` if it may name a session, player, group or model.

    Raises:
        ValueError: it has other characters than letters, digits, dot, underscore and hyphen.
    """
    if not isinstance(name, str) or not _is_name(name):
        raise ValueError(
            f"{name!r} cannot be the name of a {kind}. "
            "Use 1 to 128 letters, digits, dots, underscores or hyphens."
        )
    return name


def player_owner(player: PlayerId | str) -> OwnerId:
    """Return what the fields of this player are kept under."""
    return "player/" + player  # type: ignore[return-value]  # making a NewType takes longer than this


class SessionIdentifier(str):
    """A session's name; equal to the plain string."""

    __slots__ = ()

    def __new__(cls, sname: str) -> SessionIdentifier:
        """Return the identifier of the session of this name."""
        return super().__new__(cls, check_name("session", sname))

    @property
    def sname(self) -> str:
        """The session's name."""
        return str(self)

    def __repr__(self) -> str:
        return f"SessionIdentifier(sname={str(self)!r})"


@dataclass(frozen=True, slots=True, order=True)
class PlayerIdentifier:
    """Names one player of one session."""

    sname: str
    uname: str

    def __post_init__(self) -> None:
        check_name("session", self.sname)
        check_name("player", self.uname)

    def __iter__(self) -> Iterator[str]:
        return iter((self.sname, self.uname))

    def __str__(self) -> str:
        return self.uname


@dataclass(frozen=True, slots=True, order=True)
class GroupIdentifier:
    """Names one group of one session."""

    sname: str
    gname: str

    def __post_init__(self) -> None:
        check_name("session", self.sname)
        check_name("group", self.gname)

    def __iter__(self) -> Iterator[str]:
        return iter((self.sname, self.gname))

    def __str__(self) -> str:
        return self.gname


@dataclass(frozen=True, slots=True, order=True)
class ModelIdentifier:
    """Names one model of one session."""

    sname: str
    mname: str

    def __post_init__(self) -> None:
        check_name("session", self.sname)
        check_name("model", self.mname)

    def __iter__(self) -> Iterator[str]:
        return iter((self.sname, self.mname))

    def __str__(self) -> str:
        return self.mname
