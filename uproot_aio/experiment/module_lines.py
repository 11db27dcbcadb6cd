"""Find the lines at which the source of a module binds its names."""

from __future__ import annotations

import ast
from pathlib import Path


class ModuleLines:
    """Where a module's source binds its names; knows nothing about a file that cannot be read."""

    def __init__(self, file: Path) -> None:
        try:
            self._body = ast.parse(file.read_bytes()).body
        except (OSError, SyntaxError, ValueError, RecursionError):
            self._body = []  # changed since it was imported: a mistake without a line is still a mistake

    def of(self, name: str) -> int | None:
        """Return the line of the last statement at the top level that binds the name."""
        node = _binding(self._body, name)
        return node.lineno if node else None

    def of_text(self, name: str, text: str) -> int | None:
        """Return the line of a text within the statement that binds the name."""
        node = _binding(self._body, name)
        for part in ast.walk(node) if node else ():
            if isinstance(part, ast.Constant) and part.value == text:
                return part.lineno
        return node.lineno if node else None

    def of_attribute(self, page: str, name: str, text: str | None = None) -> int | None:
        """Return the line of a binding in a class of the module, or of a text or keyword within it."""
        owner = _binding(self._body, page)
        node = _binding(owner.body, name) if isinstance(owner, ast.ClassDef) else None
        for part in ast.walk(node) if node and text is not None else ():
            if isinstance(part, ast.Constant) and part.value == text:
                return part.lineno
            if isinstance(part, ast.keyword) and part.arg == text:
                return part.lineno
        return node.lineno if node else None


def _binding(body: list[ast.stmt], name: str) -> ast.stmt | None:
    found = None
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names = [node.name]
        elif isinstance(node, ast.Assign):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        elif isinstance(node, (ast.AnnAssign, ast.AugAssign)) and isinstance(node.target, ast.Name):
            names = [node.target.id]
        else:
            continue
        if name in names:
            found = node
    return found
