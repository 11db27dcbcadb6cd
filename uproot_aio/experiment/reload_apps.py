"""Bring apps up to date: import what changed and what needs it, keep the former version of what fails."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType

from uproot_aio.experiment.check_app import App, check_app, check_foreign_pages
from uproot_aio.experiment.find_apps import AppSource, imported_names
from uproot_aio.experiment.import_apps import (
    AppFinder,
    former_versions_elsewhere,
    hidden_module,
    import_fresh,
    modules_of,
    put_back,
    set_aside,
    unusable_name,
)
from uproot_aio.experiment.mistakes import AppFiles, Mistake, mistakes_of_import


@dataclass(frozen=True, slots=True)
class Loaded:
    """The apps as they were found at one moment."""

    apps: dict[str, App] = field(default_factory=dict)
    mistakes: dict[str, list[Mistake]] = field(default_factory=dict)
    sources: dict[str, AppSource] = field(default_factory=dict)
    imports: dict[str, frozenset[str]] = field(default_factory=dict)
    """By name of an app or helper: the top-level names that its code imports."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What `prepare` found, to be put in place by `apply`."""

    loaded: Loaded
    touched: list[str]
    """Names of the apps that are new, changed or gone, or of which the mistakes are."""


class Reloading:
    """One run over the apps that changed and those that import them, dependencies first.

    While it runs, `aside` holds the modules of their former versions. Whatever fails gets them back before
    the next app is imported, so that apps which import it meet the version that runs.
    """

    def __init__(
        self, folder: Path, finder: AppFinder, before: Loaded, sources: dict[str, AppSource]
    ) -> None:
        self._folder = folder
        self._before = before
        self._sources = sources
        self._finder = finder
        self._apps = {name: app for name, app in before.apps.items() if name in sources}
        self._mistakes = {name: found for name, found in before.mistakes.items() if name in sources}
        self._imports = {name: found for name, found in before.imports.items() if name in sources}
        self._aside: dict[str, dict[str, ModuleType]] = {}
        self._renewed: set[str] = set()

    def run(self, stale: set[str]) -> Prepared:
        """Import and check the stale apps, and then the others that need it."""
        removed = stale - self._sources.keys()
        touched = {name for name in removed if name in self._before.apps or name in self._before.mistakes}
        self._renewed |= removed
        for name in stale - removed:
            self._imports[name] = imported_names(self._sources[name])
        refused = {name: found for name in stale - removed if (found := self._refusal(self._sources[name]))}
        self._finder.names = frozenset(self._finder.names | self._sources.keys()) - refused.keys() - removed
        stale |= _in_one_circle(stale, self._imports)
        order = _dependencies_first(_with_dependents(stale, self._imports) - removed, self._imports)
        self._aside = {name: modules_of(name, self._folder) for name in (*removed, *order)}
        with former_versions_elsewhere(self._aside):
            try:
                touched |= self._import_all(order, stale, refused)
            except BaseException:
                for name in self._aside:
                    self._restore(name)
                raise
            self._restore_helpers()
        loaded = Loaded(self._apps, self._mistakes, self._sources, self._imports)
        told = refused.keys() | self._before.mistakes.keys()  # a helper alone is nobody's news
        return Prepared(loaded, sorted(name for name in touched if name in told or not _is_helper(name)))

    def _import_all(self, order: list[str], stale: set[str], refused: Mapping[str, Mistake]) -> set[str]:
        """Import and check in this order; return the names of what is not as it was before."""
        for name in self._aside:
            set_aside(name, self._folder)
        touched = set()
        for name in order:
            if name in refused:
                self._keep_former(name, [refused[name]])
            elif name in stale or name not in self._apps or self._imports[name] & self._renewed:
                self._renew(name)
            else:
                self._restore(name)
                continue
            touched.add(name)
        self._check_foreign_pages()
        return touched

    def _renew(self, name: str) -> None:
        source = self._sources[name]
        if source.is_helper:
            self._renewed.add(name)  # the apps that need it import it
            self._mistakes.pop(name, None)
            return
        files = self._files(name)
        try:
            module = import_fresh(name)
            app, mistakes = check_app(files, module, modules_of(name, self._folder))
        except BaseException as error:  # author code may raise anything, SystemExit and KeyboardInterrupt too
            self._keep_former(name, mistakes_of_import(files, error, self._finder.names))
            return
        if mistakes:
            self._keep_former(name, mistakes)
            return
        self._apps[name] = app
        self._mistakes.pop(name, None)
        self._renewed.add(name)

    def _check_foreign_pages(self) -> None:
        """Look at pages of other apps when it is known which of those can be played."""
        for name in sorted(self._renewed & self._apps.keys()):
            mistakes = list(check_foreign_pages(self._files(name), self._apps[name], self._apps))
            if mistakes:
                self._keep_former(name, mistakes)

    def _keep_former(self, name: str, mistakes: list[Mistake]) -> None:
        self._restore(name)
        former = self._before.apps.get(name)
        if former:
            self._apps[name] = former
        else:
            self._apps.pop(name, None)
        self._mistakes[name] = [replace(mistake, still_running=former is not None) for mistake in mistakes]

    def _restore(self, name: str) -> None:
        put_back(name, self._folder, self._aside[name])

    def _restore_helpers(self) -> None:
        """Give helpers back that nobody imported anew: former versions of apps may use them."""
        for name, modules in self._aside.items():
            if name in self._sources and _is_helper(name) and name not in sys.modules:
                put_back(name, self._folder, modules)

    def _refusal(self, source: AppSource) -> Mistake | None:
        """Return why this cannot even be imported, None if it can."""
        files, name = self._files(source.name), source.name
        if source.unreadable:
            return files.mistake(*source.unreadable)
        better = unusable_name(name)
        if better and not source.is_helper:  # nobody can import such a helper, so it is none
            kind = "folder" if source.is_package else "file"
            return files.mistake(
                f'"{name}" cannot be the name of an app.',
                f"Rename the {kind} to {better}; use English letters, digits and underscores.",
            )
        if source.has_twin:
            return files.mistake(
                f"There are two apps called {name}: the folder {name} and the file {name}.py.",
                "Rename one of them, or remove it.",
            )
        hidden = hidden_module(name, self._folder)
        if hidden:
            return files.mistake(
                f"An app called {name} would hide {hidden}.", f"Rename it, for example to {name}_app."
            )
        return None

    def _files(self, name: str) -> AppFiles:
        return AppFiles(name, self._folder, self._sources[name].file)


def _is_helper(name: str) -> bool:
    return name.startswith("_")


def _with_dependents(names: set[str], imports: Mapping[str, frozenset[str]]) -> set[str]:
    """Return the names and all that import one of them, directly or through others."""
    found = set(names)
    while more := {name for name, needed in imports.items() if name not in found and needed & found}:
        found |= more
    return found


def _in_one_circle(names: set[str], imports: Mapping[str, frozenset[str]]) -> set[str]:
    """Return what is imported by one of the names and imports it, too: neither can be renewed alone."""
    return {
        other
        for name in names
        for other in _with_dependents({name}, imports)
        if name in _with_dependents({other}, imports)
    }


def _dependencies_first(names: set[str], imports: Mapping[str, frozenset[str]]) -> list[str]:
    order: list[str] = []
    visited: set[str] = set()

    def visit(name: str) -> None:
        if name in names and name not in visited:
            visited.add(name)
            for needed in sorted(imports[name]):
                visit(needed)
            order.append(name)

    for name in sorted(names):
        visit(name)
    return order
