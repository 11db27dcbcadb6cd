"""Where the static files and templates are, in a checkout and in an installed wheel alike."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from uproot_aio.errors import SettingsError

PACKAGE: Final = Path(__file__).resolve().parent


def static_folder() -> Path:
    """Return the folder of uproot.js, the style sheets and the vendored libraries."""
    return find_folder("static", PACKAGE)


def templates_folder() -> Path:
    """Return the folder of the built-in templates, Base.html among them."""
    return find_folder("templates", PACKAGE)


def find_folder(name: str, package: Path) -> Path:
    """Return the folder inside the installed package or, in a checkout, beside it."""
    for folder in (package / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise SettingsError(f"{package} lacks its folder {name}: install uproot_aio again.")
