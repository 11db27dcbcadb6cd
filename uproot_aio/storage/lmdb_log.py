"""The log in LMDB: keys, durability, snapshots. The only `import lmdb` of the project.

A record holds commits of one session that follow one another: what one flush wrote of it. LMDB gives the interpreter
lock back for every call, and a busy event loop is slow to return it, so one call a commit would make flushes crawl.
Key: session, a zero byte, the number of the record's last commit as 8 bytes big-endian. A session's commits thus lie
side by side in order, and the first key that is not below a number has that commit. LMDB binds a write transaction to
the thread that began it and allows one at a time (py-lmdb docs, "Threads"): one thread of ours writes. No read
transaction outlives a call.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import lmdb
from filelock import FileLock, Timeout

from uproot_aio.errors import DataInUse, DataTooNew, LogGap, StorageError
from uproot_aio.state.commit import Commit
from uproot_aio.state.identifiers import SessionId
from uproot_aio.state.session_state import Snapshot
from uproot_aio.storage import encoding
from uproot_aio.storage.whole_file import is_whole

FORMAT_KEY = b"format"
MAP_SIZE_BYTES = 1 << 40
PAGE_OF_COMMITS = 1000
COMMITS_A_RECORD = 100
_NUMBER = struct.Struct(">Q")


def _key(session: SessionId, number: int) -> bytes:
    return session.encode("ascii") + b"\0" + _NUMBER.pack(number)


def _by_session(commits: Sequence[Commit]) -> dict[SessionId, list[Commit]]:
    found: dict[SessionId, list[Commit]] = {}
    for commit in commits:
        found.setdefault(commit.session, []).append(commit)
    return found


def _check_order(session: SessionId, commits: Sequence[Commit], before: int) -> None:
    for commit in commits:
        if commit.number != before + 1:
            raise LogGap(f"{session}: commit {commit.number} cannot follow commit {before}.")
        before = commit.number


@contextmanager
def _storage_errors(what_failed: str, advice: str = "") -> Iterator[None]:
    """Turn the errors of LMDB into ours."""
    try:
        yield
    except lmdb.Error as error:
        raise StorageError(f"{what_failed}: {error}. {advice}".rstrip()) from error


_UNREADABLE = "The data could not be read", "Restore the data folder from a backup."


class LmdbLog:
    """One data folder, owned by one process while it is open.

    Args:
        folder: made if it is missing.
        durability: "fsync" survives a power cut; "os" skips the flush and survives a killed process.
        map_size_bytes: the most the data may grow to; address space, not disk. Halved where the platform refuses.

    Raises:
        DataInUse: another server owns the folder.
        DataTooNew: a newer version wrote it.
        StorageError: it cannot be made, read or written.
    """

    def __init__(
        self,
        folder: Path,
        durability: Literal["fsync", "os"] = "fsync",
        map_size_bytes: int = MAP_SIZE_BYTES,
    ) -> None:
        self._folder = folder
        self._lock = self._own(folder)
        self._env: Any = None
        try:
            self._env = self._open(folder, durability, map_size_bytes)
            with _storage_errors(f"The data in {folder} cannot be used", _UNREADABLE[1]):
                self._commits = self._env.open_db(b"commits")
                self._snapshots = self._env.open_db(b"snapshots")
                self._meta = self._env.open_db(b"meta")
                self._check_format()
        except BaseException:
            if self._env is not None:
                self._env.close()
            self._lock.release()
            raise
        self._last: dict[SessionId, int] = {}
        self.flushes = 0

    @staticmethod
    def _own(folder: Path) -> FileLock:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(folder / "server.lock", thread_local=False)  # closed on another thread
            lock.acquire(blocking=False)
        except Timeout:
            raise DataInUse(
                f"Another server is using the data folder {folder}. Stop it, or choose another with --data."
            ) from None
        except OSError as error:
            raise StorageError(
                f"The data folder {folder} cannot be written: {error.strerror}. "
                "Allow writing there, or choose another with --data."
            ) from error
        return lock

    @staticmethod
    def _open(folder: Path, durability: str, map_size_bytes: int) -> Any:
        _check_file(folder / "data.mdb")
        while True:
            try:
                return lmdb.open(
                    str(folder), map_size=map_size_bytes, max_dbs=4, sync=durability == "fsync", subdir=True
                )
            except lmdb.MemoryError:
                map_size_bytes //= 2
                if map_size_bytes < 1 << 28:
                    raise StorageError("There is not enough address space to open the data.") from None
            except lmdb.Error as error:
                raise StorageError(
                    f"The data folder {folder} cannot be opened: {error}. {_UNREADABLE[1]}"
                ) from error

    def _check_format(self) -> None:
        with self._env.begin(write=True) as transaction:
            found = transaction.get(FORMAT_KEY, db=self._meta)
            if found is None or int(found) < encoding.FORMAT:
                transaction.put(FORMAT_KEY, str(encoding.FORMAT).encode(), db=self._meta)
            elif int(found) > encoding.FORMAT:
                raise DataTooNew(
                    f"The data folder {self._folder} has format {int(found)}; this version reads up to "
                    f"{encoding.FORMAT}. Use the newer version, or choose another folder with --data."
                )

    def append(self, commits: Sequence[Commit]) -> None:
        """Keep commits in one transaction with one flush."""
        last = dict[SessionId, int]()
        with (
            _storage_errors("The data could not be written"),
            self._env.begin(write=True, db=self._commits) as transaction,
        ):
            for session, own in _by_session(commits).items():
                _check_order(session, own, self._last_number(transaction, session))
                for first in range(0, len(own), COMMITS_A_RECORD):
                    record = own[first : first + COMMITS_A_RECORD]
                    key = _key(session, record[-1].number)
                    transaction.put(key, encoding.encode_commits(record))
                last[session] = own[-1].number
        self._last.update(last)
        self.flushes += 1

    def _last_number(self, transaction: Any, session: SessionId) -> int:
        known = self._last.get(session)
        if known is not None:
            return known
        with transaction.cursor(db=self._commits) as cursor:
            after_all = session.encode("ascii") + b"\1"
            found = cursor.prev() if cursor.set_range(after_all) else cursor.last()
            key: bytes = cursor.key()
            if not found or not key.startswith(session.encode("ascii") + b"\0"):
                return 0
            return int(_NUMBER.unpack(key[-8:])[0])

    def read(self, session: SessionId, after: int = 0) -> Iterator[Commit]:
        """Yield the commits numbered above `after`; reads a page at a time, so that no transaction stays open."""
        while records := self._page(session, after):
            for record in records:
                for commit in encoding.decode_commits(record):
                    if commit.number > after:
                        yield commit
                        after = commit.number

    @contextmanager
    def _reading(self, database: Any) -> Iterator[Any]:
        with _storage_errors(*_UNREADABLE), self._env.begin(db=database) as transaction:
            yield transaction

    def _page(self, session: SessionId, after: int) -> list[bytes]:
        """Return the records of the next commits, about `PAGE_OF_COMMITS` of them; none at the end."""
        prefix = session.encode("ascii") + b"\0"
        records: list[bytes] = []
        with self._reading(self._commits) as transaction, transaction.cursor() as cursor:
            if cursor.set_range(_key(session, after + 1)):
                for key, record in cursor:
                    if not key.startswith(prefix):
                        break
                    records.append(record)
                    if _NUMBER.unpack(key[-8:])[0] >= after + PAGE_OF_COMMITS:
                        break
        return records

    def value(self, session: SessionId, commit: int, index: int) -> bytes | None:
        """Return the encoded value that one change wrote."""
        with self._reading(self._commits) as transaction, transaction.cursor() as cursor:
            found = (
                cursor.set_range(_key(session, commit)) and cursor.key()[:-8] == _key(session, commit)[:-8]
            )
            record: bytes = cursor.value()
        for candidate in encoding.decode_commits(record) if found else ():
            if candidate.number == commit:
                return encoding.value_of(candidate, index)
        raise StorageError(f"{session}: commit {commit} is not in the log.")

    def snapshot(self, session: SessionId) -> Snapshot | None:
        """Return the newest snapshot."""
        with self._reading(self._snapshots) as transaction:
            record = transaction.get(session.encode("ascii"))
        return None if record is None else encoding.decode_snapshot(record)

    def save_snapshot(self, snapshot: Snapshot) -> None:
        """Replace the session's snapshot."""
        record = encoding.encode_snapshot(snapshot)
        with (
            _storage_errors("A snapshot could not be written"),
            self._env.begin(write=True, db=self._snapshots) as transaction,
        ):
            transaction.put(snapshot.session.encode("ascii"), record)

    def sessions(self) -> list[SessionId]:
        """Return the names of all sessions; one look-up a session, however long their logs are."""
        names: list[SessionId] = []
        with self._reading(self._commits) as transaction, transaction.cursor() as cursor:
            found = cursor.first()
            while found:
                name: bytes = cursor.key()[:-9]
                names.append(SessionId(name.decode("ascii")))
                found = cursor.set_range(name + b"\1")
        return names

    def forget(self, session: SessionId) -> None:
        """Remove a session's commits and snapshot."""
        prefix = session.encode("ascii") + b"\0"
        with (
            _storage_errors(f"Session {session} could not be removed"),
            self._env.begin(write=True) as transaction,
        ):
            with transaction.cursor(db=self._commits) as cursor:
                found = cursor.set_range(prefix)
                while found and cursor.key().startswith(prefix):
                    found = cursor.delete()
            transaction.delete(session.encode("ascii"), db=self._snapshots)
        self._last.pop(session, None)

    def close(self) -> None:
        """Flush, close the environment and give the folder back."""
        self._env.sync(True)
        self._env.close()
        self._lock.release()


def _check_file(file: Path) -> None:
    """Raise what LMDB would say in other words, or not survive."""
    try:
        if not file.exists():
            return
        with file.open("r+b"):
            pass
        whole = is_whole(file.parent)
    except OSError as error:
        raise StorageError(
            f"The data file {file} cannot be opened: {error.strerror}. "
            "Allow reading and writing it, or choose another folder with --data."
        ) from error
    if not whole:
        raise StorageError(f"The data file {file} is cut off. Restore the data folder from a backup.")
