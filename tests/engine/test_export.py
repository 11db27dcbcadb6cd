"""What downloads say of values, players and changes."""

from __future__ import annotations

import csv
import io
import json
import random
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import OpenLab
from uproot_aio.engine.export import CHUNK_BYTES, PlayersTable, change_chunks, csv_chunks, players_table
from uproot_aio.engine.export_values import csv_cell, export_json
from uproot_aio.state import values
from uproot_aio.state.commit import Change, Commit
from uproot_aio.state.identifiers import (
    SESSION,
    GroupIdentifier,
    OwnerId,
    PlayerId,
    PlayerIdentifier,
    SessionId,
    SessionIdentifier,
)
from uproot_aio.storage.memory_log import MemoryLog

S = SessionId("s1")
ALICE = PlayerIdentifier("s1", "alice")
ENCODINGS: list[tuple[Any, str, str]] = [
    (None, "null", ""),
    (True, "true", "TRUE"),
    (False, "false", "FALSE"),
    (7, "7", "7"),
    (0.1, "0.1", "0.1"),
    (3.0, "3.0", "3.0"),
    (1e-7, "1e-7", "1e-7"),
    (-0.0, "-0.0", "-0.0"),
    (float("nan"), '"NaN"', "NaN"),
    (float("-inf"), '"-Infinity"', "-Infinity"),
    (2**70, str(2**70), str(2**70)),
    ("é,\n", '"é,\\n"', "é,\n"),
    ("", '""', ""),
    (Decimal("1.10"), '"1.10"', "1.10"),
    (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), '"2026-01-02T03:04:05+00:00"', "2026-01-02T03:04:05+00:00"),
    (date(2026, 1, 2), '"2026-01-02"', "2026-01-02"),
    (time(3, 4, 5), '"03:04:05"', "03:04:05"),
    (timedelta(seconds=90), '"PT90S"', "PT90S"),
    (UUID(int=1), '"AAAAAAAAAAAAAAAAAAAAAQ=="', "AAAAAAAAAAAAAAAAAAAAAQ=="),
    (b"\x00\xff", '"AP8="', "AP8="),
    (bytearray(b"a"), '"YQ=="', "YQ=="),
    (1 + 2j, "[1.0,2.0]", "[1.0,2.0]"),
    ([1, "a"], '[1,"a"]', '[1,"a"]'),
    ((1, (2, 3)), "[1,[2,3]]", "[1,[2,3]]"),
    ({10, 9, 1}, "[1,10,9]", "[1,10,9]"),
    (frozenset({"b", "a"}), '["a","b"]', '["a","b"]'),
    ({"b": 1, "a": Decimal("2.0")}, '{"a":"2.0","b":1}', '{"a":"2.0","b":1}'),
    ({1: "a", None: "b"}, '{"1":"a","null":"b"}', '{"1":"a","null":"b"}'),
    ({1: "a", "1": "b"}, '[[1,"a"],["1","b"]]', '[[1,"a"],["1","b"]]'),
    (ALICE, '["s1","alice"]', '["s1","alice"]'),
    (GroupIdentifier("s1", "g"), '["s1","g"]', '["s1","g"]'),
    (SessionIdentifier("s1"), '"s1"', "s1"),
    ([ALICE], '[{"sname":"s1","uname":"alice"}]', '[{"sname":"s1","uname":"alice"}]'),
    ({"a": "\ud800"}, '{"a":"\\ud800"}', '{"a":"\\ud800"}'),
    ({"\ud800": 1}, '{"\\ud800":1}', '{"\\ud800":1}'),
]


@pytest.mark.parametrize(("value", "in_json", "in_csv"), ENCODINGS)
def test_every_type_that_can_be_stored_has_its_encoding(value: Any, in_json: str, in_csv: str) -> None:
    stored = values.decode(values.encode(value))

    assert export_json(stored).decode() == in_json
    assert csv_cell(stored) == in_csv


def test_a_random_generator_is_its_625_numbers() -> None:
    assert len(json.loads(export_json(random.Random(1)))) == 625


def test_an_integer_of_many_digits_is_exported_exactly() -> None:
    number = 10**6000 + 7

    assert export_json(number) == b"1" + b"0" * 5999 + b"7"


def rows_of(table: PlayersTable) -> list[list[str]]:
    text = b"".join(csv_chunks(table)).decode()
    return list(csv.reader(io.StringIO(text, newline="")))


def blobs(**fields: object) -> dict[str, bytes]:
    return {name: values.encode(value) for name, value in fields.items()}


