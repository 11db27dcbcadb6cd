"""The REST interface, with the shapes that scripts rely on."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.conftest import Lab, OpenLab
from uproot_aio.engine.execute import execute
from uproot_aio.state.identifiers import PlayerId, player_owner

API = "admin/api/v1/sessions/"
KEY = {"api_keys": ("key",)}
APP = """
from decimal import Decimal
from uproot_aio import *
def new_session(session):
    session.total = 1
def new_player(player):
    player.price = Decimal("1.10")
    player.me = player.pid
    player.odd = 1 + 2j
class Talk(Page): pass
page_order = [Talk]
"""


async def call(lab: Lab, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
    """Call the API with the right key; a body that is no text is sent as JSON."""
    text = body if isinstance(body, (str, bytes)) or body is None else json.dumps(body)
    kind = {} if body is None else {"Content-Type": "application/json"}
    async with lab.http.request(
        method,
        lab.server.address + path,
        data=text,
        headers={"Authorization": "Bearer key", **kind, **headers},
    ) as response:
        assert response.content_type == "application/json"
        return response.status, await response.json()


@pytest.mark.parametrize("config", ["talk", "~talk"])
async def test_a_session_is_made_and_listed(lab: OpenLab, config: str) -> None:
    server = await lab(KEY, talk=APP)
    made = await call(
        server,
        "POST",
        API,
        {"config": config, "n_players": "2", "sname": "s1", "settings": {"a": 1}, "more": 1},
    )
    status, listed = await call(server, "GET", API)

    assert made == (201, {"sname": "s1", "created": True})
    assert status == 200
    created = listed["s1"].pop("created")
    assert isinstance(created, float)
    assert listed == {
        "s1": {
            "sname": "s1",
            "active": True,
            "config": config,
            "room": None,
            "description": None,
            "n_players": 2,
            "n_groups": 0,
        }
    }


async def test_sessions_are_listed_in_the_order_in_which_they_were_made(lab: OpenLab) -> None:
    server = await lab(KEY, talk=APP)
    for name in ("z", "a", "m"):
        await call(server, "POST", API, {"config": "talk", "n_players": 0, "sname": name})

    _, listed = await call(server, "GET", API)

    assert list(listed) == ["z", "a", "m"]


async def test_a_session_can_be_looked_at(lab: OpenLab) -> None:
    server = await lab(KEY, talk=APP)
    body = {
        "config": "talk",
        "n_players": 2,
        "sname": "s1",
        "unames": ["alice", "bob"],
        "settings": {"a": [1]},
    }
    await call(server, "POST", API, body)

    status, detail = await call(server, "GET", f"{API}s1/")

    assert status == 200
    assert detail == {
        "sname": "s1",
        "config": "talk",
        "active": True,
        "testing": False,
        "initialized": False,
        "simulate": False,
        "description": None,
        "room": None,
        "settings": {"a": [1]},
        "secret": None,
        "n_players": 2,
        "n_groups": 0,
        "n_models": 0,
        "players": ["alice", "bob"],
        "groups": [],
        "models": [],
        "apps": ["talk"],
        "urls": {"session": None, "player_template": "/p/s1/{uname}/"},
    }


async def test_players_values_are_those_asked_for_and_null_where_there_is_none(lab: OpenLab) -> None:
    server = await lab(KEY, talk=APP)
    session = await server.server.parts.sessions.create(
        "talk", ["talk"], players=["alice", "bob"], settings={}, name="s1"
    )
    await server.player(session)

    default = await call(server, "GET", f"{API}s1/players/")
    asked = await call(server, "GET", f"{API}s1/players/?fields=price&fields=me&fields=none&fields=odd")
    one = await call(server, "GET", f"{API}s1/players/alice/?fields=price")
    one_default = await call(server, "GET", f"{API}s1/players/bob/")

    order = ["talk/#StartApp", "talk/Talk"]
    nobody = {"id": 1, "page_order": [], "show_page": -1, "started": False, "label": ""}
    assert default == (
        200,
        {
            "alice": {"id": 0, "page_order": order, "show_page": 1, "started": True, "label": ""},
            "bob": nobody,
        },
    )
    alice = {"price": "1.10", "me": {"sname": "s1", "uname": "alice"}, "none": None, "odd": [1.0, 2.0]}
    assert asked == (200, {"alice": alice, "bob": dict.fromkeys(alice)})
    assert one == (200, {"price": "1.10"})
    assert one_default == (200, nobody)


@pytest.mark.parametrize(
    "value", ["\ud800", 10**6000, float("nan"), {1: {2: b"x"}}, "<!--<script>"], ids=range(5)
)
async def test_every_value_that_can_be_stored_can_be_read(lab: OpenLab, value: object) -> None:
    server = await lab(KEY, talk=APP)
    session = await server.session("talk")
    name = PlayerId(session.state.members("player")[0])
    await execute(
        session, lambda unit: unit.write(player_owner(name), "x", value, ""), cause="background", who="test"
    )

    async with server.http.get(
        f"{server.server.address}{API}{session.id}/players/?fields=x", headers={"Authorization": "Bearer key"}
    ) as response:
        status = response.status

    assert status == 200


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("none/", "Session not found"),
        ("_server/", "Session not found"),
        ("none/players/", "Session not found"),
        ("none/players/x/", "Session not found"),
        ("s1/players/x/", "Player 'x' not found in session 's1'"),
        ("s1/nowhere/", "Not Found"),
        ("s1", "Not Found"),
    ],
)
async def test_what_does_not_exist_is_404(lab: OpenLab, path: str, detail: str) -> None:
    server = await lab(KEY, talk=APP)
    await call(server, "POST", API, {"config": "talk", "n_players": 0, "sname": "s1"})

    assert await call(server, "GET", API + path) == (404, {"detail": detail})


async def test_another_method_is_405(lab: OpenLab) -> None:
    server = await lab(KEY)

    assert await call(server, "DELETE", API) == (405, {"detail": "Method Not Allowed"})


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"config": "none", "n_players": 1}, "Invalid configuration"),
        ({"config": "talk", "n_players": 1, "sname": "taken"}, "Session name already exists"),
        ({"config": "talk", "n_players": 1, "sname": "a b"}, "cannot be the name of a session"),
        (
            {"config": "talk", "n_players": 1, "unames": ["a", "b"]},
            "Number of player names must match n_players",
        ),
        ({"config": "talk", "n_players": 2, "unames": ["a", "a"]}, "Duplicate player names"),
        (
            {"config": "talk", "n_players": 1, "unames": ["a/b"], "sname": "new"},
            "cannot be the name of a player",
        ),
        ({"config": "talk", "n_players": 1, "simulate": True}, "Simulated sessions do not exist yet"),
    ],
)
async def test_what_cannot_be_made_is_400_and_leaves_nothing(
    lab: OpenLab, body: dict[str, Any], detail: str
) -> None:
    server = await lab(KEY, talk=APP)
    await call(server, "POST", API, {"config": "talk", "n_players": 0, "sname": "taken"})

    status, answer = await call(server, "POST", API, body)
    _, listed = await call(server, "GET", API)

    assert status == 400
    assert detail in answer["detail"]
    assert list(listed) == ["taken"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, [("missing", ["body", "config"]), ("missing", ["body", "n_players"])]),
        ({"config": 1, "n_players": 1}, [("string_type", ["body", "config"])]),
        ({"config": "talk", "n_players": -1}, [("greater_than_equal", ["body", "n_players"])]),
        ({"config": "talk", "n_players": 10_001}, [("less_than_equal", ["body", "n_players"])]),
        ({"config": "talk", "n_players": "x"}, [("int_parsing", ["body", "n_players"])]),
        ({"config": "talk", "n_players": 1.5}, [("int_from_float", ["body", "n_players"])]),
        ({"config": "talk", "n_players": None}, [("int_type", ["body", "n_players"])]),
        ({"config": "talk", "n_players": 1, "settings": []}, [("dict_type", ["body", "settings"])]),
        ({"config": "talk", "n_players": 1, "unames": ["a", 1]}, [("string_type", ["body", "unames", 1])]),
        ({"config": "talk", "n_players": 1, "unames": "a"}, [("list_type", ["body", "unames"])]),
        ({"config": "talk", "n_players": 1, "simulate": "maybe"}, [("bool_parsing", ["body", "simulate"])]),
        ({"config": "\ud800", "n_players": "\ud800"}, [("int_parsing", ["body", "n_players"])]),
        (
            {"config": "talk", "n_players": 1, "settings": {"a": "\ud800"}},
            [("string_unicode", ["body", "settings"])],
        ),
        (
            {"config": "talk", "n_players": 1, "settings": {"\ud800": [1]}},
            [("string_unicode", ["body", "settings"])],
        ),
        ([], [("model_attributes_type", ["body"])]),
        ("{", [("json_invalid", ["body", 1])]),
        ("[" * 100_000, [("json_invalid", ["body", 0])]),
        (b"\xff", [("json_invalid", ["body", 0])]),
        ('{"n_players": NaN}', [("json_invalid", ["body", 0])]),
        ("", [("missing", ["body"])]),
    ],
)  # fmt: skip
async def test_what_does_not_fit_is_422_with_everything_that_is_wrong(
    lab: OpenLab, body: object, expected: list[tuple[str, list[Any]]]
) -> None:
    server = await lab(KEY, talk=APP)

    status, answer = await call(server, "POST", API, body)

    assert status == 422
    assert [(problem["type"], problem["loc"]) for problem in answer["detail"]] == expected
    assert all(problem["msg"] and "input" in problem for problem in answer["detail"])


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('{"n_players": ' + "9" * 5000 + "}", "It contains a number with too many digits"),
        ("[" * 100_000, "It is nested too deeply"),
        (b"\xff", "It is not UTF-8"),
        ("[NaN]", "NaN is no JSON number"),
    ],
    ids=["digits", "depth", "bytes", "NaN"],
)
async def test_what_cannot_be_read_is_explained_without_terms_of_python(
    lab: OpenLab, body: object, reason: str
) -> None:
    server = await lab(KEY)

    status, answer = await call(server, "POST", API, body)

    assert (status, answer["detail"][0]["ctx"]) == (422, {"error": reason})


async def test_a_body_that_is_not_called_json_is_422(lab: OpenLab) -> None:
    server = await lab(KEY, talk=APP)
    body = {"config": "talk", "n_players": 1}

    status, answer = await call(server, "POST", API, body, **{"Content-Type": "text/plain"})

    assert status == 422
    assert answer["detail"][0]["loc"] == ["body"]


@pytest.mark.parametrize("says_its_size", [True, False])
async def test_a_body_over_one_mebibyte_is_413(lab: OpenLab, says_its_size: bool) -> None:
    server = await lab({**KEY, "frame_bytes": 1 << 26}, talk=APP)
    body = json.dumps({"config": "talk", "n_players": 1, "settings": {"x": "x" * (1 << 20)}}).encode()

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 10_000):
            yield body[start : start + 10_000]

    async with server.http.post(
        server.server.address + API,
        data=io.BytesIO(body) if says_its_size else pieces(),
        headers={"Authorization": "Bearer key", "Content-Type": "application/json"},
    ) as response:
        status, answer = response.status, await response.json()

    assert (status, answer) == (413, {"detail": "Request Entity Too Large"})


async def test_yes_and_no_are_read_as_texts_too(lab: OpenLab) -> None:
    server = await lab(KEY, talk=APP)
    body = {
        "config": "talk",
        "n_players": 2.0,
        "simulate": "no",
        "sname": None,
        "unames": None,
        "settings": None,
    }

    status, answer = await call(server, "POST", API, body)

    assert (status, answer["created"]) == (201, True)
