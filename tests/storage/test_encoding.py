"""Records are read back equal, and a damaged or newer one is never taken for a good one."""

from __future__ import annotations

import pytest

from uproot_aio.errors import DataTooNew, StorageError
from uproot_aio.state.calls import PageLoad, PlayerCalls
from uproot_aio.state.commit import CallId, CallRecord, Change, Commit, Notice, Refused, Returned, Started
from uproot_aio.state.identifiers import SESSION, OwnerId, PlayerId, SessionId
from uproot_aio.state.session_state import FieldSnapshot, Snapshot
from uproot_aio.storage import encoding

CALL = CallId(PlayerId("p"), "a" * 32, 2**53 - 1)
OUTCOMES = (Started(), Returned(b'{"a": 1}'), Refused("failed", "Ein Übel 🌧", "$.a", "int", b"[1]"))
COMMIT = Commit(
    SessionId("s"),
    7,
    1234567890.123456,
    "live",
    "p",
    (Change(SESSION, "x", b"\x01", "app.f:3"), Change(OwnerId("player/p"), "größe", None, "")),
    (Notice((PlayerId("p"), PlayerId("q")), "offer", None, b"null"), Notice((), "x", 3, b"1")),
    CallRecord(CALL, 1, OUTCOMES[1]),
)
GOLDEN = (
    "01ff6cfc0398a17307cb41d26580b487e6b4a46c697665a1709294a773657373696f6ea178c40101a76170702e663a33"
    "94a8706c617965722f70a76772c3b6c39f65c0a0929492a170a171a56f66666572c0c4046e756c6c9490a17803c40131"
    "9393a170d9206161616161616161616161616161616161616161616161616161616161616161cf001fffffffffffff01"
    "92a872657475726e6564c4087b2261223a20317d"
)
"""`COMMIT` as format 1 writes it."""
SNAPSHOT = Snapshot(
    SessionId("s"),
    7,
    1.5,
    [FieldSnapshot(SESSION, "x", b"\x01", b"\0" * 8), FieldSnapshot(SESSION, "y", None, b"")],
    {PlayerId("p"): PlayerCalls({"a" * 32: PageLoad(2, 3, {2: OUTCOMES[0]})}, {"b" * 32: 9})},
)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_commit_is_read_back_equal(outcome: Started | Returned | Refused) -> None:
    commit = Commit(SessionId("s"), 1, 1.0, "page", "p", answer=CallRecord(CALL, 1, outcome))

    assert encoding.decode_commit(encoding.encode_commit(commit)) == commit
    assert encoding.decode_commit(encoding.encode_commit(COMMIT)) == COMMIT


def test_a_snapshot_is_read_back_equal() -> None:
    assert encoding.decode_snapshot(encoding.encode_snapshot(SNAPSHOT)) == SNAPSHOT


def test_any_flipped_bit_is_noticed() -> None:
    record = encoding.encode_commit(COMMIT)

    for position in range(len(record) * 8):
        damaged = bytearray(record)
        damaged[position // 8] ^= 1 << position % 8
        with pytest.raises(StorageError):
            encoding.decode_commit(bytes(damaged))


def test_any_cut_is_noticed() -> None:
    record = encoding.encode_commit(COMMIT)

    for length in range(len(record)):
        with pytest.raises(StorageError):
            encoding.decode_commit(record[:length])


def test_a_record_of_a_newer_format_says_so() -> None:
    record = bytes([encoding.FORMAT + 1]) + encoding.encode_commit(COMMIT)[1:]

    with pytest.raises(DataTooNew, match="Use a newer version"):
        encoding.decode_commit(record)


def test_a_record_of_something_else_is_a_storage_error() -> None:
    with pytest.raises(StorageError, match="cannot be read"):
        encoding.decode_commit(encoding.encode_snapshot(SNAPSHOT))


def test_a_commit_written_by_the_first_version_is_read_for_ever() -> None:
    written = bytes.fromhex(GOLDEN)

    assert encoding.decode_commit(written) == COMMIT
