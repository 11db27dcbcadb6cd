"""What is saved in the experiments folder is loaded while the server runs."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from watchfiles import Change

from uproot_aio.engine.watch_experiments import is_of_interest, watch
from uproot_aio.experiment.load import Library

ONE_PAGE = "from uproot_aio.experiment.pages import Page\nclass Welcome(Page): ...\npage_order = [Welcome]\n"
PATIENCE_SECONDS = 20

Changes = asyncio.Queue[list[str]]
Watching = Callable[[], AbstractAsyncContextManager[Changes]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "experiments"
    folder.mkdir()
    return folder


@pytest.fixture
def library(folder: Path) -> Iterator[Library]:
    library = Library(folder)
    yield library
    library.close()


@pytest.fixture
def watching(library: Library, folder: Path) -> Watching:
    @asynccontextmanager
    async def watching() -> AsyncIterator[Changes]:
        changes: Changes = asyncio.Queue()
        async with asyncio.TaskGroup() as tasks:
            watcher = tasks.create_task(watch(library, folder, changes.put_nowait))
            yield changes
            watcher.cancel()

    return watching


def save(path: Path, text: str) -> None:
    """Write the file in one step, as editors do, so that a watcher never meets half of it."""
    aside = path.with_name(f".{path.name}")
    aside.write_text(text)
    aside.replace(path)


def make_folder(folder: Path, name: str) -> None:
    """Make the folder with one app in it, in one step."""
    aside = folder.with_name("aside")
    aside.mkdir()
    save(aside / name, ONE_PAGE)
    aside.rename(folder)


async def soon(what: Coroutine[object, object, list[str]]) -> list[str]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        return await what


async def test_a_saved_app_is_loaded_and_reported_on_the_loop_thread(
    library: Library, folder: Path, watching: Watching
) -> None:
    async with watching() as changes:
        save(folder / "counter.py", ONE_PAGE)

        touched = await soon(changes.get())

        assert touched == ["counter"]
        assert library.page("counter/Welcome") is not None


async def test_a_change_under_a_running_watch_and_a_removal_are_seen(
    library: Library, folder: Path, watching: Watching
) -> None:
    counter = folder / "counter" / "__init__.py"
    async with watching() as changes:
        save(folder / "first.py", ONE_PAGE)
        await soon(changes.get())

        make_folder(counter.parent, "__init__.py")
        added = await soon(changes.get())
        save(counter, ONE_PAGE.replace("Welcome", "Hello"))
        changed = await soon(changes.get())
        shutil.rmtree(counter.parent)
        removed = await soon(changes.get())

        assert (added, changed, removed) == (["counter"], ["counter"], ["counter"])
        assert library.page("counter/Hello") is None


async def test_an_app_that_is_moved_in_as_a_whole_folder_is_seen(
    library: Library, folder: Path, tmp_path: Path, watching: Watching
) -> None:
    make_folder(tmp_path / "workshop", "__init__.py")
    async with watching() as changes:
        shutil.move(tmp_path / "workshop", folder / "counter")

        assert await soon(changes.get()) == ["counter"]


async def test_what_changed_between_loading_and_watching_is_caught_up(
    library: Library, folder: Path, watching: Watching
) -> None:
    library.load()
    save(folder / "late.py", ONE_PAGE)

    async with watching() as changes:
        assert await soon(changes.get()) == ["late"]


async def test_a_template_is_not_reported(library: Library, folder: Path, watching: Watching) -> None:
    (folder / "counter").mkdir()
    save(folder / "counter" / "__init__.py", ONE_PAGE)
    library.load()
    async with watching() as changes:
        save(folder / "counter" / "Welcome.html", "<p>")
        (folder / "counter" / "__pycache__").mkdir()
        save(folder / "counter" / "__pycache__" / "x.py", "")
        save(folder / "marker.py", ONE_PAGE)

        assert await soon(changes.get()) == ["marker"]
        assert changes.empty()


async def test_the_folder_may_appear_later_vanish_and_come_back(
    library: Library, folder: Path, watching: Watching
) -> None:
    shutil.rmtree(folder)
    async with watching() as changes:
        make_folder(folder, "counter.py")
        appeared = await soon(changes.get())
        shutil.rmtree(folder)
        vanished = await soon(changes.get())
        make_folder(folder, "survey.py")
        back = await soon(changes.get())

        assert (appeared, vanished, back) == (["counter"], ["counter"], ["survey"])
        assert list(library.apps) == ["survey"]


async def test_a_mistake_is_logged_with_its_line_and_the_former_version_runs_on(
    library: Library, folder: Path, watching: Watching, caplog: pytest.LogCaptureFixture
) -> None:
    save(folder / "counter.py", ONE_PAGE)
    library.load()
    async with watching() as changes:
        save(folder / "counter.py", "1 / 0\n")

        await soon(changes.get())

        assert library.page("counter/Welcome") is not None
        assert "the former version runs on" in caplog.text
        assert "counter.py, line 1: ZeroDivisionError" in caplog.text


async def test_a_slow_import_does_not_hold_up_the_loop(
    library: Library, folder: Path, tmp_path: Path, watching: Watching
) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    async with watching() as changes:
        save(folder / "slow.py", f"import pathlib\npathlib.Path({str(gate)!r}).read_text()\n" + ONE_PAGE)
        opened = await asyncio.to_thread(gate.open, "w")  # waits until the app reads

        while_importing = library.page("slow/Welcome")
        opened.close()
        await soon(changes.get())

        assert while_importing is None
        assert library.page("slow/Welcome") is not None


async def test_cancelling_ends_the_watch_even_while_an_app_is_imported(
    library: Library, folder: Path, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    save(folder / "endless.py", f"import pathlib\npathlib.Path({str(gate)!r}).read_text()\n")
    watcher = asyncio.ensure_future(watch(library, folder, lambda touched: None))
    opened = await asyncio.to_thread(gate.open, "w")  # waits until the app reads

    watcher.cancel()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.wait([watcher])

    importing = [thread for thread in threading.enumerate() if thread.name == "import-apps"]
    assert watcher.cancelled()
    assert [thread.daemon for thread in importing] == [True]
    opened.close()
    importing[0].join(PATIENCE_SECONDS)


async def test_a_removed_app_is_logged(
    library: Library, folder: Path, watching: Watching, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "uproot_aio.experiments")
    save(folder / "counter.py", ONE_PAGE)
    library.load()
    async with watching() as changes:
        (folder / "counter.py").unlink()

        await soon(changes.get())

        assert "counter: removed." in caplog.text


@pytest.mark.parametrize(
    ("path", "change", "expected"),
    [
        ("counter.py", Change.modified, True),
        ("games/pages.py", Change.added, True),
        ("games", Change.added, True),
        ("games", Change.deleted, True),
        ("games", Change.modified, False),
        ("games/Trust.html", Change.modified, False),
        ("games/__pycache__/pages.py", Change.added, False),
        ("games/__pycache__", Change.added, False),
        ("counter.pyc", Change.added, False),
        (".counter.py.swp", Change.added, False),
        (".#counter.py", Change.added, False),
        ("#counter.py#", Change.added, False),
        ("counter.py~", Change.added, False),
        ("4913", Change.added, True),
    ],
)
def test_only_code_and_folders_are_of_interest(path: str, change: Change, expected: bool) -> None:
    assert is_of_interest(change, f"/experiments/{path}") is expected
