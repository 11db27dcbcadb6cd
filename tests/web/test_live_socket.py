"""A player's WebSocket over a real connection: what is heard when, and what bad input gets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from tests.conftest import Lab, OpenLab, running_lab
from tests.engine.small_engine import Gate
from uproot_aio.engine.broadcast import KEPT_NOTICES
from uproot_aio.engine.open_session import OpenSession
from uproot_aio.errors import StorageError
from uproot_aio.state.commit import Commit
from uproot_aio.state.identifiers import SessionId
from uproot_aio.storage.memory_log import MemoryLog
from uproot_aio.testing import SimulatedPlayer
from uproot_aio.testing.simulated_player import CallRejected

PLAY = """
from uproot_aio import *

def new_player(player):
    player.count = 0

class First(Page):
    @live
    def increment(page, player):
        player.count += 1
        return player.count

    @live
    def tell(page, player, data, times: int = 1):
        for number in range(times):
            send_to(player.session.players, [data, number] if times > 1 else data)
        return "told"

    @live
    async def wait(page, player):
        await gate.wait()
        return "waited"

    @live
    def take(page, player, number: int):
        player.count = number

    @live
    def take_anything(page, player, thing):
        return str(type(thing).__name__)

    @live
    def take_dict(page, player, thing: dict):
        player.thing = thing
        return thing

class Second(Page):
    pass

page_order = [First, Second]
"""
LOAD = "c" * 32


class Line:
    """A connection that says and hears single frames."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def say(self, *frames: dict[str, Any] | str) -> None:
        """Send frames, or texts that are none."""
        for frame in frames:
            await self.socket.send_str(frame if isinstance(frame, str) else json.dumps(frame))

    async def hear(self) -> dict[str, Any]:
        """Return the next frame."""
        message = await self.socket.receive()
        assert message.type is aiohttp.WSMsgType.TEXT, message
        frame: dict[str, Any] = json.loads(message.data)
        return frame

    async def close_code(self) -> int | None:
        """Read on until the server closes, and return its code."""
        async for _ in self.socket:
            pass
        return self.socket.close_code


def invoke(number: int, method: str, *args: Any, oldest: int = 1) -> dict[str, Any]:
    return {"type": "invoke", "number": number, "oldest": oldest, "method": method, "args": list(args)}


PING = {"type": "ping"}


def socket_url(lab: Lab, session: OpenSession, index: int = 0) -> str:
    return lab.link(session, index).replace("http", "ws", 1).replace("/p/", "/ws/", 1)


def origin_of(lab: Lab) -> str:
    parts = urlsplit(lab.server.address)
    return f"{parts.scheme}://{parts.netloc}"


@asynccontextmanager
async def line_to(
    lab: Lab, session: OpenSession, index: int = 0, *, load: str = LOAD, greet: bool = True, after: Any = None
) -> AsyncIterator[Line]:
    """Open a raw connection of a player who is on the first page."""
    name = session.state.members("player")[index]
    position = session.state.get(f"player/{name}", "show_page")  # type: ignore[arg-type]  # an owner's name
    headers = {"Origin": origin_of(lab)}
    async with lab.http.ws_connect(
        socket_url(lab, session, index), headers=headers, max_msg_size=0
    ) as socket:
        line = Line(socket)
        if greet:
            await line.say({"type": "hello", "load": load, "position": position, "after": after or [0, -1]})
            assert (await line.hear())["type"] == "welcome"
        yield line


def module_of(lab: Lab) -> Any:
    """Return the app's module, with a new gate in it."""
    module: Any = lab.server.parts.library.apps["play"].module
    module.gate = Gate()
    return module


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


@pytest.fixture
async def play(lab: OpenLab, log: MemoryLog) -> AsyncIterator[Lab]:
    """Run a server over a log in memory; let what is held go on at the end."""
    yield await lab({"log": log, "calls_in_flight": 3, "frame_bytes": 100_000}, play=PLAY)
    log.failure = None
    log.may_append.set()


