"""Check the pages of an imported app: names, plain values in place of hooks, signatures of live methods."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from numbers import Real
from pathlib import Path
from types import ModuleType
from typing import TypedDict

from uproot_aio.experiment.described import described
from uproot_aio.experiment.handles import RESERVED
from uproot_aio.experiment.live import LiveMethod
from uproot_aio.experiment.mistakes import AppFiles, Mistake
from uproot_aio.experiment.module_lines import ModuleLines
from uproot_aio.experiment.pages import HOOKS, Page, app_of, is_page
from uproot_aio.experiment.seats import STRUCTURAL

NOT_METHODS = {"template": str, "keep_values": bool}
DICTS = ("fields", "templatevars", "jsvars")


def pages_in(app: str, modules: Mapping[str, ModuleType]) -> tuple[dict[str, type[Page]], list[type[Page]]]:
    """Return the page classes that the app's modules define, by class name, and those with a taken name."""
    pages: dict[str, type[Page]] = {}
    doubles: list[type[Page]] = []
    for module in modules.values():
        for value in list(vars(module).values()):
            if is_page(value) and app_of(value) == app:
                add_page(pages, doubles, value)
    return pages, doubles


def add_page(pages: dict[str, type[Page]], doubles: list[type[Page]], page: type[Page]) -> None:
    """Put the page under its class name, or to the doubles if another page has that name."""
    if pages.setdefault(page.__name__, page) is not page and page not in doubles:
        doubles.append(page)


def check_pages(
    files: AppFiles, pages: Mapping[str, type[Page]], doubles: list[type[Page]]
) -> Iterator[Mistake]:
    """Yield what is wrong with the pages of an app."""
    for page in doubles:
        yield files.mistake(
            f"There are two different pages called {page.__name__} ({page.__module__} and "
            f"{pages[page.__name__].__module__}).",
            "Give each page of an app a name of its own; players are led by these names.",
        )
    for page in (*pages.values(), *doubles):
        yield from _check_values(files, page)
    yield from _check_live_methods(files, (*pages.values(), *doubles))


def _check_values(files: AppFiles, page: type[Page]) -> Iterator[Mistake]:
    for name, value in vars(page).items():
        if isinstance(value, classmethod):
            if name in HOOKS and hasattr(value.__func__, "__live_method__"):
                yield files.mistake(
                    f"{page.__name__}.{name} is a @live method, but means something on a page.",
                    "Choose another name for it, or remove @live.",
                    line=_line_of(value),
                    file=_file_of(value) or files.main,
                )
            elif name in NOT_METHODS:
                kind = NOT_METHODS[name].__name__
                yield files.mistake(
                    f"{page.__name__}.{name} is a method.",
                    f"Set it to a value: {name} = ... ({kind}).",
                    line=_line_of(value),
                    file=_file_of(value) or files.main,
                )
            continue
        expected = _expected(name, value)
        if expected:
            yield files.mistake(
                f"{page.__name__}.{name} is {described(value)}.",
                f"It needs to be {expected}.",
                **_place(files, page, name),
            )
        elif name == "fields":
            for field, message in _unusable_fields(page, value):
                advice = "Choose another name for the field."
                yield files.mistake(message, advice, **_place(files, page, name, field))


def _unusable_fields(page: type[Page], fields: Mapping[object, object]) -> Iterator[tuple[str, str]]:
    """Yield the names under which a field's value cannot be stored with the player, and why."""
    stealth = (
        page.stealth_fields if isinstance(page.stealth_fields, (list, tuple, set, frozenset)) else fields
    )
    for field in fields:
        name = str(field)
        is_dunder = name.startswith("__") and name.endswith("__")
        if not isinstance(field, str) or not name.isidentifier() or is_dunder:
            yield name, f'{page.__name__}.fields: "{name}" is no name of a field.'
        elif field not in stealth and (name in RESERVED or name in STRUCTURAL or name.startswith("_uproot_")):
            yield name, f'{page.__name__}.fields: "{name}" is a name that the framework uses.'


def _expected(name: str, value: object) -> str | None:
    """Return in words what would have fit, None if the value fits."""
    if name in DICTS and not isinstance(value, Mapping):
        return f"a dict, or a method: @classmethod, then def {name}(page, player)"
    if name == "timeout" and value is not None and (isinstance(value, bool) or not isinstance(value, Real)):
        return "a number of seconds, None, or a method: @classmethod, then def timeout(page, player)"
    if name == "template" and not (value is None or isinstance(value, str)):
        return 'the path of a template as text, such as "my_app/Decision.html"'
    if name == "stealth_fields" and isinstance(value, str):
        return f"a list of names: [{value!r}]"
    return None


def _check_live_methods(files: AppFiles, pages: tuple[type[Page], ...]) -> Iterator[Mistake]:
    for method in _live_methods(pages):
        try:
            method.compile()
        except Exception as error:  # annotations are code of the author, which may raise anything
            yield files.mistake(str(error), "", line=method.line, file=method.file)


def _live_methods(pages: tuple[type[Page], ...]) -> list[LiveMethod]:
    """Return the live methods of the pages and their mixins, each once."""
    found: dict[LiveMethod, None] = {}  # a set that keeps the order
    for owner in (owner for page in pages for owner in page.__mro__):
        for value in vars(owner).values():
            method = getattr(getattr(value, "__func__", value), "__live_method__", None)
            if isinstance(method, LiveMethod):
                found[method] = None
    return list(found)


class Place(TypedDict):
    """Where something stands, as `AppFiles.mistake` takes it."""

    line: int | None
    file: Path


def _place(files: AppFiles, page: type[Page], name: str, text: str | None = None) -> Place:
    """Return where a page's attribute is assigned, or a text or keyword within that assignment."""
    file = Path(getattr(sys.modules.get(page.__module__), "__file__", None) or files.main)
    return {"line": ModuleLines(file).of_attribute(page.__name__, name, text), "file": file}


def _line_of(method: classmethod[object, ..., object]) -> int | None:
    code = getattr(method.__func__, "__code__", None)
    return code.co_firstlineno if code else None


def _file_of(method: classmethod[object, ..., object]) -> str | None:
    code = getattr(method.__func__, "__code__", None)
    return code.co_filename if code else None
