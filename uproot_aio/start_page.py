"""What the terminal shows when the server has started."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uproot_aio.experiment.mistakes import Mistake


def start_page(
    *,
    version: str,
    address: str,
    experiments: Path,
    descriptions: Mapping[str, str],
    mistakes: Mapping[str, Sequence[Mistake]],
    data: Path,
    durability: str,
    login_url: str | None,
    is_open: bool = False,
    command: str = "uproot-aio",
    folder: Path | None = None,
) -> str:
    """Return the start page.

    Args:
        address: the URL under which the server listens, with its real port.
        descriptions: the apps that can be played, by name; a description may be empty.
        mistakes: what is wrong with the apps that cannot be played, or not in their newest version, by name.
        login_url: the experimenter's one-click login, if there is one.
        is_open: whether the server listens on all of the machine's addresses.
        command: how this program was called, in `folder`.
    """
    places = {
        "Experimenter": login_url or f"{address}admin/",
        "Participants": "their links are on each session's page",
        "Data": f"{data} ({_kept(durability)})",
        "Experiments": str(experiments),
    }
    lines = [f"uproot_aio {version}", ""]
    lines += [f"  {name:<14}{place}" for name, place in places.items()]
    if is_open:
        lines.append(
            f"  {'Network':<14}other machines reach this one under {address} or another of its addresses"
        )
    lines += ["", *_apps(descriptions), *_mistakes(mistakes)]
    if not descriptions and not mistakes:
        lines += _how_to_begin(experiments, command, folder or Path.cwd())
    return "\n".join([*lines, "", "Ctrl-C stops the server.", ""])


def command_of(program: str, python: str) -> str:
    """Return how a program was called, from its `sys.argv[0]` and the interpreter, to be called so again."""
    path = Path(program)
    if path.name == "__main__.py":
        return f"{shlex.quote(python)} -m uproot_aio"
    if path.suffix == ".py":
        return f"{shlex.quote(python)} {shlex.quote(program)}"
    return path.name if shutil.which(path.name) else shlex.quote(program)


def _kept(durability: str) -> str:
    return "survives a power cut" if durability == "fsync" else "survives a killed server, not a power cut"


def _apps(descriptions: Mapping[str, str]) -> Iterator[str]:
    if descriptions:
        yield f"{_count(len(descriptions), 'experiment')}:"
        width = max(map(len, descriptions))
        for name, description in sorted(descriptions.items()):
            yield f"  {name:<{width}}  {' '.join(description.split())}".rstrip()


def _mistakes(mistakes: Mapping[str, Sequence[Mistake]]) -> Iterator[str]:
    if mistakes:
        yield f"{_count(len(mistakes), 'experiment')} with mistakes; the others are not affected:"
        for name, found in sorted(mistakes.items()):
            yield f"  {name}"
            for mistake in found:
                place = mistake.file if mistake.line is None else f"{mistake.file}:{mistake.line}"
                yield f"    {place}: {' '.join(mistake.message.split())}"
                if mistake.advice:
                    yield f"      {' '.join(mistake.advice.split())}"
        yield "  A saved change is picked up at once, without a restart."


def _how_to_begin(experiments: Path, command: str, folder: Path) -> Iterator[str]:
    yield (
        "There is no experiment in this folder yet. To make a first one:"
        if experiments.is_dir()
        else "This folder does not exist yet. To make it with a first experiment inside:"
    )
    yield f"  cd {shlex.quote(str(folder))}"
    is_default = experiments == folder / "experiments"
    where = "" if is_default else f" --experiments {shlex.quote(str(experiments))}"
    yield f"  {command} new my_first{where}"
    yield "It is picked up at once, without a restart."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
