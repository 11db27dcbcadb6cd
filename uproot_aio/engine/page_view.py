"""What a page shows, ready to be rendered, and the promise that a renderer keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from uproot_aio.experiment.forms import BoundForm
from uproot_aio.experiment.handles import Player, Session
from uproot_aio.experiment.load import App
from uproot_aio.experiment.pages import Page

BuiltIn = Literal["Initialize", "End", "Gone", "Busy"]
"""Pages without a class: before the first, after the last, in place of one that its app has no more, and in place of
one that another visit is just entering."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    """One page for one player.

    Either `page` or `built_in` is given. `number` is the commit that the page is rendered from, `position` the index
    that the form names, `token` the player's secret: the form sends session, player and token, joined by "+".
    `remaining_seconds` is the time until the page's deadline.
    """

    player: Player
    session: Session
    position: int
    token: str
    number: int
    page: type[Page] | None = None
    built_in: BuiltIn | None = None
    app: App | None = None
    form: BoundForm | None = None
    errors: Sequence[str] = ()
    templatevars: Mapping[str, Any] = field(default_factory=dict)
    jsvars: Mapping[str, Any] = field(default_factory=dict)
    remaining_seconds: float | None = None


class Renderer(Protocol):
    """Makes the HTML of a page; called inside the unit of work, so it must not await."""

    def render_page(self, view: PageView) -> str:
        """Return the whole document.

        Raises:
            AuthorError: the template is missing or wrong; the message names it and the line.
        """
        ...
