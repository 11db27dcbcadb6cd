"""Find what lies in an experiments folder: its apps, the helpers they share, when each was last changed."""

from __future__ import annotations

import ast
import errno
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

NEVER_CODE = frozenset({"__pycache__", "node_modules", "lost+found"})
Stamp = tuple[int, int, int]
"""Of a file: time of change in nanoseconds, size, and its number, which is another after a replacement."""


class Unreadable(NamedTuple):
    """Why an entry of the folder cannot be read, and what to do."""

    what: str
    advice: str


@dataclass(frozen=True, slots=True)
class AppSource:
    """One name that can be imported from the experiments folder.

    Args:
        file: the file that is imported, `counter/__init__.py` or `counter.py`.
        stamps: of each `.py` file that belongs to it; equal stamps mean that nothing was saved since.
        has_twin: there is both a folder and a file of this name, so nobody can know which is meant.
        unreadable: there is something of this name, of which nothing else is known.
    """

    name: str
    file: Path
    stamps: Mapping[Path, Stamp] = field(default_factory=dict)
    has_twin: bool = False
    unreadable: Unreadable | None = None

    @property
    def is_helper(self) -> bool:
        """Whether apps may import it although it is no app itself, as its name begins with `_`."""
        return self.name.startswith("_")

    @property
    def is_package(self) -> bool:
        """Whether it is a folder."""
        return self.file.name == "__init__.py"


def find_sources(folder: Path) -> dict[str, AppSource]:
    """Return what can be imported from the folder, by name; nothing if there is no such folder.

    Skipped are names that begin with a dot or two underscores, and folders without `__init__.py`, such as
    those with the templates of an app that is one file. An entry that cannot be read hides no other one.

    Raises:
        OSError: the folder cannot be read.
    """
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    sources: dict[str, AppSource] = {}
    for entry in entries:
        path = folder / entry.name
        if entry.name.startswith((".", "__")) or entry.name in NEVER_CODE:
            continue
        try:
            found = _source_at(path)
        except OSError as error:
            name = entry.name.removesuffix(".py")
            sources.setdefault(name, AppSource(name, path, unreadable=why_unreadable(path, error)))
            continue
        if found is not None:
            has_twin = found.name in sources and sources[found.name].unreadable is None
            sources[found.name] = replace(found, has_twin=has_twin)
    return sources


def why_unreadable(path: Path, error: OSError, called: str = "") -> Unreadable:
    """Return why the path cannot be read, and what to do; the message calls it by its name or as given."""
    called = called or path.name
    if path.is_symlink() and error.errno in (errno.ENOENT, errno.ELOOP):
        is_circle = error.errno == errno.ELOOP
        leads = "that leads in a circle" if is_circle else f"to {os.readlink(path)}, which does not exist"
        advice = "Remove the link, or let it lead to a file or folder."
        return Unreadable(f"{called} is a link {leads}.", advice)
    if isinstance(error, PermissionError):
        advice = "Give the server's user the right to read it."
    else:
        advice = "Check the disk that it lies on, or remove it."
    return Unreadable(f"{called} cannot be read: {error.strerror}.", advice)


def name_of(path: Path, folder: Path) -> str | None:
    """Return the name of the app or helper that a file belongs to, None if it lies elsewhere."""
    if not path.is_relative_to(folder) or path == folder:
        return None
    return path.relative_to(folder).parts[0].removesuffix(".py")


def imported_names(source: AppSource) -> frozenset[str]:
    """Return the top-level names that the code imports anywhere, as far as it can be read."""
    names: set[str] = set()
    for file in source.stamps:
        try:
            tree = ast.parse(file.read_bytes())
        except (OSError, SyntaxError, ValueError, RecursionError):
            continue  # importing it says what is wrong, in its own words
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names.update(alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names.add(node.module.partition(".")[0])
    return frozenset(names - {source.name})


def _source_at(path: Path) -> AppSource | None:
    """Return the app or helper that this entry is, None if it is neither.

    Raises:
        OSError: nobody can tell.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        if path.is_symlink():
            raise
        return None  # removed since it was listed
    if stat.S_ISDIR(mode):
        main = path / "__init__.py"
        return AppSource(path.name, main, _stamps(_code_in(path))) if _is_file(main) else None
    if path.suffix != ".py":
        return None
    if not stat.S_ISREG(mode):
        what = Unreadable(f"{path.name} is no file.", "Put a file in its place, or remove it.")
        return AppSource(path.stem, path, unreadable=what)
    return AppSource(path.stem, path, _stamps(iter([path])))


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return False


def _code_in(package: Path) -> Iterator[Path]:
    for where, folders, files in os.walk(package):
        folders[:] = sorted(name for name in folders if name.isidentifier() and name not in NEVER_CODE)
        yield from (Path(where, name) for name in sorted(files) if name.endswith(".py") and name[0] != ".")


def _stamps(files: Iterator[Path]) -> dict[Path, Stamp]:
    stamps = {}
    for file in files:
        try:
            status = file.stat()
        except OSError:
            continue  # removed since it was listed; the next look sees it
        if stat.S_ISREG(status.st_mode):  # reading a pipe would wait for ever
            stamps[file] = (status.st_mtime_ns, status.st_size, status.st_ino)
    return stamps
