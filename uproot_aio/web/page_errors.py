"""What went wrong on participants' pages, told to whoever can correct it: where in the app, for whom, on which page."""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web

from uproot_aio.experiment import seats
from uproot_aio.state.identifiers import PlayerId, SessionId
from uproot_aio.web.keys import PARTS

MOST_SESSIONS: Final = 1000
LONGEST_TEXT: Final = 2000
BEFORE_THE_FIRST_PAGE: Final = "before the first page"


@dataclass(frozen=True, slots=True)
class PageError:
    """One error. `time` is Unix seconds; `frames` are the author's lines that led to it, the innermost last."""

    time: float
    session: SessionId
    player: PlayerId
    page: str
    text: str
    frames: tuple[str, ...]

    @property
    def place(self) -> str:
        """The author's line that failed; empty if no line of theirs took part."""
        return self.frames[-1] if self.frames else ""

    def __str__(self) -> str:
        headline = f"{self.page} failed: {self.text} (session {self.session}, player {self.player})"
        return "\n    ".join([headline, *self.frames])


class PageErrors:
    """Keeps the last error of each session, in memory only.

    Args:
        folders: where the authors' code and templates are.
    """

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = [folder.absolute() for folder in folders]
        self._last: dict[SessionId, PageError] = {}

    def last(self, session: SessionId) -> PageError | None:
        """Return what went wrong last, since the server was started."""
        return self._last.get(session)

    def note(self, request: web.Request, error: BaseException) -> PageError | None:
        """Keep and return what an exception says; None if the request was for no player's page."""
        names = request.match_info
        if not request.path.startswith("/p/") or "player" not in names:
            return None
        sessions = request.app[PARTS].sessions
        session, player = SessionId(names["session"]), PlayerId(names["player"])
        opened = next((opened for opened in sessions.opened() if opened.id == session), None)
        path = "" if opened is None else seats.place_of(opened.state, player)[1]
        noted = PageError(
            time=sessions.clock.time(),
            session=session,
            player=player,
            page=path or BEFORE_THE_FIRST_PAGE,
            text=_text(error),
            frames=tuple(self._frames(error)),
        )
        self._last.pop(session, None)
        self._last[session] = noted
        if len(self._last) > MOST_SESSIONS:
            del self._last[next(iter(self._last))]
        return noted

    def _frames(self, error: BaseException | None) -> list[str]:
        """Return the author's lines of an exception, or of what caused it."""
        while error is not None:
            frames = [
                f"{file}, line {line}, in {frame.f_code.co_qualname}"
                for frame, line in traceback.walk_tb(error.__traceback__)
                if (file := self._shorten(frame.f_code.co_filename))
            ]
            if frames:
                return frames
            error = error.__cause__
        return []

    def _shorten(self, file: str) -> str:
        """Return the path of an author's file below its folder; nothing for other files."""
        path = Path(file)
        for folder in self._folders:
            if path.is_relative_to(folder):
                return path.relative_to(folder).as_posix()
        return ""


def _text(error: BaseException) -> str:
    """Return type and text of an exception, whatever its own `str` does, as text that can be sent."""
    try:
        said = str(error)
    except Exception:  # outermost frame of author code: its own __str__
        said = "(it fails at saying what is wrong)"
    text = f"{type(error).__name__}: {said}".rstrip(": ").encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"
