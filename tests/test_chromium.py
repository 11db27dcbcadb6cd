"""Which browser the browser tests drive."""

from __future__ import annotations

from pathlib import Path

from tests.chromium import APPLICATION, find_chromium


def program(folder: Path, name: str) -> Path:
    path = folder / name
    path.touch(mode=0o755)
    return path


def test_the_variable_names_the_browser(tmp_path: Path) -> None:
    named = program(tmp_path, "my-browser")
    program(tmp_path, "chromium")

    found = find_chromium({"CHROMIUM": str(named), "PATH": str(tmp_path)})

    assert found == named


def test_a_named_browser_that_is_not_there_is_not_replaced(tmp_path: Path) -> None:
    program(tmp_path, "chromium")

    found = find_chromium({"CHROMIUM": "no-such-browser", "PATH": str(tmp_path)})

    assert found is None


def test_any_chromium_on_the_path_will_do(tmp_path: Path) -> None:
    chrome = program(tmp_path, "google-chrome")

    found = find_chromium({"PATH": str(tmp_path)})

    assert found == chrome


def test_without_any_there_is_none(tmp_path: Path) -> None:
    found = find_chromium({"PATH": str(tmp_path)})

    assert found in {None, APPLICATION}
