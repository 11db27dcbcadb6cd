"""The documentation taken apart: pages, code blocks, and the files that blocks belong to.

A line that holds only a path in backquotes names the file of the block below it: `experiments/quiz/__init__.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
DOCS: Final = ROOT / "docs"
PAGES: Final = [*sorted(DOCS.glob("*.md")), ROOT / "README.md"]
_FENCE = re.compile(r"^```(\S*)$")
_TITLE = re.compile(r"^`([\w./-]+)`$")


@dataclass(frozen=True, slots=True)
class Block:
    """A code block; `file` is the path that it belongs to, if it says one."""

    page: str
    line: int
    language: str
    text: str
    file: str | None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def page_text(name: str) -> str:
    """Return one page of docs/."""
    return (DOCS / name).read_text(encoding="utf-8")


def blocks(*languages: str) -> list[Block]:
    """Return all code blocks in these languages; without any, all."""
    return [
        block for page in PAGES for block in _blocks(page) if not languages or block.language in languages
    ]


def _blocks(page: Path) -> Iterator[Block]:
    lines = page.read_text(encoding="utf-8").splitlines()
    start, language, file, before = 0, "", None, ""
    for number, line in enumerate(lines, start=1):
        fence = _FENCE.match(line)
        if fence and not start:
            title = _TITLE.match(before)
            start, language, file = number, fence[1], title[1] if title else None
        elif line == "```":
            yield Block(page.name, start, language, "\n".join(lines[start : number - 1]) + "\n", file)
            start = 0
        if line.strip():
            before = line
    assert not start, f"{page.name}:{start}: this block has no end"


def apps() -> dict[str, dict[str, str]]:
    """Return the apps that the pages show: by name and version, as in "greeting 2", the files with their texts.

    A module that is shown again on the same page begins a new version, with the former one's other files.
    """
    found: dict[str, dict[str, str]] = {}
    for block in blocks():
        if block.file is None:
            continue
        name = block.file.split("/")[1].removesuffix(".py")
        versions = [key for key in found if key.split()[0] == name]
        if block.file.endswith(".py"):
            former = found[versions[-1]] if versions else {}
            versions.append(f"{name} {len(versions) + 1}")
            found[versions[-1]] = dict(former)
        found[versions[-1]][block.file] = block.text
    return found


def table_rows(page: str, first_heading: str) -> list[list[str]]:
    """Return the cells of the rows of the table whose first column has this heading."""
    lines = page_text(page).splitlines()
    starts = [n for n, line in enumerate(lines) if line.startswith(f"| {first_heading} |")]
    start = next(n for n in starts if lines[n + 1].startswith("| ---"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.removeprefix("| ").removesuffix(" |").split(" | ")])
    return rows
