"""The log in LMDB: who owns the folder, what it refuses, and that everything is there when it is opened again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import lmdb
import pytest

from uproot_aio.errors import DataInUse, DataTooNew, LogGap, StorageError
from uproot_aio.state.commit import Change, Commit
from uproot_aio.state.identifiers import SESSION, SessionId
from uproot_aio.state.session_state import Snapshot
from uproot_aio.storage import encoding
from uproot_aio.storage.lmdb_log import PAGE_OF_COMMITS, LmdbLog

S = SessionId("s")


@contextmanager
def opened(folder: Path, durability: Literal["fsync", "os"] = "os") -> Iterator[LmdbLog]:
    log = LmdbLog(folder, durability)
    yield log
    log.close()


def commits(first: int, last: int, session: SessionId = S, blob: bytes = b"1") -> list[Commit]:
    change = Change(SESSION, "x", blob, "f:1")
    return [Commit(session, number, 1.0, "live", "p", (change,)) for number in range(first, last + 1)]


def write_format(folder: Path, version: int) -> None:
    environment = lmdb.open(str(folder), max_dbs=4)
    with environment.begin(write=True) as transaction:
        transaction.put(b"format", str(version).encode(), db=environment.open_db(b"meta", transaction))
    environment.close()


@pytest.mark.parametrize("durability", ["fsync", "os"])
def test_what_was_appended_is_there_when_the_folder_is_opened_again(
    tmp_path: Path, durability: Literal["fsync", "os"]
) -> None:
    with opened(tmp_path / "new" / "data", durability) as log:
        log.append(commits(1, 3))
        log.save_snapshot(Snapshot(S, 2, 1.0, [], {}))

    with opened(tmp_path / "new" / "data", durability) as log:
        assert list(log.read(S)) == commits(1, 3)
        assert log.snapshot(S) == Snapshot(S, 2, 1.0, [], {})
        with pytest.raises(LogGap):
            log.append(commits(3, 3))
        log.append(commits(4, 4))


def test_the_folder_has_one_owner(tmp_path: Path) -> None:
    with opened(tmp_path), pytest.raises(DataInUse, match=r"Another server .*--data"):
        LmdbLog(tmp_path, "os")


def test_another_process_cannot_own_it_either(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from uproot_aio.storage.lmdb_log import LmdbLog\n"
        "from uproot_aio.errors import DataInUse\n"
        "try: LmdbLog(Path(sys.argv[1]), 'os')\n"
        "except DataInUse: sys.exit(42)"
    )

    with opened(tmp_path):
        root = Path(__file__).parent.parent.parent
        ended = subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=root, check=False)

    assert ended.returncode == 42


def test_a_closed_folder_is_free_again(tmp_path: Path) -> None:
    with opened(tmp_path):
        pass

    with opened(tmp_path) as log:
        assert log.sessions() == []


def test_data_of_a_newer_format_are_refused_and_left_alone(tmp_path: Path) -> None:
    write_format(tmp_path, encoding.FORMAT + 1)

    with pytest.raises(DataTooNew, match=r"Use the newer version.*--data"):
        LmdbLog(tmp_path, "os")

    write_format(tmp_path, encoding.FORMAT)
    with opened(tmp_path) as log:
        assert log.sessions() == []


def test_a_folder_that_cannot_be_written_is_one_line_for_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StorageError, match=r"cannot be written: .*--data") as refused:
        LmdbLog(tmp_path / "file" / "data")

    assert "\n" not in str(refused.value)


def test_a_folder_without_permission_is_one_line_for_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "server.lock").mkdir()  # what even root cannot open for writing

    with pytest.raises(StorageError, match="cannot be written"):
        LmdbLog(tmp_path)


@pytest.mark.parametrize("size", [1, 100, 10_000])
def test_a_file_that_is_no_data_is_a_storage_error_and_leaves_the_folder_free(
    tmp_path: Path, size: int
) -> None:
    (tmp_path / "data.mdb").write_bytes(b"x" * size)

    with pytest.raises(StorageError, match="cannot be opened"):
        LmdbLog(tmp_path)

    (tmp_path / "data.mdb").unlink()
    with opened(tmp_path) as log:
        assert log.sessions() == []


@pytest.mark.parametrize(
    "count", [PAGE_OF_COMMITS - 1, PAGE_OF_COMMITS, PAGE_OF_COMMITS + 1, 2 * PAGE_OF_COMMITS]
)
def test_reading_goes_on_over_the_ends_of_its_pages(tmp_path: Path, count: int) -> None:
    with opened(tmp_path) as log:
        log.append([*commits(1, count), *commits(1, 2, SessionId("t"))])

        assert [commit.number for commit in log.read(S)] == list(range(1, count + 1))
        assert [commit.number for commit in log.read(S, 500)] == list(range(501, count + 1))


def test_a_read_holds_no_transaction_open_between_two_commits(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        log.append(commits(1, 2 * PAGE_OF_COMMITS))
        readings = [log.read(S) for _ in range(200)]  # more than LMDB has places for readers

        firsts = [next(reading).number for reading in readings]

    assert firsts == [1] * 200


def test_an_append_is_one_flush_however_many_commits_it_holds(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        log.append([*commits(1, 50), *commits(1, 50, SessionId("t"))])

        assert log.flushes == 1


def test_a_full_disk_is_a_storage_error_that_leaves_everything_as_it_was(tmp_path: Path) -> None:
    log = LmdbLog(tmp_path, "os", map_size_bytes=1 << 20)
    log.append(commits(1, 1))

    with pytest.raises(StorageError, match="could not be written"):
        log.append([*commits(2, 2), *commits(3, 3, blob=b"x" * (2 << 20))])

    assert list(log.read(S)) == commits(1, 1)
    log.append(commits(2, 2))
    log.close()


def test_a_damaged_record_is_a_storage_error_that_says_what_to_do(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        log.append(commits(1, 3))
    environment = lmdb.open(str(tmp_path), max_dbs=4)
    with environment.begin(write=True) as transaction:
        key = b"s\0" + (2).to_bytes(8, "big")
        transaction.put(key, b"\x01damaged", db=environment.open_db(b"commits", transaction))
    environment.close()

    with opened(tmp_path) as log, pytest.raises(StorageError, match="Restore the data folder from a backup"):
        list(log.read(S))


def filled(folder: Path, durability: Literal["fsync", "os"] = "os") -> Path:
    """Return the file of a closed log with commits of several sizes."""
    with opened(folder, durability) as log:
        for number in range(1, 200):
            log.append(commits(number, number, blob=b"x" * (number * 97)))
        log.save_snapshot(Snapshot(S, 199, 1.0, [], {}))
    return folder / "data.mdb"


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9])
def test_a_file_that_was_cut_off_is_refused_before_it_can_end_the_process(
    tmp_path: Path, kept: float
) -> None:
    file = filled(tmp_path)
    os.truncate(file, int(file.stat().st_size * kept))

    with pytest.raises(StorageError, match=r"data.mdb is cut off. Restore the data folder from a backup"):
        LmdbLog(tmp_path)


def test_a_file_that_only_lacks_pages_nobody_uses_is_whole(tmp_path: Path) -> None:
    file = filled(tmp_path)
    with opened(tmp_path) as log:
        log.forget(S)
        log.append(commits(1, 3))
        log.append(commits(4, 6))
    os.truncate(file, file.stat().st_size - 4096)

    with opened(tmp_path) as log:
        assert list(log.read(S)) == commits(1, 6)


def test_a_damaged_tree_is_a_storage_error_wherever_it_is_met(tmp_path: Path) -> None:
    file = filled(tmp_path)
    size = file.stat().st_size
    with file.open("r+b") as opened_file:
        opened_file.seek(2 * 4096)
        opened_file.write(bytes(size - 2 * 4096))

    with pytest.raises(StorageError, match="Restore the data folder from a backup"), opened(tmp_path) as log:
        list(log.read(S))


def test_a_file_that_is_a_folder_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "data.mdb").mkdir()

    with pytest.raises(StorageError, match=r"data\.mdb cannot be opened: Is a directory"):
        LmdbLog(tmp_path)
