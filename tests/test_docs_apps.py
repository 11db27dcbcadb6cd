"""The apps of the documentation, played over the real protocol."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests import documentation
from tests.conftest import Lab, running_lab
from tests.documentation import Block, blocks
from uproot_aio.engine.export import change_chunks
from uproot_aio.testing import CallRejected

APPS = documentation.apps()
Play = Callable[[Lab], Awaitable[None]]


@pytest.fixture
async def lab(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Lab]:
    """Return a lab with the app that the test is for."""
    for file, text in APPS[request.param].items():
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    async with running_lab(tmp_path, {}) as opened:
        yield opened


def played(app: str) -> pytest.MarkDecorator:
    """Run a test in a lab with this app."""
    return pytest.mark.parametrize("lab", [app], indirect=True)


def json_block(beginning: str) -> Any:
    [text] = [block.text for block in blocks("json") if block.text.startswith(beginning)]
    return json.loads(text)


def test_every_app_is_played_here() -> None:
    source = Path(__file__).read_text(encoding="utf-8")

    assert [app for app in APPS if f'@played("{app}")' not in source] == []


@played("greeting 1")
async def test_the_first_app_greets_and_counts(lab: Lab) -> None:
    session = await lab.session("greeting")
    player = await lab.player(session)

    await player.submit(first_name="Ada")
    answers = [await player.invoke("increment"), await player.invoke("increment", 9)]

    assert "Hello, Ada!" in player.html
    assert answers == [{"count": 1, "reached": False}, {"count": 10, "reached": True}]


@played("greeting 2")
async def test_two_players_count_together_until_they_are_there(lab: Lab) -> None:
    session = await lab.session("greeting", players=2)
    ada, bob = await lab.player(session, 0), await lab.player(session, 1)
    await ada.submit(first_name="Ada")
    await bob.submit(first_name="Bob")
    await ada.connect()
    await bob.connect()

    await ada.invoke("increment", 5)
    heard = await bob.notices.get()
    with pytest.raises(CallRejected) as rejection:
        await bob.invoke("increment", 6)
    await ada.submit()

    assert (heard.event, heard.data) == ("total", 5)
    assert rejection.value.code == "refused"
    assert "more than 10" in str(rejection.value)
    assert "Thank you" in ada.html
    assert "<strong>That was all.</strong>" in ada.html


@played("greeting 2")
async def test_a_change_is_exported_as_the_tutorial_shows_it(lab: Lab) -> None:
    shown = json_block('{\n  "time"')
    session = await lab.session("greeting")
    player = await lab.player(session)
    await player.submit(first_name="Ada")
    await player.invoke("increment", 6)

    chunks = change_chunks(session.log, session.id, session.durable)
    lines = [json.loads(line) for line in b"".join(chunks).splitlines()]
    change = next(line for line in lines if line["field"] == "count" and line["value"] == shown["value"])

    assert list(change) == list(shown)
    for key in ("kind", "cause", "line", "index"):
        assert change[key] == shown[key]


@played("guessing 1")
async def test_a_guess_is_judged_and_the_eighth_is_refused(lab: Lab) -> None:
    session = await lab.session("guessing")
    player = await lab.player(session)

    verdicts = [await player.invoke("guess", number) for number in (0, 101, lab.value(session, "secret"))]
    for _ in range(4):
        await player.invoke("guess", "0")
    with pytest.raises(CallRejected) as rejection:
        await player.invoke("guess", 1)

    assert verdicts == ["too low", "too high", "right"]
    assert rejection.value.code == "no-guesses-left"
    assert len(await player.invoke("get_guesses")) == 7


@played("vouchers 1")
@pytest.mark.parametrize(
    ("method", "page", "redeemed"), [("redeem", 0, 5), ("redeem_overlapping", 0, 10), ("redeem", 1, 5)]
)
async def test_a_voucher_is_redeemed_as_often_as_the_table_says(
    lab: Lab, method: str, page: int, redeemed: int
) -> None:
    session = await lab.session("vouchers")
    player = await lab.player(session)
    for _ in range(page):
        await player.submit()
    await player.connect()

    await asyncio.gather(player.send(method, "A"), player.send(method, "B"), return_exceptions=True)

    assert lab.value(session, "redeemed") == redeemed


@played("basket 1")
async def test_a_basket_is_filled_in_place_and_checked_out(lab: Lab) -> None:
    session = await lab.session("basket")
    player = await lab.player(session)

    counts = [await player.invoke("add", "apple"), await player.invoke("add", "pear")]
    await player.invoke("check_out")

    assert counts == [1, 2]
    assert lab.value(session, "items") == ["apple", "pear"]
    assert lab.value(session, "ordered") is lab.value(session, "paid") is True


@played("hello_all 1")
async def test_a_wave_reaches_the_others_and_a_call_reaches_all(lab: Lab) -> None:
    session = await lab.session("hello_all", players=2)
    one, other = await lab.player(session, 0), await lab.player(session, 1)

    await one.invoke("wave")
    await one.invoke("call_everybody")
    heard = [(await one.notices.get()).data for _ in range(2)]
    others = [await other.notices.get() for _ in range(3)]

    assert heard == ["You waved.", "Please come back."]
    assert [notice.event for notice in others] == ["Wave", "_uproot_Received", "_uproot_Reload"]
    assert others[0].data["from"]["uname"] == session.state.members("player")[0]


@played("consent 1")
async def test_who_consents_is_asked_for_the_age_and_who_does_not_is_done(lab: Lab) -> None:
    session = await lab.session("consent", players=2)
    willing, other = await lab.player(session, 0), await lab.player(session, 1)

    assert "<strong>age</strong>" in willing.html
    await other.submit()
    await willing.submit(consent="y")
    assert "Send" in willing.html
    await willing.submit(age="12")
    assert "One question" in willing.html
    await willing.submit(age="42", city="")
    assert "We do not believe you." in willing.html
    await willing.submit(age="42", city="Turin")

    assert "Done" in willing.html
    assert "Done" in other.html
    assert (lab.value(session, "age"), lab.value(session, "city")) == (42, "Turin")


def rest_blocks() -> list[Block]:
    return [block for block in blocks("json") if block.page == "experimenter.md"]


async def test_the_rest_interface_answers_as_its_page_shows(tmp_path: Path) -> None:
    _, asked, created, values = (json.loads(block.text) for block in rest_blocks())
    counter = "from uproot_aio import *\nclass Only(Page):\n    pass\npage_order = [Only]\n"
    keys = {"Authorization": "Bearer my-key"}

    async with running_lab(tmp_path, {"counter": counter}, api_keys=("my-key",)) as lab:
        address = f"{lab.server.address}admin/api/v1/sessions/"
        async with lab.http.post(address, json=asked, headers=keys) as response:
            made = (response.status, await response.json())
        async with lab.http.get(f"{address}pilot/players/left/", headers=keys) as response:
            got = await response.json()
        async with lab.http.get(address) as response:
            without_key = response.status

    assert made == (201, created)
    assert got == values
    assert without_key == 401
