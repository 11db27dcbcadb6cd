"""A player's WebSocket over a real connection: what is heard when, and who comes back how."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.conftest import Lab, running_lab
from tests.web.line import LOAD, PING, PLAY, Line, invoke, line_to, module_of, origin_of, socket_url
from uproot_aio.engine.broadcast import KEPT_NOTICES
from uproot_aio.engine.open_session import OpenSession
from uproot_aio.errors import StorageError
from uproot_aio.state.commit import Commit
from uproot_aio.state.identifiers import SessionId
from uproot_aio.storage.memory_log import MemoryLog
from uproot_aio.testing.simulated_player import CallRejected


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


async def test_a_call_of_a_page_that_its_app_has_no_more_leads_to_a_page_that_does_not_connect(
    play: Lab, session: OpenSession, tmp_path: Path
) -> None:
    file = tmp_path / "experiments" / "play.py"
    async with line_to(play, session) as line:
        file.write_text(PLAY.replace("First", "Renamed"))
        await asyncio.to_thread(play.server.parts.library.reload, {file})
        await line.say(invoke(1, "increment"))
        refusal = await line.hear()
    async with play.http.get(play.link(session)) as response:
        html = await response.text()

    assert refusal["code"] == "stale-page"
    assert "data-uproot-retry" in html
    assert "uproot.autoStart = false" in html


async def test_a_heartbeat_is_answered_while_a_call_runs(play: Lab, session: OpenSession) -> None:
    gate = module_of(play).gate
    player = await play.player(session)
    call = player.send("wait")
    await gate.reached()

    await player.ping()

    assert not call.done()
    gate.open()
    assert await call == "waited"


async def test_the_welcome_names_the_limits(play: Lab, session: OpenSession) -> None:
    async with line_to(play, session, greet=False) as line:
        await line.say({"type": "hello", "load": LOAD, "position": 0, "after": [0, -1]})

        welcome = await line.hear()

    assert welcome == {"type": "welcome", "number": session.durable, "frame_bytes": 100_000, "calls": 3}


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
