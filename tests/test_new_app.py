"""Making a first app."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from uproot_aio.errors import AuthorError, SettingsError
from uproot_aio.experiment.load import Library
from uproot_aio.new_app import create_app


def test_it_makes_a_folder_with_a_module_and_a_template_for_each_page(tmp_path: Path) -> None:
    folder = create_app("my_first", tmp_path / "experiments")

    assert folder == tmp_path / "experiments" / "my_first"
    assert {path.name for path in folder.iterdir()} == {"__init__.py", "Welcome.html", "Counter.html"}
    assert [path.name for path in folder.parent.iterdir()] == ["my_first"]


def test_the_new_app_imports_everything_from_one_place(tmp_path: Path) -> None:
    folder = create_app("my_first", tmp_path)

    tree = ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))

    imports = [ast.unparse(node) for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert imports == ["from uproot_aio import *"]


def test_the_new_app_loads_without_a_mistake(tmp_path: Path) -> None:
    create_app("my_first", tmp_path)

    library = Library(tmp_path)
    library.load()

    assert library.mistakes == {}
    assert list(library.apps["my_first"].pages) == ["Welcome", "Counter"]


@pytest.mark.parametrize("name", ["", "1st", "two words", "a-b", "a/b", "..", "class", "_hidden", "zähler"])
def test_what_is_no_name_of_a_module_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(AuthorError, match="cannot be the name of an app"):
        create_app(name, tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_refused_name_comes_with_a_usable_one(tmp_path: Path) -> None:
    with pytest.raises(AuthorError, match="as in public_goods_game"):
        create_app("2-Public Goods-Game", tmp_path)
    with pytest.raises(AuthorError, match="as in uni"):
        create_app("Ünï", tmp_path)


@pytest.mark.parametrize("name", ["random", "uproot_aio"])
def test_the_name_of_another_module_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(AuthorError, match="is a module of its own already"):
        create_app(name, tmp_path)


@pytest.mark.parametrize("taken", ["quiz", "quiz.py"])
def test_what_exists_is_never_overwritten(tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).mkdir()

    with pytest.raises(AuthorError, match="exists already"):
        create_app("quiz", tmp_path)

    assert [path.name for path in tmp_path.rglob("*")] == [taken]


def test_a_folder_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "experiments").touch()

    with pytest.raises(SettingsError, match="cannot be made: File exists"):
        create_app("quiz", tmp_path / "experiments")
