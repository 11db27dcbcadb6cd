"""Find what lies in an experiments folder: its apps, the helpers they share, when each was last changed."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

NEVER_CODE = frozenset({"__pycache__", "node_modules"})
Stamp = tuple[int, int, int]
"""Of a file: time of change in nanoseconds, size, and its number, which is another after a replacement."""


@dataclass(frozen=True, slots=True)
class AppSource:
    """One name that can be imported from the experiments folder.

    Args:
        file: the file that is imported, `counter/__init__.py` or `counter.py`.
        stamps: of each `.py` file that belongs to it; equal stamps mean that nothing was saved since.
        has_twin: there is both a folder and a file of this name, so nobody can know which is meant.
    """

    name: str
    file: Path
    stamps: Mapping[Path, Stamp]
    has_twin: bool = False

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
    those with the templates of an app that is one file.

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
        if entry.name.startswith((".", "__")):
            continue
        if entry.is_dir() and (path / "__init__.py").is_file():
            name, main = entry.name, path / "__init__.py"
            files = _code_in(path)
        elif entry.is_file() and path.suffix == ".py":
            name, main = path.stem, path
            files = iter([path])
        else:
            continue
        sources[name] = AppSource(name, main, _stamps(files), has_twin=name in sources)
    return sources


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
        stamps[file] = (status.st_mtime_ns, status.st_size, status.st_ino)
    return stamps
