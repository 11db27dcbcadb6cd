"""A page_order, as an author writes it, becomes the plain sequence of pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from uproot_aio.errors import AuthorError
from uproot_aio.experiment.described import described
from uproot_aio.experiment.pages import Page, is_page, page_path

PageOrder = list[type[Page]] | Callable[..., Any]
"""Of an app: its pages in order, or a function that returns such a list, nested or not, for one player."""


def flatten(order: object) -> Iterator[object]:
    """Yield the elements of a page_order, those of nested lists in place.

    Raises:
        AuthorError: a list contains itself.
    """
    return _flatten(order, ())


def _flatten(order: object, around: tuple[int, ...]) -> Iterator[object]:
    if not isinstance(order, (list, tuple)):
        yield order
        return
    if id(order) in around:
        raise AuthorError("page_order contains a list that contains itself. Name each page in it instead.")
    for element in order:
        yield from _flatten(element, (*around, id(order)))


def paths_for_player(app: str, order: PageOrder, player: object) -> list[str]:
    """Return the paths of the pages that this player goes through, in order.

    Raises:
        AuthorError: a function page_order returned something else than pages.
    """
    if not callable(order):
        return [page_path(page) for page in order]
    result = order(player=player)
    if not isinstance(result, (list, tuple)):
        raise AuthorError(
            f"{app}: page_order(player) returned {described(result)}. Return a list of page classes."
        )
    paths = []
    for element in flatten(result):
        if not is_page(element):
            raise AuthorError(
                f"{app}: page_order(player) returned a list with {described(element)}, which is no page. "
                "Return page classes only."
            )
        paths.append(page_path(element))
    return paths
