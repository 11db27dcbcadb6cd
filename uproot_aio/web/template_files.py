"""The text of every template, in memory: rendering happens on the event loop and must not wait for a disk."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import jinja2

from uproot_aio.errors import AuthorError

SUFFIXES = frozenset({".html", ".md", ".js", ".svg", ".txt", ".css", ".xml"})
"""What a template may extend or include."""

LARGEST_BYTES = 1 << 20


class TemplateFiles(jinja2.BaseLoader):
    """Finds a template by its path below one of several folders; the first folder that has it wins.

    Nothing is found before `read()`. Call it again, in a thread, when files have changed; what is being
    rendered meanwhile uses the old texts.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)
        self._files: dict[str, tuple[Path, bytes]] = {}

    def read(self) -> None:
        """Read all templates from disk. Blocks."""
        found: dict[str, tuple[Path, bytes]] = {}
        for folder in self._folders:
            for path in _template_paths(folder):
                name = path.relative_to(folder).as_posix()
                if name not in found and (text := _read(path)) is not None:
                    found[name] = (path, self._kept(name, path, text))
        self._files = found

    def _kept(self, name: str, path: Path, text: bytes) -> bytes:
        """Return the text we already have if it did not change, so that Jinja keeps what it compiled."""
        old = self._files.get(name)
        return old[1] if old == (path, text) and old is not None else text

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def get_source(
        self, environment: jinja2.Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        """Return text, path and a test for change, as Jinja asks for them."""
        if template not in self._files:
            raise jinja2.TemplateNotFound(template)
        path, text = self._files[template]
        try:
            source = text.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise AuthorError(f"{path} is not UTF-8 text (byte {error.start}). Save it as UTF-8.") from None

        def is_current() -> bool:
            now = self._files.get(template)
            return now is not None and now[1] is text and now[0] == path

        return source, str(path), is_current

    def list_templates(self) -> list[str]:
        """Return the names of all templates, sorted."""
        return sorted(self._files)


def _template_paths(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        # `_static` and `__pycache__` hold no templates, nor does what is hidden or installed.
        folders[:] = sorted(name for name in folders if name[0] not in "._" and name != "node_modules")
        for file in sorted(files):
            if Path(file).suffix in SUFFIXES:
                yield Path(parent, file)


def _read(path: Path) -> bytes | None:
    """Return the content; None if the file has vanished meanwhile, or is too large for a template."""
    try:
        return path.read_bytes() if path.stat().st_size <= LARGEST_BYTES else None
    except OSError:
        return None
