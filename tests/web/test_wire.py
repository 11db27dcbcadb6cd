"""Three descriptions of the frames agree: web/wire.py, the types in static/uproot.js, and docs/wire.md."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, get_args, get_origin

import msgspec
import pytest

from tests.documentation import ROOT, blocks
from uproot_aio.web import wire

FROM_BROWSER: tuple[type[msgspec.Struct], ...] = get_args(wire.FromBrowser)
TO_BROWSER: tuple[type[msgspec.Struct], ...] = get_args(wire.ToBrowser)
FRAMES = [*FROM_BROWSER, *TO_BROWSER]
SCRIPT = (ROOT / "static" / "uproot.js").read_text(encoding="utf-8")
MEMBER = re.compile(r"(\w+)(\??): ((?:\[[^]]*\]|[^,\[])+)(?:, |$)")
TYPES = {int: "number", str: "string", int | None: "number | null", tuple[int, int]: "[number, number]"}
ALWAYS_SENT = {"args"}
"""Fields that have a default in Python although uproot.js always sends them."""


def name_of(frame: type[msgspec.Struct]) -> str:
    return frame.__name__


def tag_of(frame: type[msgspec.Struct]) -> str:
    return str(frame.__struct_config__.tag)


def typedef(name: str) -> str:
    """Return what uproot.js says a name is."""
    [found] = re.findall(rf"^\s*/\*\* @typedef \{{(.*)\}} {name} \*/$", SCRIPT, re.MULTILINE)
    return str(found)


def members(frame: type[msgspec.Struct]) -> dict[str, tuple[bool, str]]:
    """Return the members of a frame in uproot.js: by name, whether it may be missing, and its type."""
    text = typedef(frame.__name__).removeprefix("{").removesuffix("}")
    return {name: (bool(mark), kind) for name, mark, kind in MEMBER.findall(text)}


def examples() -> list[dict[str, Any]]:
    return [json.loads(block.text) for block in blocks("json") if block.page == "wire.md"]


def example_of(frame: type[msgspec.Struct]) -> dict[str, Any]:
    [found] = [example for example in examples() if example["type"] == tag_of(frame)]
    return found


@pytest.mark.parametrize(("direction", "frames"), [("FromBrowser", FROM_BROWSER), ("ToBrowser", TO_BROWSER)])
def test_the_script_has_the_same_frames_in_each_direction(
    direction: str, frames: tuple[type[msgspec.Struct], ...]
) -> None:
    assert typedef(direction).split(" | ") == [frame.__name__ for frame in frames]


@pytest.mark.parametrize("frame", FRAMES, ids=name_of)
def test_the_script_has_the_frames_tag_and_fields_in_their_order(frame: type[msgspec.Struct]) -> None:
    found = members(frame)

    assert list(found) == ["type", *frame.__struct_fields__]
    assert found["type"] == (False, json.dumps(tag_of(frame)))


@pytest.mark.parametrize("frame", FRAMES, ids=name_of)
def test_the_script_says_which_fields_may_be_missing(frame: type[msgspec.Struct]) -> None:
    optional = {field.name for field in msgspec.structs.fields(frame) if not field.required}

    marked = {name for name, (may_be_missing, _) in members(frame).items() if may_be_missing}

    assert marked == optional - ALWAYS_SENT


@pytest.mark.parametrize("frame", FRAMES, ids=name_of)
def test_the_script_gives_plain_fields_the_type_that_the_server_has(frame: type[msgspec.Struct]) -> None:
    found = members(frame)

    for field in msgspec.structs.fields(frame):
        kind = get_args(field.type)[0] if get_origin(field.type) is Annotated else field.type
        if kind in TYPES:
            assert found[field.name][1] == TYPES[kind], field.name
        else:
            assert msgspec.Raw in (kind, *get_args(kind)), field.name


def test_the_documentation_has_exactly_one_example_of_each_frame() -> None:
    assert [example["type"] for example in examples()] == [tag_of(frame) for frame in FRAMES]


@pytest.mark.parametrize("frame", FRAMES, ids=name_of)
def test_the_example_shows_every_field(frame: type[msgspec.Struct]) -> None:
    assert list(example_of(frame)) == ["type", *frame.__struct_fields__]


@pytest.mark.parametrize("frame", FROM_BROWSER, ids=name_of)
def test_the_server_reads_the_example(frame: type[msgspec.Struct]) -> None:
    example = example_of(frame)

    read = msgspec.json.decode(json.dumps(example), type=wire.FromBrowser)

    assert type(read) is frame
    assert json.loads(msgspec.json.encode(read)) == example


@pytest.mark.parametrize("frame", TO_BROWSER, ids=name_of)
def test_the_server_writes_the_example(frame: type[msgspec.Struct]) -> None:
    example = example_of(frame)
    raw = {field.name for field in msgspec.structs.fields(frame) if "Raw" in str(field.type)}
    arguments = {
        name: msgspec.Raw(json.dumps(value).encode()) if name in raw else value
        for name, value in example.items()
        if name != "type"
    }

    written = msgspec.json.encode(frame(**arguments))

    assert json.loads(written) == example
