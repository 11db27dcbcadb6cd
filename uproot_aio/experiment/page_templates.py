"""Which template shows a page, and what a page without one says."""

from __future__ import annotations

import inspect
from pathlib import Path

from uproot_aio.experiment.pages import Page, app_of


def template_name(page: type[Page]) -> str:
    """Return the template's name, to be looked for in the experiments folder, then in `templates/`.

    One name serves all places: an app that is a folder has `counter/Counter.html` in its own folder, an app
    that is one file has it in the folder beside `counter.py`, and the project has it in `templates/counter/`.
    """
    return page.template or f"{app_of(page)}/{page.__name__}.html"


def template_candidates(page: type[Page], experiments: Path, templates: Path) -> list[Path]:
    """Return the files that may be the page's template; the first that exists is.

    If none exists the page is generated, unless it names a `template`: then that is a mistake.
    """
    name = template_name(page)
    return [experiments / name, templates / name]


def generated_title(page: type[Page]) -> str:
    """Return the class name as words: "ThankYou" gives "Thank you"."""
    first, *others = _words(page.__name__) or [page.__name__]
    last = len(others) - 1
    words = [
        word if (word.isupper() and not (word == "A" and place < last)) else word.lower()
        for place, word in enumerate(others)
    ]
    return " ".join([first[:1].upper() + first[1:], *words])


def generated_text(page: type[Page]) -> str:
    """Return the page's own docstring as Markdown, without its indentation; empty if there is none."""
    return inspect.cleandoc(page.__doc__ or "")


def _words(name: str) -> list[str]:
    """Split where a capital, or the first digit of a number, begins a word; an abbreviation is one word."""
    words: list[str] = []
    for part in name.split("_"):
        begin = 0
        for place in range(1, len(part)):
            before, here, after = part[place - 1], part[place], part[place + 1 : place + 2]
            begins_word = here.isupper() and (not before.isupper() or after.islower())
            begins_number = here.isdigit() and not before.isdigit()
            if begins_word or begins_number:
                words.append(part[begin:place])
                begin = place
        words.append(part[begin:])
    return [word for word in words if word]
