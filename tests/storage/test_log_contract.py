"""What every log promises: all or none, in order, each session for itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from uproot_aio.engine.log import Log
from uproot_aio.errors import LogGap, StorageError
from uproot_aio.state.commit import CallId, CallRecord, Change, Commit, Notice, Refused
from uproot_aio.state.identifiers import SESSION, PlayerId, SessionId
from uproot_aio.state.session_state import Snapshot
from uproot_aio.storage.lmdb_log import LmdbLog
from uproot_aio.storage.memory_log import MemoryLog

A, B, AB = SessionId("a"), SessionId("b"), SessionId("a.b")
LOGS: dict[str, Callable[[Path], Log]] = {
    "memory": lambda folder: MemoryLog(),
    "lmdb": lambda folder: LmdbLog(folder, "os"),
}


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[Log]:
    log = LOGS[kind](folder)
    yield log
    log.close()


@pytest.fixture(params=LOGS)
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Log]:
    with opened(request.param, tmp_path) as log:
        yield log


def commit(number: int, session: SessionId = A, blob: bytes | None = None) -> Commit:
    return Commit(session, number, 1.0, "live", "p", (Change(SESSION, "x", blob or b"%d" % number, "f:1"),))


def snapshot(session: SessionId, number: int) -> Snapshot:
    return Snapshot(session, number, 1.0, [], {})


def test_commits_are_read_back_equal_and_in_order(log: Log) -> None:
    whole = Commit(
        A,
        1,
        1.25,
        "live",
        "p",
        (Change(SESSION, "x", None, "f:1"),),
        (Notice((PlayerId("p"),), "e", 2, b"[1]"),),
        CallRecord(CallId(PlayerId("p"), "a" * 32, 3), 2, Refused("refused", "no", data=b"1")),
    )

    log.append([whole, commit(2)])
    log.append([commit(3)])

    assert list(log.read(A)) == [whole, commit(2), commit(3)]


def test_reading_starts_after_a_number(log: Log) -> None:
    log.append([commit(number) for number in (1, 2, 3)])

    assert [[c.number for c in log.read(A, after)] for after in range(5)] == [[1, 2, 3], [2, 3], [3], [], []]


def test_an_unknown_session_has_no_commits(log: Log) -> None:
    assert list(log.read(A)) == []
    assert log.snapshot(A) is None
    assert log.sessions() == []


def test_one_append_may_hold_commits_of_many_sessions(log: Log) -> None:
    log.append([commit(1, B), commit(1, A), commit(2, B)])

    assert [c.number for c in log.read(A)] == [1]
    assert [c.number for c in log.read(B)] == [1, 2]


@pytest.mark.parametrize("numbers", [[0], [2], [1, 1], [1, 3], [1, 2, 2], [-1]])
def test_a_number_that_is_not_the_next_is_refused_and_nothing_of_the_append_is_kept(
    log: Log, numbers: list[int]
) -> None:
    with pytest.raises(LogGap):
        log.append([commit(1, B), *(commit(number) for number in numbers)])

    assert log.sessions() == []
    log.append([commit(1, B), commit(1)])


def test_a_second_owner_who_lags_behind_is_refused(log: Log) -> None:
    log.append([commit(1), commit(2)])

    with pytest.raises(LogGap):
        log.append([commit(2)])

    assert [c.number for c in log.read(A)] == [1, 2]


def test_a_commit_that_cannot_be_written_leaves_nothing_of_its_append(log: Log) -> None:
    impossible = Commit(
        A, 2, 1.0, "live", "p", answer=CallRecord(CallId(PlayerId("p"), "a", 1 << 70), 1, Refused("", ""))
    )

    with pytest.raises((StorageError, OverflowError)):
        log.append([commit(1), impossible])

    assert log.sessions() == []
    log.append([commit(1)])


def test_an_empty_append_is_nothing(log: Log) -> None:
    log.append([])

    assert log.sessions() == []


def test_one_value_is_read_by_its_place(log: Log) -> None:
    changes = (Change(SESSION, "x", b"one", ""), Change(SESSION, "y", None, ""))
    log.append([commit(1), Commit(A, 2, 1.0, "live", "p", changes)])

    assert [log.value(A, 1, 0), log.value(A, 2, 0), log.value(A, 2, 1)] == [b"1", b"one", None]


def test_a_place_that_is_not_in_the_log_is_a_storage_error(log: Log) -> None:
    log.append([commit(1)])

    for session, number, index in [(A, 2, 0), (A, 0, 0), (B, 1, 0), (A, 1, 1), (A, 1, -1)]:
        with pytest.raises(StorageError):
            log.value(session, number, index)


def test_the_newest_snapshot_is_kept(log: Log) -> None:
    log.append([commit(1), commit(2)])

    log.save_snapshot(snapshot(A, 1))
    log.save_snapshot(snapshot(A, 2))

    assert log.snapshot(A) == snapshot(A, 2)
    assert log.snapshot(B) is None


def test_sessions_are_listed_by_name_whatever_the_order_of_their_commits(log: Log) -> None:
    names = ["b", "a", "a.b", "a-", "a0", "A", "_server", "a_", "ab"]

    log.append([commit(number, SessionId(name)) for number in (1, 2) for name in names])

    assert log.sessions() == sorted(names)


def test_a_session_whose_name_begins_like_another_is_another(log: Log) -> None:
    log.append([commit(1), commit(1, AB), commit(2, AB)])

    log.append([commit(2)])

    assert [c.number for c in log.read(A)] == [1, 2]
    assert [c.session for c in log.read(AB)] == [AB, AB]


def test_a_forgotten_session_is_gone_and_its_name_is_free_again(log: Log) -> None:
    log.append([commit(1), commit(2), commit(1, AB), commit(1, B)])
    log.save_snapshot(snapshot(A, 2))
    log.save_snapshot(snapshot(B, 1))

    log.forget(A)

    assert log.sessions() == [AB, B]
    assert (list(log.read(A)), log.snapshot(A), log.snapshot(B)) == ([], None, snapshot(B, 1))
    log.append([commit(1)])


def test_forgetting_what_is_not_there_is_nothing(log: Log) -> None:
    log.append([commit(1, B)])

    log.forget(A)

    assert log.sessions() == [B]


def test_a_read_under_way_sees_no_half_of_an_append(log: Log) -> None:
    log.append([commit(1), commit(2)])
    reading = log.read(A)
    first = next(reading)

    log.append([commit(3)])

    assert first.number == 1
    assert [c.number for c in reading] in ([2], [2, 3])


def test_any_thread_may_read(log: Log) -> None:
    log.append([commit(1)])
    found: list[object] = []

    thread = threading.Thread(
        target=lambda: found.extend([*log.read(A), log.value(A, 1, 0), log.snapshot(A)])
    )
    thread.start()
    thread.join()

    assert found == [commit(1), b"1", None]


@pytest.mark.parametrize("kind", LOGS)
def test_a_log_that_another_thread_closed_can_be_opened_again(kind: str, tmp_path: Path) -> None:
    log = LOGS[kind](tmp_path)
    thread = threading.Thread(target=log.close)
    thread.start()
    thread.join()

    with opened(kind, tmp_path) as again:
        again.append([commit(1)])

        assert list(again.read(A)) == [commit(1)]
