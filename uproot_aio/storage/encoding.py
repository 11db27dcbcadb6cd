"""Commits and snapshots to bytes and back: a version byte, a CRC-32 of the rest, then msgpack.

Every later version reads every older format: a new format is a new version byte with its own decoder here.
Version 1 is one commit or snapshot, version 2 an array of commits.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import TypeVar
from zlib import crc32

import msgspec

from uproot_aio.errors import DataTooNew, StorageError
from uproot_aio.state.commit import Commit
from uproot_aio.state.session_state import Snapshot

ONE, SEVERAL = 1, 2
FORMAT = SEVERAL
T = TypeVar("T")
_HEAD = struct.Struct(">BI")
_encoder = msgspec.msgpack.Encoder()
_commits = msgspec.msgpack.Decoder(Commit)
_groups = msgspec.msgpack.Decoder(list[Commit])
_snapshots = msgspec.msgpack.Decoder(Snapshot)


def encode_commit(commit: Commit) -> bytes:
    """Return the record of a commit."""
    return _seal(_encoder.encode(commit))


def decode_commit(record: bytes) -> Commit:
    """Return the commit of a record.

    Raises:
        StorageError: the record is damaged.
        DataTooNew: a newer version wrote it.
    """
    return _decode(_commits, record)


def encode_commits(commits: Sequence[Commit]) -> bytes:
    """Return one record of commits that follow one another."""
    return _seal(_encoder.encode(commits), SEVERAL)


def decode_commits(record: bytes) -> list[Commit]:
    """Return the commits of a record; raises as `decode_commit` does."""
    if record[:1] == bytes((SEVERAL,)):
        return _decode(_groups, record)
    return [_decode(_commits, record)]


def value_of(commit: Commit, index: int) -> bytes | None:
    """Return the encoded value that one change of a commit wrote.

    Raises:
        StorageError: the commit has no such change.
    """
    changes = commit.changes
    if not 0 <= index < len(changes):
        raise StorageError(f"A record has {len(changes)} changes, so there is no change {index}.")
    return changes[index].blob


def encode_snapshot(snapshot: Snapshot) -> bytes:
    """Return the record of a snapshot."""
    return _seal(_encoder.encode(snapshot))


def decode_snapshot(record: bytes) -> Snapshot:
    """Return the snapshot of a record; raises as `decode_commit` does."""
    return _decode(_snapshots, record)


def _seal(body: bytes, version: int = ONE) -> bytes:
    return _HEAD.pack(version, crc32(body)) + body


def _decode(decoder: msgspec.msgpack.Decoder[T], record: bytes) -> T:
    if len(record) < _HEAD.size:
        raise StorageError("A record is shorter than its head. Restore the data folder from a backup.")
    version, checksum = _HEAD.unpack_from(record)
    if version > FORMAT:
        raise DataTooNew(
            f"A record has format {version}; this version reads up to {FORMAT}. Use a newer version."
        )
    body = memoryview(record)[_HEAD.size :]
    if version < ONE or crc32(body) != checksum:
        raise StorageError("A record does not match its checksum. Restore the data folder from a backup.")
    try:
        return decoder.decode(body)
    except msgspec.MsgspecError as error:
        raise StorageError(
            f"A record cannot be read: {error}. Restore the data folder from a backup."
        ) from error
