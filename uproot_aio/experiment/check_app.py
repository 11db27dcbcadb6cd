"""Check an imported module: is it an app, and if not, everything that its author must change."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from uproot_aio.errors import AuthorError
from uproot_aio.experiment.check_pages import add_page, check_pages, pages_in
from uproot_aio.experiment.described import described
from uproot_aio.experiment.mistakes import AppFiles, Mistake, did_you_mean
from uproot_aio.experiment.module_lines import ModuleLines
from uproot_aio.experiment.page_order import PageOrder, flatten
from uproot_aio.experiment.pages import Page, app_of, is_page, page_path


@dataclass(frozen=True, slots=True, eq=False)
class App:
    """A checked app.

    Args:
        folder: where its templates lie; beside an app that is one file, the folder of its name, if it exists.
        pages: all page classes that the app defines, by class name.
        page_order: its pages in order, or a function; `page_order.paths_for_player` expands both.
        constants: what the module calls C: a class or a dict, None if there is none.
        new_session: called as `new_session(session)`, or None.
        new_player: called as `new_player(player=player)`, or None.
    """

    name: str
    module: ModuleType
    folder: Path
    pages: dict[str, type[Page]]
    page_order: PageOrder
    description: str = ""
    constants: Any = None
    new_session: Callable[..., Any] | None = None
    new_player: Callable[..., Any] | None = None


def check_app(
    files: AppFiles, module: ModuleType, modules: Mapping[str, ModuleType]
) -> tuple[App, list[Mistake]]:
    """Return the app, and what is wrong with it; with any mistake it must not be used.

    Args:
        modules: the app's module and its submodules.
    """
    pages, doubles = pages_in(files.app, modules)
    order = getattr(module, "page_order", None)
    lines = ModuleLines(files.main)
    mistakes = list(_check_names(files, module, lines))
    if callable(order) and not isinstance(order, type):
        mistakes += _check_callback(files, lines, order, "page_order", "player")
        page_order: PageOrder = order
    else:
        elements, found = _check_page_order(files, module, lines, pages)
        mistakes += found
        page_order = elements
        for page in elements:
            if app_of(page) == files.app:
                add_page(pages, doubles, page)
    mistakes += check_pages(files, pages, doubles)
    return App(
        name=files.app,
        module=module,
        folder=files.folder / files.app,
        pages=pages,
        page_order=page_order,
        description=getattr(module, "DESCRIPTION", None) or "",
        constants=getattr(module, "C", None),
        new_session=getattr(module, "new_session", None),
        new_player=getattr(module, "new_player", None),
    ), mistakes


def check_foreign_pages(files: AppFiles, app: App, apps: Mapping[str, App]) -> Iterator[Mistake]:
    """Yield the pages of other apps in page_order that a player could not be led to."""
    if callable(app.page_order):
        return
    foreign = {page_path(page): page for page in app.page_order if app_of(page) != app.name}
    for path, page in foreign.items():
        owner = apps.get(app_of(page))
        if owner is None:
            what = f"of {app_of(page)}, which is no app or has mistakes."
            advice = "Correct that app first, or move the page into this one."
        elif page.__name__ not in owner.pages:
            what = f"but {owner.name} has no page of this name."
            advice = did_you_mean(page.__name__, owner.pages) or "Check the name of the page."
        else:
            continue
        yield files.mistake(
            f"page_order names {path}, {what}", advice, line=ModuleLines(files.main).of("page_order")
        )


def _check_names(files: AppFiles, module: ModuleType, lines: ModuleLines) -> Iterator[Mistake]:
    if hasattr(module, "Constants"):
        yield files.mistake("The module has a name Constants.", "Call it C.", line=lines.of("Constants"))
    constants = getattr(module, "C", {})
    if not isinstance(constants, (type, dict)):
        yield files.mistake(
            f"C is {described(constants)}.", "Make it a class or a dict of constants.", line=lines.of("C")
        )
    description = getattr(module, "DESCRIPTION", "")
    if not isinstance(description, str):
        yield files.mistake(
            f"DESCRIPTION is {described(description)}.",
            'Make it a text: DESCRIPTION = "...".',
            line=lines.of("DESCRIPTION"),
        )
    for name, parameter in (("new_session", "session"), ("new_player", "player")):
        if hasattr(module, name):
            yield from _check_callback(files, lines, getattr(module, name), name, parameter)


def _check_callback(
    files: AppFiles, lines: ModuleLines, callback: object, name: str, parameter: str
) -> Iterator[Mistake]:
    line = lines.of(name)
    if not callable(callback):
        yield files.mistake(f"{name} is no function.", f"Write def {name}({parameter}): ...", line=line)
        return
    if inspect.iscoroutinefunction(callback) or inspect.isasyncgenfunction(callback):
        yield files.mistake(
            f"{name} is async.",
            "Write def instead of async def; do what must wait in a live method or in a hook of a page.",
            line=line,
        )
    try:
        signature = inspect.signature(callback)
    except (TypeError, ValueError):
        return  # written in C: it cannot be asked
    try:
        if name == "new_session":
            signature.bind(None)
        else:
            signature.bind(**{parameter: None})
    except TypeError:
        yield files.mistake(
            f"{name}{signature} does not take what it is called with.",
            f"Give it one parameter, called {parameter}: def {name}({parameter}).",
            line=line,
        )


def _check_page_order(
    files: AppFiles, module: ModuleType, lines: ModuleLines, pages: Mapping[str, type[Page]]
) -> tuple[list[type[Page]], list[Mistake]]:
    line = lines.of("page_order")
    if not hasattr(module, "page_order"):
        advice = f"Add page_order = [{', '.join(pages) or '...'}] at the end of the file."
        return [], [
            files.mistake(
                "The module has no page_order.",
                f"{advice} If this is no app but code that apps share, begin its name with an underscore.",
            )
        ]
    order = module.page_order
    if not isinstance(order, (list, tuple)):
        example = order.__name__ if is_page(order) else ", ".join(pages) or "..."
        what = f"page_order is {described(order)}, no list."
        return [], [files.mistake(what, f"Write page_order = [{example}].", line=line)]
    found: list[type[Page]] = []
    mistakes: list[Mistake] = []
    try:
        elements = list(flatten(order))
    except AuthorError as error:
        return [], [files.mistake(str(error), "", line=line)]
    if not elements:
        advice = f"Write page_order = [{', '.join(pages) or '...'}]."
        mistakes.append(files.mistake("page_order is empty.", advice, line=line))
    for element in elements:
        if is_page(element) and element.__module__ != Page.__module__:
            found.append(element)
        else:
            where = lines.of_text("page_order", element) if isinstance(element, str) else line
            message, advice = _no_page(element, pages)
            mistakes.append(files.mistake(message, advice, line=where))
    return found, mistakes


def _no_page(element: object, pages: Mapping[str, type[Page]]) -> tuple[str, str]:
    if isinstance(element, str):
        if element in pages:
            return f'page_order names "{element}" in quotes.', f"Remove the quotes: {element}."
        near = did_you_mean(element, pages)
        return (
            f'page_order names "{element}", but the module has no such page.',
            f"{near} Name the class itself, without quotes.".strip(),
        )
    if isinstance(element, type):
        if is_page(element):
            advice = f"Derive a page of your own: class Welcome({element.__name__})."
            return f"page_order names {element.__name__}, the base of all pages.", advice
        return f"page_order names {element.__name__}, which is no page.", (
            f"Derive it from Page: class {element.__name__}(Page)."
        )
    return f"page_order contains {described(element)}, which is no page.", "Name page classes only."
