"""What bad input gets over a player's WebSocket: a clean refusal, and nobody else feels it."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack

import aiohttp
import pytest

from tests.conftest import Lab
from tests.web.line import LOAD, PING, Line, invoke, line_to, module_of, origin_of, socket_url
from uproot_aio.engine.open_session import OpenSession
from uproot_aio.storage.memory_log import MemoryLog

BAD_FRAMES = [
    "",
    "hello",
    "{",
    "[]",
    "1",
    "null",
    '{"type": "unknown"}',
    '{"no": "type"}',
    '{"type": "invoke"}',
    '{"type": "invoke", "number": 1, "oldest": 1}',
    json.dumps(invoke(0, "increment")),
    json.dumps(invoke(-1, "increment")),
    json.dumps(invoke(1 << 53, "increment")),
    json.dumps(invoke(10**30, "increment")),
    json.dumps(invoke(1, "increment", oldest=10**30)),
    json.dumps(invoke(1, "increment", oldest=-1)),
    json.dumps({**invoke(1, "increment"), "number": "1"}),
    json.dumps({**invoke(1, "increment"), "method": 3}),
    json.dumps({"type": "hello", "load": LOAD, "position": 0, "after": [0, -1]}),
    json.dumps({"type": "hello", "load": "short", "position": 0, "after": [0, -1]}),
    "[" * 50_000,
]


@pytest.mark.parametrize("text", BAD_FRAMES, ids=lambda text: text[:60])
async def test_a_frame_that_is_none_is_answered_bad_frame_and_the_connection_goes_on(
    play: Lab, session: OpenSession, text: str
) -> None:
    async with line_to(play, session) as line:
        await line.say(text, invoke(1, "increment"))

        heard = [await line.hear(), await line.hear()]

    assert (heard[0]["type"], heard[0]["code"]) == ("error", "bad-frame")
    assert heard[1] == {"type": "answer", "number": 1, "value": 1}


async def test_a_binary_frame_is_a_bad_frame(play: Lab, session: OpenSession) -> None:
    async with line_to(play, session) as line:
        await line.socket.send_bytes(b"\0")

        assert (await line.hear())["code"] == "bad-frame"


async def test_a_call_before_the_hello_is_a_bad_frame(play: Lab, session: OpenSession) -> None:
    async with line_to(play, session, greet=False) as line:
        await line.say(invoke(1, "increment"))

        assert (await line.hear())["code"] == "bad-frame"
    assert play.value(session, "count") == 0


async def test_more_than_ten_bad_frames_in_a_minute_close_with_1008(play: Lab, session: OpenSession) -> None:
    async with line_to(play, session) as line:
        await line.say(*["nonsense"] * 10, PING)
        heard = [(await line.hear())["type"] for _ in range(11)]

        await line.say("nonsense")

        assert heard == ["error"] * 10 + ["pong"]
        assert await line.close_code() == 1008


async def test_a_frame_that_is_too_large_closes_with_1009_and_others_feel_nothing(
    play: Lab, session: OpenSession
) -> None:
    async with line_to(play, session) as line, line_to(play, session, 1) as other:
        await line.say(invoke(1, "take_anything", "x" * 100_001))
        code = await line.close_code()
        await other.say(invoke(1, "increment"))

        assert code == 1009
        assert (await other.hear())["value"] == 1


async def test_more_unanswered_calls_than_allowed_are_answered_too_many(
    play: Lab, session: OpenSession
) -> None:
    gate = module_of(play).gate
    async with line_to(play, session) as line:
        await line.say(*(invoke(number, "wait") for number in range(1, 6)))
        refused = [await line.hear() for _ in range(2)]
        for _ in range(3):
            gate.open()
        answered = [await line.hear() for _ in range(3)]

    assert [(frame["number"], frame["code"]) for frame in refused] == [(4, "too-many"), (5, "too-many")]
    assert [(frame["number"], frame["type"]) for frame in answered] == [(n, "answer") for n in (1, 2, 3)]


async def test_quick_calls_waiting_for_the_disk_are_bounded_too(
    play: Lab, session: OpenSession, log: MemoryLog
) -> None:
    async with line_to(play, session) as line:
        log.may_append.clear()
        await line.say(*(invoke(number, "increment") for number in range(1, 5)))
        refused = await line.hear()
        log.may_append.set()
        answered = [(await line.hear())["value"] for _ in range(3)]

    assert (refused["number"], refused["code"]) == (4, "too-many")
    assert answered == [1, 2, 3]


@pytest.mark.parametrize(
    "origin", [None, "http://evil.example", "null", "", "https://127.0.0.1", "http://127.0.0.1:1"]
)
async def test_a_foreign_origin_is_forbidden(play: Lab, session: OpenSession, origin: str | None) -> None:
    headers = {} if origin is None else {"Origin": origin}

    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await play.http.ws_connect(socket_url(play, session), headers=headers)

    assert refused.value.status == 403


@pytest.mark.parametrize("path", ["nothing/p0", "{session}/nobody", "{session}/..%2f", "_server/x"])
async def test_an_unknown_session_or_player_closes_with_4404_and_has_no_page(
    play: Lab, session: OpenSession, path: str
) -> None:
    path = path.format(session=session.id)
    headers = {"Origin": origin_of(play)}

    async with play.http.ws_connect(f"{play.server.address}ws/{path}/", headers=headers) as socket:
        code = await Line(socket).close_code()
    async with play.http.get(f"{play.server.address}p/{path}/") as response:
        text = await response.text()

    assert (code, response.status) == (4404, 404)
    assert "Traceback" not in text


BOMBS = {
    "deep list": ("take", "[" * 40_000 + "]" * 40_000),
    "deep dict": ("take_dict", '{"a":' * 15_000 + "1" + "}" * 15_000),
    "deep anything": ("take_anything", "[" * 40_000 + "]" * 40_000),
    "open brackets": ("take", "[" * 1000 + "]" * 1000),
    "long list": ("take", "[" + "1," * 40_000 + "1]"),
    "huge integer": ("take", "9" * 4301),
    "huge exponent": ("take", "1e999999"),
    "NaN": ("take", "NaN"),
    "Infinity": ("take", "-Infinity"),
    "lone surrogate": ("take", '"\\ud800"'),
    "long text": ("take", '"' + "9" * 90_000 + '"'),
    "null": ("take", "null"),
    "proto": ("take_anything", '[{"__proto__": {"a": 1}}]'),
    "escaped proto": ("take_dict", '{"\\u005f_proto__": {"a": 1}}'),
    "object": ("take", "{}"),
}


@pytest.mark.parametrize("bomb", BOMBS)
async def test_an_argument_bomb_is_rejected_and_the_server_goes_on(
    play: Lab, session: OpenSession, bomb: str
) -> None:
    method, argument = BOMBS[bomb]
    frame = f'{{"type":"invoke","number":1,"oldest":1,"method":"{method}","args":[{argument}]}}'
    async with line_to(play, session) as line:
        await line.say(frame, invoke(2, "increment"))

        first, second = [await line.hear() for _ in range(2)]

    assert first["type"] in {"refusal", "error"}
    assert first["code"] in {"invalid-arguments", "bad-frame"}
    assert second == {"type": "answer", "number": 2, "value": 1}


async def test_half_a_character_is_named_as_the_reason(play: Lab, session: OpenSession) -> None:
    async with line_to(play, session) as line:
        await line.say('{"type":"invoke","number":1,"oldest":1,"method":"take_anything","args":["\\ud800"]}')

        refusal = await line.hear()

    assert (refusal["number"], refusal["code"]) == (1, "invalid-arguments")
    assert refusal["message"] == "A text in the call holds half a character (a lone surrogate)."


async def test_the_oldest_of_more_than_16_connections_of_a_player_is_closed_with_1008(
    play: Lab, session: OpenSession
) -> None:
    async with AsyncExitStack() as stack:
        other = await stack.enter_async_context(line_to(play, session, 1))
        oldest = await stack.enter_async_context(line_to(play, session))
        closed = asyncio.create_task(oldest.close_code())

        newer = [await stack.enter_async_context(line_to(play, session)) for _ in range(16)]

        assert await closed == 1008
        for line in [other, *newer]:
            await line.say(PING)
            assert (await line.hear())["type"] == "pong"


async def test_a_form_over_the_limit_gets_a_calm_page_that_says_what_to_do(
    play: Lab, session: OpenSession
) -> None:
    form = {"text": "x" * 200_000}

    async with play.http.post(play.link(session), data=form) as response:
        text = await response.text()

    assert (response.status, response.content_type) == (413, "text/html")
    assert "Please go back, shorten it, and send it again." in text


async def test_keys_that_mean_something_to_javascript_are_only_keys(play: Lab, session: OpenSession) -> None:
    thing = '{"prototype": {"a": 1}, "constructor": 2, "__class__": 3}'
    async with line_to(play, session) as line:
        await line.say(f'{{"type":"invoke","number":1,"oldest":1,"method":"take_dict","args":[{thing}]}}')

        answer = await line.hear()

    assert answer["value"] == json.loads(thing) == play.value(session, "thing")


async def test_one_who_sends_as_fast_as_possible_is_answered_call_by_call_and_so_are_others(
    play: Lab, session: OpenSession
) -> None:
    async with line_to(play, session) as flooding, line_to(play, session, 1) as other:
        await flooding.say(*(invoke(number, "take_anything", 1) for number in range(1, 501)))
        await other.say(invoke(1, "increment"))

        answer = await other.hear()
        numbers = [(await flooding.hear())["number"] for _ in range(500)]

    assert answer["value"] == 1
    assert sorted(numbers) == list(range(1, 501))
