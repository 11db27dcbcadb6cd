"""Which static files there are, and their addresses, each with a version that changes when the file does."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

OURS = "_uproot"
PROJECT = "_project"
FOLDERS = ("_static", "static")
"""Where an app keeps its static files; the first that has a file wins."""


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file; `version` is what stands behind `?v=` in its address."""

    path: Path
    version: str


class StaticFiles:
    """Knows every static file by realm (an app, the project, or ourselves) and name.

    What is not in this table is not served, so no address can lead out of the folders. `read()` again, in a
    thread, when files have changed.

    Args:
        internal: our own folder.
        experiments: the folder of the apps, whose folders `_static` are served.
        root: what stands before every address, without a slash at its end.
    """

    def __init__(self, internal: Path, experiments: Path, *, root: str = "") -> None:
        self._internal = internal
        self._experiments = experiments
        self._root = root
        self._files: Mapping[tuple[str, str], StaticFile] = {}

    def read(self) -> None:
        """List all files and their versions. Blocks."""
        found: dict[tuple[str, str], StaticFile] = {}
        for realm, folder in self._realms():
            for path in _files_below(folder):
                file = _describe(path)
                if file is not None:
                    found.setdefault((realm, path.relative_to(folder).as_posix()), file)
        self._files = found

    def find(self, realm: str, name: str) -> StaticFile | None:
        """Return the file to serve for `/static/{realm}/{name}`."""
        return self._files.get((realm, name))

    def url(self, realm: str, name: str) -> str:
        """Return a file's address; without a version if there is no such file."""
        file = self._files.get((realm, name))
        address = f"{self._root}/static/{quote(realm)}/{quote(name)}"
        return f"{address}?v={file.version}" if file else address

    def _realms(self) -> Iterator[tuple[str, Path]]:
        yield OURS, self._internal
        for folder in FOLDERS:
            yield PROJECT, self._experiments / folder
        if self._experiments.is_dir():
            for app in sorted(self._experiments.iterdir()):
                if app.is_dir() and app.name.isidentifier() and app.name not in FOLDERS:
                    for folder in FOLDERS:
                        yield app.name, app / folder


def _files_below(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__")))
        for name in sorted(files):
            if not name.startswith(".") and not name.endswith(".py"):
                yield Path(parent, name)


def _describe(path: Path) -> StaticFile | None:
    """Return the file with a version made of its time and size; hashing a video would be slow."""
    try:
        status = path.stat()
    except OSError:
        return None
    stamp = f"{status.st_mtime_ns} {status.st_size}".encode()
    return StaticFile(path, hashlib.blake2b(stamp, digest_size=6).hexdigest())
