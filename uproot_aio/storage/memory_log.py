"""A log in memory, for tests and demonstrations. It can hold appends back, and fail on demand."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

from uproot_aio.errors import LogGap, StorageError
from uproot_aio.state.commit import Commit
from uproot_aio.state.identifiers import SessionId
from uproot_aio.state.session_state import Snapshot
from uproot_aio.storage import encoding


class MemoryLog:
    """Keeps records as bytes, so that nothing is shared with the states.

    While `may_append` is not set, appends wait. While `failure` is set, appends to its sessions raise it.
    """

    def __init__(self) -> None:
        self._records: dict[SessionId, list[bytes]] = {}
        self._snapshots: dict[SessionId, bytes] = {}
        self.may_append = threading.Event()
        self.may_append.set()
        self.failure: StorageError | None = None
        self.failing_sessions: set[SessionId] | None = None
        self.flushes = 0

    def append(self, commits: Sequence[Commit]) -> None:
        """Keep commits, all or none."""
        self.may_append.wait()
        if self.failure is not None:
            failing = self.failing_sessions
            if failing is None or any(commit.session in failing for commit in commits):
                raise self.failure
        sizes = {commit.session: len(self._records.get(commit.session, ())) for commit in commits}
        for commit in commits:
            if commit.number != sizes[commit.session] + 1:
                raise LogGap(f"{commit.session}: commit {commit.number} is not the next.")
            sizes[commit.session] += 1
        records = [encoding.encode_commit(commit) for commit in commits]
        for commit, record in zip(commits, records, strict=True):
            self._records.setdefault(commit.session, []).append(record)
        self.flushes += 1

    def read(self, session: SessionId, after: int = 0) -> Iterator[Commit]:
        """Yield the commits numbered above `after`."""
        for record in self._records.get(session, [])[after:]:
            yield encoding.decode_commit(record)

    def value(self, session: SessionId, commit: int, index: int) -> bytes | None:
        """Return the encoded value that one change wrote."""
        records = self._records.get(session, [])
        if not 1 <= commit <= len(records):
            raise StorageError(f"{session}: commit {commit} is not in the log.")
        return encoding.value_of(encoding.decode_commit(records[commit - 1]), index)

    def snapshot(self, session: SessionId) -> Snapshot | None:
        """Return the newest snapshot."""
        record = self._snapshots.get(session)
        return None if record is None else encoding.decode_snapshot(record)

    def save_snapshot(self, snapshot: Snapshot) -> None:
        """Replace the session's snapshot."""
        self._snapshots[snapshot.session] = encoding.encode_snapshot(snapshot)

    def sessions(self) -> list[SessionId]:
        """Return the names of all sessions."""
        return sorted(self._records)

    def forget(self, session: SessionId) -> None:
        """Remove a session."""
        self._records.pop(session, None)
        self._snapshots.pop(session, None)

    def close(self) -> None:
        """Do nothing: memory needs no release."""