def test_the_table_has_a_row_per_player_and_bookkeeping_last() -> None:
    table = PlayersTable(
        S,
        [
            (
                PlayerId("alice"),
                blobs(id=0, page_order=["a/P"], b="x", _uproot_key=UUID(int=1), _uproot_dropout=False),
            ),
            (PlayerId("bob"), blobs(id=1, a=None, _uproot_group=GroupIdentifier("s1", "g"))),
        ],
    )

    assert rows_of(table) == [
        ["session", "player", "id", "_uproot_dropout", "a", "b", "group", "page_order"],
        ["s1", "alice", "0", "FALSE", "", "x", "", '["a/P"]'],
        ["s1", "bob", "1", "", "", "", "group/s1/g", ""],
    ]


def test_cells_survive_quotes_commas_and_line_ends() -> None:
    nasty = 'a"b,c\r\nd\n<!--<script>\x00é'
    table = PlayersTable(S, [(PlayerId("alice"), blobs(id=0, text=nasty, half="\ud800"))])

    content = b"".join(csv_chunks(table))

    assert content.startswith(b"session,player,id,half,text\r\n")
    assert rows_of(table)[1][4] == nasty
    assert rows_of(table)[1][3] == "\\ud800"


def test_a_session_without_players_is_a_heading() -> None:
    assert b"".join(csv_chunks(PlayersTable(S, []))) == b"session,player,id\r\n"


def test_large_tables_come_in_pieces() -> None:
    table = PlayersTable(
        S, [(PlayerId(f"p{number}"), blobs(id=number, text="x" * 1000)) for number in range(500)]
    )

    pieces = list(csv_chunks(table))

    assert len(pieces) > 5
    assert max(map(len, pieces)) < CHUNK_BYTES + 2000


def test_every_change_is_a_line() -> None:
    log = MemoryLog()
    owner = OwnerId("player/alice")
    log.append(
        [
            Commit(
                S,
                1,
                10.5,
                "experimenter",
                "create",
                (Change(SESSION, "config", values.encode("app"), "m.f:1"),),
            ),
            Commit(
                S,
                2,
                11.0,
                "live",
                "alice",
                (
                    Change(owner, "x", values.encode(Decimal("1.10")), "app.P.m:7"),
                    Change(owner, "x", None, "app.P.m:8"),
                ),
            ),
            Commit(S, 3, 12.0, "live", "alice", (Change(owner, "late", values.encode(1), ""),)),
        ]
    )

    lines = [json.loads(line) for line in b"".join(change_chunks(log, S, 2)).splitlines()]

    common = {"session": "s1", "kind": "player", "name": "alice", "field": "x"}
    assert lines[0]["kind"] == "session"
    assert lines[0]["name"] == ""
    assert lines[1:] == [
        common
        | {"time": 11.0, "value": "1.10", "unavailable": False, "line": "app.P.m:7", "commit": 2, "index": 0}
        | {"cause": "live", "who": "alice"},
        common
        | {"time": 11.0, "value": None, "unavailable": True, "line": "app.P.m:8", "commit": 2, "index": 1}
        | {"cause": "live", "who": "alice"},
    ]


def test_the_log_is_read_only_as_far_as_it_is_sent() -> None:
    read: list[int] = []

    class CountingLog(MemoryLog):
        def read(self, session: SessionId, after: int = 0) -> Any:
            for commit in super().read(session, after):
                read.append(commit.number)
                yield commit

    log = CountingLog()
    changes = (Change(SESSION, "x", values.encode("x" * 1000), ""),)
    log.append([Commit(S, number, 0.0, "background", "", changes) for number in range(1, 1001)])
    chunks = change_chunks(log, S, 1000)

    first = next(chunks)

    assert len(read) < 100
    assert len(list(chain([first], chunks))) > 10


async def test_the_table_waits_until_what_it_tells_of_is_on_disk(lab: OpenLab) -> None:
    log = MemoryLog()
    server = await lab({"log": log}, app=APP)
    session = await server.session("app")
    player = await server.player(session)
    log.may_append.clear()
    call = player.send("set", 5)
    while server.value(session, "x") != 5:
        await player.ping()
    durable = session.durable

    table = players_table(session)
    log.may_append.set()
    rows = rows_of(await table)

    assert session.durable > durable
    assert dict(zip(*rows, strict=True))["x"] == "5"
    await call


APP = """
from uproot_aio import *
class P(Page):
    @live
    def set(page, player, x: int):
        player.x = x
page_order = [P]
"""
