"""Where static files and templates are found; tests/test_packaging.py looks into an installed wheel."""

from __future__ import annotations

from pathlib import Path

import pytest

from uproot_aio import resources
from uproot_aio.errors import SettingsError

ROOT = Path(__file__).parent.parent


def test_a_checkout_has_both_folders_beside_the_package() -> None:
    folders = resources.static_folder(), resources.templates_folder()

    assert folders == (ROOT / "static", ROOT / "templates")


def test_a_folder_inside_the_package_wins(tmp_path: Path) -> None:
    package = tmp_path / "uproot_aio"
    for folder in (package / "static", tmp_path / "static"):
        folder.mkdir(parents=True)

    found = resources.find_folder("static", package)

    assert found == package / "static"


def test_an_incomplete_installation_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="install uproot_aio again"):
        resources.find_folder("static", tmp_path)
