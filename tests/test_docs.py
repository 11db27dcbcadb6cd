"""The documentation: its code blocks are correct, its links lead somewhere, and it leaves nothing out."""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest

import uproot_aio
from tests import documentation
from tests.documentation import ROOT, Block, blocks, page_text, table_rows
from tests.server_process import run
from uproot_aio.engine.log import Log
from uproot_aio.errors import InvalidArguments
from uproot_aio.experiment.live import LiveMethod
from uproot_aio.new_app import FILES

PYTHON_BLOCKS = blocks("python")
OWN_COMMANDS = {
    "uproot-aio": "uproot-aio",
    ".venv/bin/uproot-aio": "uproot-aio",
    "python run.py": "uproot-aio",
    ".venv/bin/python run.py": "uproot-aio",
}
OTHER_COMMANDS = {"python3 -m venv", ".venv/bin/pip install", "curl", "chmod"}
HINTED = re.compile(r"`(.+?)` → `(.+?)`(?:, |$)")
COERCIONS = table_rows("live-methods.md", "Annotation")


def names_of(block: Block) -> dict[str, Any]:
    """Run a block as the module of an app and return what it defines."""
    module = ModuleType(f"{block.page.partition('.')[0].replace('-', '_')}_{block.line}")
    sys.modules[module.__name__] = module  # dataclasses look there for the names of their module
    exec("from uproot_aio import *", vars(module))
    exec(compile(block.text, str(block), "exec"), vars(module))
    return vars(module)


def live_methods_in(names: dict[str, Any]) -> list[LiveMethod]:
    classes = [value for value in names.values() if isinstance(value, type)]
    attributes = [getattr(value, "__func__", None) for kind in classes for value in vars(kind).values()]
    found = [getattr(function, "__live_method__", None) for function in attributes]
    return [method for method in found if isinstance(method, LiveMethod)]


def test_every_block_says_its_language() -> None:
    known = {"python", "html", "js", "json", "sh", "toml", "text"}

    assert [str(block) for block in blocks() if block.language not in known] == []


@pytest.mark.parametrize("block", PYTHON_BLOCKS, ids=str)
def test_a_python_block_runs_and_its_live_methods_can_be_called(block: Block) -> None:
    names = names_of(block)

    for method in live_methods_in(names):
        method.compile()


@pytest.mark.parametrize("block", blocks("json"), ids=str)
def test_a_json_block_is_json(block: Block) -> None:
    assert json.loads(block.text)


def scripts() -> list[tuple[str, str]]:
    """Return the JavaScript of all pages, that inside of HTML too, each with where it stands."""
    found = [(str(block), block.text) for block in blocks("js")]
    for block in blocks("html"):
        found += [(str(block), text) for text in re.findall(r"<script>(.*?)</script>", block.text, re.DOTALL)]
    return found


def test_every_script_is_javascript(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        assert os.environ.get("CI", "").lower() not in {"true", "1"}, "CI needs Node.js"
        pytest.skip("Node.js is not installed")
    wrong = {}

    for number, (place, text) in enumerate(scripts()):
        file = tmp_path / f"{number}.js"
        file.write_text(text, encoding="utf-8")
        checked = subprocess.run([node, "--check", str(file)], capture_output=True, text=True, check=False)
        if checked.returncode:
            wrong[place] = checked.stderr

    assert wrong == {}


def commands() -> list[tuple[str, list[str]]]:
    """Return every command of the shell blocks, each with where it stands."""
    found = []
    for block in blocks("sh"):
        for line in block.text.replace("\\\n", " ").splitlines():
            for part in line.split("&&"):
                words = shlex.split(part)
                while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
                    del words[0]
                found.append((f"{block}: {part.strip()}", words))
    return found


def is_known_command(words: list[str], help_text: str) -> bool:
    line = " ".join(words)
    if any(line == command or line.startswith(command + " ") for command in OTHER_COMMANDS):
        return True
    if words[1:2] == ["-m"]:
        return words[2] == "uproot_aio" or find_spec(words[2]) is not None
    own = next((name for name in OWN_COMMANDS if line == name or line.startswith(name + " ")), None)
    rest = line[len(own) :].split() if own is not None else []
    flags = [word for word in rest if word.startswith("--")]
    subcommand = next((word for word in rest[:1] if not word.startswith("-")), None)
    return (
        own is not None
        and all(re.search(rf"{flag}\b", help_text) for flag in flags)
        and (subcommand is None or re.search(rf"^  {subcommand} ", help_text, re.MULTILINE) is not None)
    )


def test_every_command_exists_with_its_flags(tmp_path: Path) -> None:
    help_text = run("--help", folder=tmp_path).stdout

    assert [place for place, words in commands() if not is_known_command(words, help_text)] == []


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", documentation.PAGES, ids=lambda page: page.name)
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    dead = []

    for target, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)]*))?\)", page.read_text(encoding="utf-8")):
        if target.startswith(("http://", "https://")):
            continue
        file = page.parent / target if target else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            dead.append(f"{target}#{anchor}")

    assert dead == []


