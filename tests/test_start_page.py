"""What the terminal shows at the start."""

from __future__ import annotations

from pathlib import Path

import pytest

from uproot_aio.experiment.mistakes import Mistake
from uproot_aio.start_page import command_of, start_page

ADDRESS = "http://127.0.0.1:8000/"


def page(
    folder: Path,
    *,
    descriptions: dict[str, str] | None = None,
    mistakes: dict[str, list[Mistake]] | None = None,
    durability: str = "fsync",
    is_open: bool = False,
    command: str = "uproot-aio",
    login_url: str | None = None,
) -> str:
    return start_page(
        version="1.2.3",
        address=ADDRESS,
        experiments=folder,
        descriptions=descriptions or {},
        mistakes=mistakes or {},
        data=Path("/var/sessions"),
        durability=durability,
        login_url=login_url,
        is_open=is_open,
        command=command,
        folder=folder.parent,
    )


def test_it_sends_no_participant_to_the_login(tmp_path: Path) -> None:
    text = page(tmp_path)

    assert "Participants  their links are on each session's page\n" in text


def test_it_says_how_other_machines_reach_a_server_that_is_open_to_them(tmp_path: Path) -> None:
    text = page(tmp_path, is_open=True)

    assert f"other machines reach this one under {ADDRESS}" in text


@pytest.mark.parametrize(
    ("program", "command"),
    [
        ("run.py", "python3 run.py"),
        ("/my lab/run.py", "python3 '/my lab/run.py'"),
        ("/lib/uproot_aio/__main__.py", "python3 -m uproot_aio"),
        ("/venv/bin/no-such-program", "/venv/bin/no-such-program"),
        ("/bin/sh", "sh"),
    ],
)
def test_it_says_the_command_as_it_was_called(program: str, command: str) -> None:
    assert command_of(program, "python3") == command


def test_it_says_version_address_and_where_the_data_lives(tmp_path: Path) -> None:
    text = page(tmp_path)

    assert text.startswith("uproot_aio 1.2.3\n")
    assert ADDRESS in text
    assert "/var/sessions (survives a power cut)" in text


def test_it_says_what_weaker_durability_means(tmp_path: Path) -> None:
    text = page(tmp_path, durability="os")

    assert "/var/sessions (survives a killed server, not a power cut)" in text


def test_it_shows_the_one_click_login_if_there_is_one(tmp_path: Path) -> None:
    with_login = page(tmp_path, login_url=f"{ADDRESS}admin/login/#secret")
    without = page(tmp_path)

    assert f"Experimenter  {ADDRESS}admin/login/#secret" in with_login
    assert f"Experimenter  {ADDRESS}admin/\n" in without


def test_it_lists_experiments_by_name_with_their_descriptions_on_one_line(tmp_path: Path) -> None:
    text = page(tmp_path, descriptions={"quiz": "Questions\nwith a score", "counter": ""})

    assert "2 experiments:\n  counter\n  quiz     Questions with a score\n" in text


def test_it_lists_mistakes_with_file_line_and_what_to_do(tmp_path: Path) -> None:
    mistake = Mistake("dilemma", "dilemma/__init__.py", 12, 'no page "Dilema"', 'Did you mean "Dilemma"?')
    nowhere = Mistake("dilemma", "dilemma/Results.html", None, "is not UTF-8", "Save it as UTF-8.")

    text = page(tmp_path, descriptions={"quiz": ""}, mistakes={"dilemma": [mistake, nowhere]})

    assert "1 experiment with mistakes; the others are not affected:\n  dilemma\n" in text
    assert '    dilemma/__init__.py:12: no page "Dilema"\n      Did you mean "Dilemma"?\n' in text
    assert "    dilemma/Results.html: is not UTF-8\n" in text
    assert "uproot-aio new" not in text


def test_without_a_folder_it_says_how_to_begin(tmp_path: Path) -> None:
    text = page(tmp_path / "experiments", command="python run.py")

    assert "This folder does not exist yet." in text
    assert f"  cd {tmp_path}\n  python run.py new my_first\n" in text


def test_with_an_empty_folder_of_another_name_it_says_how_to_begin_there(tmp_path: Path) -> None:
    folder = tmp_path / "my apps"
    folder.mkdir()

    text = page(folder)

    assert "There is no experiment in this folder yet." in text
    assert f"  uproot-aio new my_first --experiments '{folder}'\n" in text
