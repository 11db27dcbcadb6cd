"""Say what is wrong with an app: which file and line, what, and what its author can do."""

from __future__ import annotations

import difflib
import re
import sys
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from uproot_aio.errors import AuthorError
from uproot_aio.experiment.find_apps import why_unreadable
from uproot_aio.experiment.pages import PageRuleBroken

CANNOT_IMPORT_NAME = re.compile(
    r"cannot import name '(?P<name>[^']+)' from (?P<partially>partially )?[^']*'(?P<module>[^']+)'"
)


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that an author must change.

    Args:
        file: path in the experiments folder, with slashes.
        line: counted from 1; None if the mistake belongs to no line.
        still_running: the app runs on in the version it had before this mistake.
    """

    app: str
    file: str
    line: int | None
    message: str
    advice: str
    still_running: bool = False

    def __str__(self) -> str:
        line = "" if self.line is None else f", line {self.line}"
        return f"{self.file}{line}: {self.message} {self.advice}".rstrip()


@dataclass(frozen=True, slots=True)
class AppFiles:
    """Where the code of one app lies."""

    app: str
    folder: Path
    """The experiments folder."""
    main: Path
    """The file with page_order."""

    def mistake(
        self, message: str, advice: str, *, line: int | None = None, file: str | Path = ""
    ) -> Mistake:
        """Return a mistake of this app, in its main file unless another is named."""
        return Mistake(self.app, self.shorten(file or self.main), line, message, advice)

    def shorten(self, file: str | Path) -> str:
        """Return the path below the experiments folder, or the whole path of a file elsewhere."""
        path = Path(file)
        return path.relative_to(self.folder).as_posix() if path.is_relative_to(self.folder) else str(path)

    def owns(self, file: str) -> bool:
        """Say whether this file is code of the app."""
        path = Path(file)
        is_package = self.main.name == "__init__.py"
        return path.is_relative_to(self.main.parent) if is_package else path == self.main


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """Return a sentence that offers the nearest name, or nothing if none is near."""
    near = difflib.get_close_matches(name, [candidate for candidate in candidates if candidate != name], n=1)
    return f"Did you mean {near[0]}?" if near else ""


def mistakes_of_import(files: AppFiles, error: BaseException, apps: Iterable[str]) -> list[Mistake]:
    """Return what an exception, raised while the app was imported, says about the app.

    Args:
        apps: names of all apps, to offer the nearest when an import finds nothing.
    """
    frame, line = _last_line_in(files, error)
    file = frame.f_code.co_filename if frame else files.main
    if isinstance(error, PageRuleBroken):
        return [
            files.mistake(rule.what, rule.advice, line=rule.line or line, file=file) for rule in error.broken
        ]
    if isinstance(error, SyntaxError) and error.filename and files.owns(error.filename):
        return [_of_syntax(files, error)]
    message, advice = _message_and_advice(error, frame, apps)
    return [files.mistake(message + _raised_elsewhere(files, error), advice, line=line, file=file)]


def _of_syntax(files: AppFiles, error: SyntaxError) -> Mistake:
    text = (error.text or "").strip()
    message = (
        f"Python cannot read {text!r}: {error.msg}." if text else f"Python cannot read this: {error.msg}."
    )
    if "null bytes" in error.msg or "'utf-8' codec" in error.msg:
        advice = "Save the file anew as plain text in UTF-8."
    elif isinstance(error, IndentationError):
        advice = "Indent the line as the lines around it, with four spaces for each level and no tabs."
    else:
        advice = "Correct this line, or what comes just before it."
    return files.mistake(message, advice, line=error.lineno, file=error.filename or "")


def _message_and_advice(
    error: BaseException, frame: FrameType | None, apps: Iterable[str]
) -> tuple[str, str]:
    if isinstance(error, (SystemExit, KeyboardInterrupt)):
        how = "KeyboardInterrupt" if isinstance(error, KeyboardInterrupt) else "sys.exit or exit"
        return (
            f"The app ends the program while it is imported ({how}).",
            'Remove that line, or put it under if __name__ == "__main__".',
        )
    if isinstance(error, PermissionError) and Path(str(error.filename)).suffix == ".py":
        return why_unreadable(Path(error.filename), error)
    if isinstance(error, ImportError):
        return _sentence(error), _advice_on_import(error, apps)
    if isinstance(error, NameError) and frame is not None:
        near = did_you_mean(error.name or "", [*frame.f_globals, *frame.f_locals])
        return _sentence(error), near or "Define or import the name before this line."
    if isinstance(error, AuthorError):
        return str(error), ""  # such a message ends in the advice
    return (
        _sentence(error),
        "Correct this line; the app can only run when its module imports without an error.",
    )


def _advice_on_import(error: ImportError, apps: Iterable[str]) -> str:
    if isinstance(error, ModuleNotFoundError):
        name = error.name or ""
        if "." in name:
            return "Check the name of the file, and the dots before it in the import."
        near = did_you_mean(name, apps)
        return (
            near or f"If it is a package, install it (pip install {name}); if it is a file, check its name."
        )
    found = CANNOT_IMPORT_NAME.search(str(error))
    if found and found["partially"]:
        return "Two modules import each other: move what both need into a third file."
    module = sys.modules.get(found["module"]) if found else None
    near = did_you_mean(found["name"], vars(module)) if found and module else ""
    return near or "Check the name, and that the file defines it."


def _raised_elsewhere(files: AppFiles, error: BaseException) -> str:
    """Say which other file of the experiments raised the error, if it was not the app itself."""
    if isinstance(error, SyntaxError) and error.filename:
        return f" It is in {files.shorten(error.filename)}, line {error.lineno}."
    last = None
    for frame, line in traceback.walk_tb(error.__traceback__):
        if Path(frame.f_code.co_filename).is_relative_to(files.folder):
            last = frame.f_code.co_filename, line
    if last is None or files.owns(last[0]):
        return ""
    return f" It is in {files.shorten(last[0])}, line {last[1]}."


def _last_line_in(files: AppFiles, error: BaseException) -> tuple[FrameType | None, int | None]:
    lines: Iterator[tuple[FrameType, int]] = traceback.walk_tb(error.__traceback__)
    own = [(frame, line) for frame, line in lines if files.owns(frame.f_code.co_filename)]
    return own[-1] if own else (None, None)


def _sentence(error: BaseException) -> str:
    """Return type and text as Python prints them, also for an exception whose own `str` fails."""
    text = traceback.format_exception_only(error)[-1 if isinstance(error, SyntaxError) else 0].strip()
    return text if text.endswith(("?", "!")) else f"{text.rstrip('.')}."