def test_every_public_name_is_mentioned() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in documentation.PAGES)
    mentioned = set(re.findall(r"\w+", " ".join(re.findall(r"`[^`\n]+`", text))))

    assert sorted(set(uproot_aio.__all__) - mentioned) == []


def codes_in_source() -> set[str]:
    sources = [*(ROOT / "uproot_aio").rglob("*.py"), ROOT / "static" / "uproot.js"]
    text = "\n".join(source.read_text(encoding="utf-8") for source in sources)
    raised = re.findall(r'\b(?:CallRefused|Refused|InvokeError)\(\s*"([a-z-]+)"', text)
    return {*raised, InvalidArguments.code, uproot_aio.LiveError.code}


def test_every_code_of_an_invoke_error_is_explained() -> None:
    explained = {row[0].strip("`") for row in table_rows("live-methods.md", "`code`")}

    assert explained == codes_in_source()


@pytest.fixture(scope="module")
def table_names() -> dict[str, Any]:
    """Return what annotations and values in the table of conversions may name."""
    return names_of(next(block for block in PYTHON_BLOCKS if "class Side" in block.text))


@pytest.mark.parametrize("row", COERCIONS, ids=lambda row: row[0])
def test_arguments_are_converted_and_refused_as_the_table_says(
    row: list[str], table_names: dict[str, Any]
) -> None:
    annotation, accepted, refused = row
    names = dict(table_names)
    exec(f"def method(page, player, value: {annotation.strip('`')}): ...", names)
    method = LiveMethod(names["method"], interleave=False, timeout=None)

    pairs = HINTED.findall(accepted)
    rejected = re.findall(r"`(.+?)`(?:, |$)", refused)

    assert HINTED.sub("", accepted) == ("" if pairs else "nothing")
    assert rejected
    for sent, expected in pairs:
        [value], _ = method.bind(f"[{sent}]".encode())
        wanted = eval(expected, names)
        assert (value, type(value)) == (wanted, type(wanted)), sent
    for sent in rejected:
        with pytest.raises(InvalidArguments):
            method.bind(f"[{sent}]".encode())


def test_the_first_app_of_the_tutorial_is_the_one_that_the_command_makes() -> None:
    shown = documentation.apps()["greeting 1"]

    assert {Path(file).name: text for file, text in shown.items()} == FILES


def test_the_log_of_the_architecture_is_the_log_of_the_engine() -> None:
    block = next(block for block in PYTHON_BLOCKS if "class Log(Protocol)" in block.text)
    [shown] = [node for node in ast.walk(ast.parse(block.text)) if isinstance(node, ast.ClassDef)]

    methods = [node.name for node in shown.body if isinstance(node, ast.FunctionDef)]

    assert methods == [
        name for name, value in vars(Log).items() if isinstance(value, FunctionType) and name[0] != "_"
    ]


def test_every_file_that_the_architecture_names_exists() -> None:
    named = re.findall(r"`((?:[\w]+/)+[\w]+\.(?:py|js))`", page_text("architecture.md"))

    missing = [path for path in named if not any((ROOT / top / path).exists() for top in ("", "uproot_aio"))]

    assert len(named) > 30
    assert missing == []


def test_no_page_calls_anything_simple() -> None:
    found = {
        page.name: re.findall(r"\b(?:simply|just)\b", page.read_text(encoding="utf-8"), re.IGNORECASE)
        for page in documentation.PAGES
    }

    assert {name: words for name, words in found.items() if words} == {}


def test_every_page_is_in_the_navigation() -> None:
    listed = re.findall(r": ([\w-]+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)

    assert sorted(listed) == sorted(page.name for page in documentation.DOCS.glob("*.md"))
