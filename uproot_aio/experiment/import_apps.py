"""Import apps under their bare names, always from source, and take them back when that fails.

A finder of our own, in place of an entry in `sys.path`, makes sibling and relative imports work without an
app ever hiding a module of Python or of an installed package. Bytecode files are neither read nor written:
Python trusts them when time (in seconds) and size agree, so a second save within a second would be missed.
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
import importlib.abc
import importlib.machinery
import keyword
import os
import re
import sys
import sysconfig
import threading
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import CodeType, ModuleType

APP_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


class SourceOnlyLoader(importlib.machinery.SourceFileLoader):
    """Compiles the file as it is now."""

    def get_code(self, fullname: str) -> CodeType:
        """Return the code of the file, never that of a bytecode file."""
        path = self.get_filename(fullname)
        source = self.get_data(path)
        null = source.find(b"\0")
        if null >= 0:  # Python itself would not say in which file
            line = source.count(b"\n", 0, null) + 1
            raise SyntaxError("it contains null bytes", (path, line, None, None))
        return self.source_to_code(source, path)


class AppFinder(importlib.abc.MetaPathFinder):
    """Finds the apps and helpers of one experiments folder, and the submodules of these."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: frozenset[str] = frozenset()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return where the module lies, None if it is not ours to find."""
        if fullname.partition(".")[0] not in self.names:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path or [str(self.folder)])
        if spec is not None and isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            spec.loader = SourceOnlyLoader(spec.loader.name, spec.loader.path)
            spec.cached = None
        return spec


def import_fresh(name: str) -> ModuleType:
    """Import an app that is not in `sys.modules`; raises whatever its code raises."""
    importlib.invalidate_caches()  # a file younger than the last listing of its folder is found, too
    return importlib.import_module(name)


def modules_of(name: str, folder: Path) -> dict[str, ModuleType]:
    """Return the app's module and its submodules, as far as they are imported.

    Nothing is returned for a module of the same name that is no app, such as `sys`.
    """
    if name in sys.modules and not _is_app(sys.modules[name], folder):
        return {}
    return {
        key: module for key, module in list(sys.modules.items()) if key == name or key.startswith(f"{name}.")
    }


def set_aside(name: str, folder: Path) -> dict[str, ModuleType]:
    """Take the app's modules out of `sys.modules`, so that the next import runs its code anew."""
    modules = modules_of(name, folder)
    for key in modules:
        sys.modules.pop(key, None)
    return modules


def put_back(name: str, folder: Path, modules: dict[str, ModuleType]) -> None:
    """Replace whatever is imported of the app by these modules."""
    set_aside(name, folder)
    sys.modules.update(modules)


@contextlib.contextmanager
def former_versions_elsewhere(former: Mapping[str, Mapping[str, ModuleType]]) -> Iterator[None]:
    """Let import statements in all threads but this one find the former modules of apps.

    While new versions are imported, `sys.modules` has them, as their own code and `dataclasses` expect. Other
    threads run the former versions, on the event loop: an import in one of their functions must neither see
    unchecked modules nor wait on Python's lock until the new ones are complete. `builtins.__import__` is
    where such a statement can be told by its thread; finders are asked only after the lock. What is still
    led to the new modules: `importlib.import_module`, and submodules that nobody imported before.

    Args:
        former: by name of an app, its former modules by their names; empty for an app that is new.
    """
    python, this_thread = builtins.__import__, threading.get_ident()

    def import_former(
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        if threading.get_ident() != this_thread:
            full_name = _full_name(name, globals, level)
            app = full_name.partition(".")[0]
            modules = former.get(app, {})
            module = modules.get(full_name)
            if module is not None and all(hasattr(module, part) for part in fromlist or ()):
                return module if fromlist else modules[app]
        return python(name, globals, locals, fromlist or (), level)

    builtins.__import__ = import_former
    try:
        yield
    finally:
        builtins.__import__ = python


def _full_name(name: str, importer: Mapping[str, object] | None, level: int) -> str:
    """Return the absolute name of what an import statement names; empty if Python must say what is wrong."""
    if level == 0:
        return name
    package = str((importer or {}).get("__package__") or "")
    parts = package.split(".")
    return (
        ".".join([*parts[: len(parts) - level + 1], *([name] if name else [])]) if level <= len(parts) else ""
    )


def unusable_name(name: str) -> str | None:
    """Return a better name if this one cannot be imported, None if it can."""
    if APP_NAME.fullmatch(name) and not keyword.iskeyword(name):
        return None
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()  # letters without accents
    better = re.sub(r"\W+", "_", plain).strip("_") or "my_app"
    return f"app_{better}" if better[0].isdigit() or keyword.iskeyword(better) else better


def hidden_module(name: str, folder: Path) -> str | None:
    """Return what an app of this name would hide: a module of Python or of an installed package."""
    if name in sys.stdlib_module_names:
        return "a module of Python itself"
    module = sys.modules.get(name)
    if module is not None and not _is_app(module, folder):
        return f"a module that is in use ({getattr(module, '__file__', None) or 'built in'})"
    for finder in sys.meta_path:
        if isinstance(finder, AppFinder) or not hasattr(finder, "find_spec"):
            continue
        if finder is importlib.machinery.PathFinder:
            spec = finder.find_spec(name, [entry for entry in sys.path if Path(entry).absolute() != folder])
        else:
            spec = finder.find_spec(name, None)
        if spec is not None and _is_installed(spec, folder):
            return f"an installed module ({spec.origin or name})"
    return None


def _is_app(module: ModuleType, folder: Path) -> bool:
    spec = getattr(module, "__spec__", None)
    file = getattr(module, "__file__", None)
    return isinstance(getattr(spec, "loader", None), SourceOnlyLoader) or (
        file is not None and Path(file).is_relative_to(folder)
    )


def _is_installed(spec: importlib.machinery.ModuleSpec, folder: Path) -> bool:
    """Tell a module, or part of a package in site-packages, from a folder that happens to lie on the path."""
    if spec.origin is not None:
        return not Path(spec.origin).is_relative_to(folder)
    packages = (sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))
    return any(os.path.dirname(place) in packages for place in spec.submodule_search_locations or ())
