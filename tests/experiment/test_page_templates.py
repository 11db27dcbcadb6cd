"""Which template shows a page, and what a page without one says."""

from __future__ import annotations

from pathlib import Path

import pytest

from uproot_aio.experiment.page_templates import (
    generated_text,
    generated_title,
    template_candidates,
    template_name,
)
from uproot_aio.experiment.pages import Page, PageType, is_page


def make_page(name: str, **attributes: object) -> type[Page]:
    page = PageType(name, (Page,), {"__module__": "counter.pages", **attributes})
    assert is_page(page)
    return page


def test_a_page_is_shown_by_the_apps_template_then_the_projects() -> None:
    page = make_page("Counter")

    candidates = template_candidates(page, Path("experiments"), Path("templates"))

    assert candidates == [Path("experiments/counter/Counter.html"), Path("templates/counter/Counter.html")]


def test_a_page_may_name_its_template() -> None:
    page = make_page("Counter", template="shared/Table.html")

    assert template_name(page) == "shared/Table.html"


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Counter", "Counter"),
        ("ThankYou", "Thank you"),
        ("Round2", "Round 2"),
        ("Part2Intro", "Part 2 intro"),
        ("The2ndRound", "The 2nd round"),
        ("PlayAGame", "Play a game"),
        ("PartA", "Part A"),
        ("HTMLPage", "HTML page"),
        ("YourIQ", "Your IQ"),
        ("thank_you", "Thank you"),
        ("ÜberUns", "Über uns"),
        ("Q1", "Q 1"),
        ("_", "_"),
    ],
)
def test_the_title_is_the_class_name_as_words(name: str, title: str) -> None:
    assert generated_title(make_page(name)) == title


def test_the_text_is_the_pages_own_docstring_without_indentation() -> None:
    class Consent(Page):
        """Please read.

        - You may stop at any time.
        """

    class Next(Consent): ...

    assert generated_text(Consent) == "Please read.\n\n- You may stop at any time."
    assert generated_text(Next) == ""
