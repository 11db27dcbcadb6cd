"""Say whether LMDB's file is whole, before it is mapped into memory.

A look at a mapped page that the file lacks does not raise: it ends the process (SIGBUS). LMDB checks only the first two
pages (lmdb `mdb.c`, MDB_meta), which name the last page in use. A file may be whole without it: pages that became free
in the transaction that took them are never written. So where the file is shorter, another process looks at everything.
"""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path
from typing import Final

_MAGIC: Final = 0xBEEFC0DE
_MAGIC_AT: Final = 16
_PAGE_SIZE_AT: Final = 40
_LAST_PAGE_AT: Final = 136
_TRANSACTION_AT: Final = 144
_META_BYTES: Final = 152
_LOOK_SECONDS: Final = 600
_LOOK: Final = """
import os, sys, lmdb
environment = lmdb.open(sys.argv[1], readonly=True, lock=False, max_dbs=8)
with environment.begin() as transaction:
    names = [key for key, value in transaction.cursor()]
    for name in names:
        for record in transaction.cursor(environment.open_db(name, transaction, create=False)):
            pass
with open(os.devnull, "wb") as nowhere:
    environment.copyfd(nowhere.fileno(), compact=True)  # reads the list of free pages too
"""


def is_whole(folder: Path) -> bool:
    """Say whether nothing is cut off from the folder's data file. Takes as long as reading it, if it is short."""
    file = folder / "data.mdb"
    if not file.exists() or file.stat().st_size >= _expected_bytes(file):
        return True
    look = [sys.executable, "-c", _LOOK, str(folder)]
    looked = subprocess.run(look, check=False, capture_output=True, timeout=_LOOK_SECONDS)
    return looked.returncode == 0


def _expected_bytes(file: Path) -> int:
    """Return how long the file is with all pages that its newer head names; 0 if it has no head, which LMDB refuses."""
    heads = []
    with file.open("rb") as opened:
        first = opened.read(_META_BYTES)
        if len(first) < _META_BYTES or not _is_head(first):
            return 0
        (page_bytes,) = struct.unpack_from("=I", first, _PAGE_SIZE_AT)
        heads.append(first)
        opened.seek(page_bytes)
        second = opened.read(_META_BYTES)
        if len(second) == _META_BYTES and _is_head(second):
            heads.append(second)
    newest = max(heads, key=lambda head: int(struct.unpack_from("=Q", head, _TRANSACTION_AT)[0]))
    (last_page,) = struct.unpack_from("=Q", newest, _LAST_PAGE_AT)
    return (int(last_page) + 1) * int(page_bytes)


def _is_head(page: bytes) -> bool:
    return bool(struct.unpack_from("=I", page, _MAGIC_AT)[0] == _MAGIC)
