"""The promise that every storage engine keeps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from uproot_aio.state.commit import Commit
from uproot_aio.state.identifiers import SessionId
from uproot_aio.state.session_state import Snapshot


class Log(Protocol):
    """Append-only logs, one a session. `append` and `forget` are called on one thread, the writer's."""

    def append(self, commits: Sequence[Commit]) -> None:
        """Keep commits of any sessions, all or none; durable when it returns.

        Raises:
            LogGap: a commit is not its session's next.
            StorageError: the disk is full, or cannot be written.
        """
        ...

    def read(self, session: SessionId, after: int = 0) -> Iterator[Commit]:
        """Yield the commits numbered above `after`, in order. Callable on any thread."""
        ...

    def value(self, session: SessionId, commit: int, index: int) -> bytes | None:
        """Return the encoded value that one change wrote, None for a deletion. Callable on any thread."""
        ...

    def snapshot(self, session: SessionId) -> Snapshot | None:
        """Return the newest snapshot of a session, if there is one. Callable on any thread."""
        ...

    def save_snapshot(self, snapshot: Snapshot) -> None:
        """Replace the session's snapshot. Called on the writer's thread."""
        ...

    def sessions(self) -> list[SessionId]:
        """Return the names of all sessions that have a commit, in alphabetical order."""
        ...

    def forget(self, session: SessionId) -> None:
        """Remove a session's log and snapshot."""
        ...

    def close(self) -> None:
        """Release the data; nothing may be called afterwards."""
        ...