@pytest.fixture
async def session(play: Lab) -> OpenSession:
    """Make a session of two players who are on the first page."""
    session = await play.session("play", players=2)
    for index in range(2):
        async with SimulatedPlayer(play.link(session, index), play.http) as player:
            await player.start()
    return session


async def test_nothing_is_heard_before_it_is_on_disk_and_notices_come_before_the_answer(
    play: Lab, session: OpenSession, log: MemoryLog
) -> None:
    before = session.durable
    async with line_to(play, session) as line, line_to(play, session, 1) as other:
        log.may_append.clear()
        await line.say(invoke(1, "tell", "x", 2), invoke(2, "increment"), PING)
        first = await line.hear()
        await other.say(PING)
        first_of_other = await other.hear()
        log.may_append.set()

        then = [await line.hear() for _ in range(4)]
        then_of_other = [await other.hear() for _ in range(2)]

    assert first == first_of_other == {"type": "pong", "number": before}
    assert [(frame["type"], frame.get("at"), frame.get("data", frame.get("value"))) for frame in then] == [
        ("notice", [before + 1, 0], ["x", 0]),
        ("notice", [before + 1, 1], ["x", 1]),
        ("answer", None, "told"),
        ("answer", None, 1),
    ]
    assert then_of_other == then[:2]


async def test_every_open_tab_of_a_recipient_hears_a_notice(play: Lab, session: OpenSession) -> None:
    async with line_to(play, session) as first, line_to(play, session, load="d" * 32) as second:
        await first.say(invoke(1, "tell", "x"))

        heard = [await first.hear(), await second.hear()]

    assert [frame["data"] for frame in heard] == ["x", "x"]


async def test_a_page_that_comes_back_hears_what_it_missed_and_a_fresh_page_does_not(
    play: Lab, session: OpenSession
) -> None:
    missing = await play.player(session, 0)
    await missing.disconnect()
    talking = await play.player(session, 1)
    for word in ("a", "b", "c"):
        await talking.invoke("tell", word)

    await missing.connect()
    heard = [(await missing.notices.get()).data for _ in range(3)]
    fresh = await play.player(session, 0)
    await talking.invoke("tell", "d")

    assert heard == ["a", "b", "c"]
    assert (await fresh.notices.get()).data == "d"


async def test_who_missed_too_much_hears_of_the_gap_and_then_what_comes(
    play: Lab, session: OpenSession
) -> None:
    missing = await play.player(session, 0)
    await missing.disconnect()
    talking = await play.player(session, 1)
    await talking.invoke("tell", "x", KEPT_NOTICES + 1)
    number = session.durable

    await missing.connect()
    await talking.invoke("tell", "new")
    notice = await missing.notices.get()

    assert notice.data == "new"
    assert missing.gaps == [number]


async def test_a_call_that_lost_its_connection_is_sent_again_and_runs_once(
    play: Lab, session: OpenSession, log: MemoryLog
) -> None:
    player = await play.player(session)
    log.may_append.clear()
    calls = [player.send("increment") for _ in range(2)]
    await player.ping()

    await player.drop()
    await player.connect()
    log.may_append.set()

    assert await asyncio.gather(*calls) == [1, 2]
    assert (play.value(session, "count"), player.connections) == (2, 2)


async def test_a_heartbeat_is_answered_while_a_call_runs(play: Lab, session: OpenSession) -> None:
    gate = module_of(play).gate
    player = await play.player(session)
    call = player.send("wait")
    await gate.reached()

    await player.ping()

    assert not call.done()
    gate.open()
    assert await call == "waited"


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


async def test_the_welcome_names_the_limits(play: Lab, session: OpenSession) -> None:
    async with line_to(play, session, greet=False) as line:
        await line.say({"type": "hello", "load": LOAD, "position": 0, "after": [0, -1]})

        welcome = await line.hear()

    assert welcome == {"type": "welcome", "number": session.durable, "frame_bytes": 100_000, "calls": 3}


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


