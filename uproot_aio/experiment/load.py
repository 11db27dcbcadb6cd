"""Find the apps in the experiments folder, check them, report every mistake at once; reload what changes.

Importing runs the author's code and may take long, so it is a step of its own: `prepare` may run in a worker
thread and changes nothing that others look at; `apply` puts the result in place at once, on the event loop's
thread. An app that cannot be loaded never stops another, and its former version, if any, runs on.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from uproot_aio.experiment.check_app import App
from uproot_aio.experiment.find_apps import find_sources, name_of, why_unreadable
from uproot_aio.experiment.import_apps import AppFinder, set_aside
from uproot_aio.experiment.mistakes import Mistake
from uproot_aio.experiment.pages import Page
from uproot_aio.experiment.reload_apps import Loaded, Prepared, Reloading

__all__ = ["App", "Library", "Mistake", "Prepared"]


class Library:
    """The apps of one experiments folder. A process has one open library, since module names are shared.

    Args:
        folder: need not exist, now or later; None for a library without apps.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = None if folder is None else Path(os.path.abspath(folder))
        self._loaded = Loaded()
        self._finder = None if self.folder is None else AppFinder(self.folder)

    @property
    def apps(self) -> Mapping[str, App]:
        """The apps that can be played, by name; some of them perhaps in a former version."""
        return self._loaded.apps

    @property
    def mistakes(self) -> Mapping[str, list[Mistake]]:
        """What is wrong with the newest version of each app that has mistakes, by name."""
        return self._loaded.mistakes

    def page(self, path: str) -> type[Page] | None:
        """Return the page that is called "app/Class" now, None if there is no such app or page at present."""
        app_name, _, page_name = path.partition("/")
        app = self._loaded.apps.get(app_name)
        return app.pages.get(page_name) if app else None

    def load(self) -> None:
        """Import and check all apps."""
        self.reload([source.file for source in self._loaded.sources.values()])

    def reload(self, changed: Collection[Path]) -> list[str]:
        """Bring all apps up to date; return the names of those that are new, changed, gone or newly mistaken.

        Args:
            changed: `.py` files known to have changed. Others are found by their time, size and file number.
        """
        return self.apply(self.prepare(changed))

    def prepare(self, changed: Collection[Path]) -> Prepared:
        """Do the work of `reload` without putting the result in place; one at a time, in any thread."""
        before = self._loaded
        if self.folder is None or self._finder is None:
            return Prepared(before, [])
        try:
            sources = find_sources(self.folder)
        except OSError as error:
            return self._unreadable(self.folder, error)
        forced = {
            name_of(Path(os.path.abspath(path)), self.folder) for path in changed if path.suffix == ".py"
        }
        stale = {
            name
            for name in before.sources.keys() | sources.keys()
            if name in forced or before.sources.get(name) != sources.get(name)
        }
        if not stale:
            return self._readable_again(sources.keys())
        if self._finder not in sys.meta_path:
            sys.meta_path.insert(0, self._finder)
        return Reloading(self.folder, self._finder, before, sources).run(stale)

    def apply(self, prepared: Prepared) -> list[str]:
        """Put the result of `prepare` in place; return the names of the apps touched."""
        self._loaded = prepared.loaded
        return prepared.touched

    def close(self) -> None:
        """Forget all apps and take their modules out of `sys.modules`."""
        if self._finder is not None:
            for name in self._loaded.sources:
                set_aside(name, self._finder.folder)
            if self._finder in sys.meta_path:
                sys.meta_path.remove(self._finder)
        self._loaded = Loaded()

    def _unreadable(self, folder: Path, error: OSError) -> Prepared:
        what, advice = why_unreadable(folder, error, "The experiments folder")
        mistake = Mistake(folder.name, str(folder), None, what, advice, still_running=bool(self._loaded.apps))
        mistakes = {**self._loaded.mistakes, folder.name: [mistake]}
        touched = [] if self._loaded.mistakes == mistakes else [folder.name]
        return Prepared(replace(self._loaded, mistakes=mistakes), touched)

    def _readable_again(self, names: Collection[str]) -> Prepared:
        """Forget that the folder could not be read."""
        mistakes = {name: found for name, found in self._loaded.mistakes.items() if name in names}
        touched = sorted(self._loaded.mistakes.keys() - mistakes.keys())
        return Prepared(replace(self._loaded, mistakes=mistakes), touched)
