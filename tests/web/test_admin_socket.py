"""The feed of a session's page."""

from __future__ import annotations

import json
from typing import Any

import aiohttp

from tests.conftest import OpenLab
from tests.web.experimenter import SetClock, experimenter
from uproot_aio.web.logins import LIFETIME_SECONDS

APP = """
from uproot_aio import *
class Talk(Page):
    @live
    def say(page, player, text: str):
        player.said = text
page_order = [Talk]
"""


async def frame_with(feed: aiohttp.ClientWebSocketResponse[Any], player: str, field: str) -> dict[str, Any]:
    """Return the first frame that tells of a player's field."""
    while True:
        frame: dict[str, Any] = json.loads(await feed.receive_str(timeout=5))
        for row in frame["rows"]:
            if row["player"] == player and field in row["cells"]:
                return frame


async def test_a_change_arrives_at_the_page(lab: OpenLab) -> None:
    async with experimenter(await lab(talk=APP)) as person:
        session = await person.lab.session("talk")
        player = await person.lab.player(session)
        name = session.state.members("player")[0]
        async with person.feed(session.id, session.state.number) as feed:
            first = json.loads(await feed.receive_str(timeout=5))
            await player.invoke("say", "hello")
            frame = await frame_with(feed, name, "said")

    assert first["presence"] == {name: True}
    assert first["rows"] == []
    assert frame["rows"] == [
        {
            "player": name,
            "stage": "playing",
            "app": "talk",
            "page": "Talk",
            "step": 1,
            "steps": 1,
            "changed": session.state.time,
            "cells": {"said": "hello"},
        }
    ]
    assert (frame["type"], frame["after"], frame["number"]) == (
        "update",
        first["number"],
        session.state.number,
    )


async def test_a_page_that_comes_back_gets_what_it_missed(lab: OpenLab) -> None:
    async with experimenter(await lab(talk=APP)) as person:
        session = await person.lab.session("talk")
        player = await person.lab.player(session)
        async with person.feed(session.id, session.state.number) as feed:
            last = json.loads(await feed.receive_str(timeout=5))["number"]
        await player.invoke("say", "meanwhile")
        async with person.feed(session.id, last) as feed:
            frame = json.loads(await feed.receive_str(timeout=5))

    assert frame["after"] == last
    assert frame["rows"][0]["cells"] == {"said": "meanwhile"}


async def test_a_number_that_cannot_be_reloads_the_page(lab: OpenLab) -> None:
    async with experimenter(await lab(talk=APP)) as person:
        session = await person.lab.session("talk")
        async with person.feed(session.id, 999) as feed:
            frame = json.loads(await feed.receive_str(timeout=5))

    assert frame == {"type": "reload"}


async def test_logging_out_closes_the_feed(lab: OpenLab) -> None:
    async with experimenter(await lab(talk=APP)) as person:
        session = await person.lab.session("talk")
        async with person.feed(session.id, session.state.number) as feed:
            await feed.receive_str(timeout=5)
            await person.post("admin/logout/")
            await feed.receive(timeout=5)
            code = feed.close_code

    assert code == 4401
    assert session.broadcast.watchers == []


async def test_an_expired_login_gets_no_news(lab: OpenLab) -> None:
    clock = SetClock()
    async with experimenter(await lab({"clock": clock}, talk=APP)) as person:
        session = await person.lab.session("talk")
        player = await person.lab.player(session)
        async with person.feed(session.id, session.state.number) as feed:
            await feed.receive_str(timeout=5)
            clock.now += LIFETIME_SECONDS
            await player.invoke("say", "too late")
            message = await feed.receive(timeout=5)
            code = feed.close_code

    assert message.type is not aiohttp.WSMsgType.TEXT
    assert code == 4401


async def test_an_unknown_session_closes_with_4404(lab: OpenLab) -> None:
    async with experimenter(await lab(talk=APP)) as person, person.feed("none", 0) as feed:
        await feed.receive(timeout=5)

        assert feed.close_code == 4404


async def test_a_page_that_is_left_is_forgotten(lab: OpenLab) -> None:
    async with experimenter(await lab(talk=APP)) as person:
        session = await person.lab.session("talk")
        player = await person.lab.player(session)
        async with person.feed(session.id, session.state.number) as feed:
            await feed.receive_str(timeout=5)
            watched = len(session.broadcast.watchers)
        while session.broadcast.watchers:
            await player.ping()

    assert watched == 1
