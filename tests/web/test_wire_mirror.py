"""static/uproot.js describes the same frames as web/wire.py."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from uproot_aio.web import wire

SCRIPT = (Path(__file__).parents[2] / "static" / "uproot.js").read_text(encoding="utf-8")
FRAMES: dict[str, str] = {
    name: text for text, name in re.findall(r"/\*\* @typedef \{\{type: (.*)\}\} ([A-Z]\w+) \*/", SCRIPT)
}
"""By name, what the script says of a frame after `type: `."""
UNIONS = {
    name: set(members.split(" | "))
    for members, name in re.findall(r"/\*\* @typedef \{([A-Z][\w |]+)\} (\w+) \*/", SCRIPT)
}


@pytest.mark.parametrize("direction", ["FromBrowser", "ToBrowser"])
def test_the_script_knows_each_frame_of_a_direction(direction: str) -> None:
    structs = {struct.__name__ for struct in getattr(wire, direction).__args__}

    assert UNIONS[direction] == structs


@pytest.mark.parametrize(
    "struct", (wire.FromBrowser | wire.ToBrowser).__args__, ids=lambda struct: struct.__name__
)
def test_the_script_names_tag_and_fields_of_a_frame_as_the_server_does(struct: type[msgspec.Struct]) -> None:
    text = FRAMES[struct.__name__]

    names = re.findall(r"(\w+)\??: ", text)

    assert text.startswith(f'"{struct.__struct_config__.tag}"')
    assert names == list(struct.__struct_fields__)


@pytest.mark.parametrize("struct", [wire.Invoke, wire.Refusal], ids=lambda struct: struct.__name__)
def test_the_script_marks_the_fields_that_a_frame_may_lack(struct: type[msgspec.Struct]) -> None:
    optional = set(re.findall(r"(\w+)\?: ", FRAMES[struct.__name__]))

    may_lack = {field.name for field in msgspec.structs.fields(struct) if not field.required}

    assert optional == may_lack - {"args"}  # always sent