async def test_a_failing_disk_answers_those_who_wait_and_sends_all_pages_away_with_1013(
    play: Lab, session: OpenSession, log: MemoryLog
) -> None:
    async with line_to(play, session) as line, line_to(play, session, 1) as other:
        log.failure, log.failing_sessions = StorageError("No space left on device"), {session.id}
        await line.say(invoke(1, "increment"))
        answer = await line.hear()

        codes = [await line.close_code(), await other.close_code()]

    assert (answer["type"], answer["code"]) == ("refusal", "failed")
    assert codes == [1013, 1013]


async def test_after_a_failure_players_come_back_by_themselves_and_go_on_from_disk(
    play: Lab, session: OpenSession, log: MemoryLog
) -> None:
    player = await play.player(session)
    await player.invoke("increment")
    log.failure, log.failing_sessions = StorageError("No space left on device"), {session.id}
    with pytest.raises(CallRejected, match="could not be saved"):
        await player.invoke("increment")
    log.failure = None

    answer = await player.invoke("increment")

    assert (answer, player.connections) == (2, 2)


async def test_a_page_that_says_hello_to_a_session_that_has_failed_is_sent_away(
    play: Lab, session: OpenSession, log: MemoryLog
) -> None:
    async with line_to(play, session, greet=False) as late, line_to(play, session) as line:
        log.failure, log.failing_sessions = StorageError("No space left on device"), {session.id}
        await line.say(invoke(1, "increment"))
        await line.close_code()

        await late.say({"type": "hello", "load": "d" * 32, "position": 0, "after": [0, -1]})

        assert await late.close_code() == 1013


async def test_a_browser_that_reads_too_slowly_is_closed_with_1013_and_catches_up(tmp_path: Path) -> None:
    async with running_lab(tmp_path, {"play": PLAY}, log=MemoryLog()) as lab:
        session = await lab.session("play", players=2)
        talking = await lab.player(session, 1)
        slow = await lab.player(session, 0)
        await slow.disconnect()
        async with line_to(lab, session, after=[session.durable, -1]) as line:
            for number in range(60):
                await talking.invoke("tell", f"{number:>500000}")

            code = await line.close_code()

        await slow.connect()
        await talking.invoke("tell", "new")

        assert code == 1013
        while (await slow.notices.get()).data != "new":
            pass


async def test_a_stopping_server_closes_with_1001(tmp_path: Path) -> None:
    async with aiohttp.ClientSession() as http:
        async with running_lab(tmp_path, {"play": PLAY}, log=MemoryLog()) as lab:
            session = await lab.session("play")
            socket = await http.ws_connect(socket_url(lab, session), headers={"Origin": origin_of(lab)})
            line = Line(socket)
            await line.say({"type": "hello", "load": LOAD, "position": -1, "after": [0, -1]})
            await line.hear()
            closed = asyncio.create_task(line.close_code())

        assert await closed == 1001


class UnreadableLog(MemoryLog):
    """Cannot be read while `lost` is set."""

    lost = False

    def read(self, session: SessionId, after: int = 0) -> Iterator[Commit]:
        if self.lost and session != "_server":
            raise StorageError("The disk is gone")
        return super().read(session, after)


async def test_a_session_that_cannot_be_read_closes_with_1013_and_has_a_calm_page(tmp_path: Path) -> None:
    log = UnreadableLog()
    async with running_lab(tmp_path, {"play": PLAY}, log=log) as lab:
        session = await lab.session("play")
    log.lost = True

    async with running_lab(tmp_path, {"play": PLAY}, log=log) as lab:
        headers = {"Origin": origin_of(lab)}
        async with lab.http.ws_connect(socket_url(lab, session), headers=headers) as socket:
            code = await Line(socket).close_code()
        async with lab.http.get(lab.link(session)) as response:
            status = response.status

    assert (code, status) == (1013, 503)


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


async def test_keys_that_mean_something_to_javascript_are_only_keys(play: Lab, session: OpenSession) -> None:
    thing = '{"__proto__": {"a": 1}, "constructor": 2, "__class__": 3}'
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
