"""notify() and its kin put a notice into the open unit of work, for the right players."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest

from uproot_aio.errors import AuthorError, NoOpenUnit, UnencodableAnswer
from uproot_aio.experiment import seats
from uproot_aio.experiment.handles import Player, Session
from uproot_aio.experiment.notify import RECEIVED, RELOAD, notify, reload, send_to, send_to_one
from uproot_aio.state.commit import Notice
from uproot_aio.state.identifiers import PlayerId, PlayerIdentifier, SessionId
from uproot_aio.state.session_state import SessionState
from uproot_aio.state.unit_of_work import UnitOfWork, current_unit

ANN, BOB, EVE = (Player("s", name) for name in ("ann", "bob", "eve"))


def names(*players: Player) -> tuple[PlayerId, ...]:
    return tuple(PlayerId(player.name) for player in players)


@pytest.fixture
def unit() -> Iterator[UnitOfWork]:
    """Open a unit in a session where ann and bob are on page 2, and eve on page 5."""
    unit = UnitOfWork(SessionState(SessionId("s")), "live", "ann")
    token = current_unit.set(unit)
    seats.make_session(unit, "app", ["app"], {}, {})
    for index, name in enumerate(["ann", "bob", "eve"]):
        seats.make_player(unit, name, index, "app", key=UUID(int=index))
    for player, position in ((ANN, 2), (BOB, 2), (EVE, 5)):
        player.show_page = position
    yield unit
    current_unit.reset(token)


def sent(unit: UnitOfWork) -> list[Notice]:
    commit = unit.seal(1.0)
    assert commit is not None
    return list(commit.notices)


def test_send_to_one_reaches_one_player_wherever_they_are(unit: UnitOfWork) -> None:
    send_to_one(EVE, {"price": Decimal("1.50")})

    assert sent(unit) == [Notice(names(EVE), RECEIVED, None, b'{"price":1.50}')]


@pytest.mark.parametrize(
    ("recipients", "expected"),
    [
        (ANN, (ANN,)),
        (ANN.pid, (ANN,)),
        ([EVE, ANN], (EVE, ANN)),
        ((BOB.pid, ANN), (BOB, ANN)),
        ([ANN, ANN.pid, ANN], (ANN,)),
        ((player for player in (ANN, BOB)), (ANN, BOB)),
    ],
    ids=["player", "identifier", "list", "mixed", "repeated", "generator"],
)
def test_send_to_takes_players_and_identifiers_one_or_several(
    unit: UnitOfWork, recipients: Any, expected: tuple[Player, ...]
) -> None:
    send_to(recipients, 1, event="Offer")

    assert sent(unit) == [Notice(names(*expected), "Offer", None, b"1")]


def test_send_to_all_players_of_the_session(unit: UnitOfWork) -> None:
    send_to(Session("s").players, None)

    assert sent(unit)[0].recipients == names(ANN, BOB, EVE)


def test_notify_reaches_those_who_are_on_the_senders_page(unit: UnitOfWork) -> None:
    notify(ANN, [ANN, BOB, EVE], "hi")

    assert sent(unit) == [Notice(names(ANN, BOB), RECEIVED, 2, b'"hi"')]


def test_notify_everywhere_reaches_all(unit: UnitOfWork) -> None:
    notify(ANN, [BOB, EVE], "hi", where=...)

    assert sent(unit) == [Notice(names(BOB, EVE), RECEIVED, None, b'"hi"')]


@pytest.mark.parametrize("where", [5, 6])
def test_a_position_chooses_who_is_on_it(unit: UnitOfWork, where: int) -> None:
    notify(ANN, [BOB, EVE], "hi", where=where)
    send_to([ANN, BOB, EVE], "ho", where=where)
    send_to(ANN, "always")

    notices = [(notice.recipients, notice.where) for notice in sent(unit)]
    assert notices == [*([(names(EVE), 5)] * 2 if where == 5 else []), (names(ANN), None)]


def test_reload_tells_the_players_pages_to_load_again(unit: UnitOfWork) -> None:
    reload(EVE)

    assert sent(unit) == [Notice(names(EVE), RELOAD, None, b"null")]


def test_to_nobody_nothing_is_sent(unit: UnitOfWork) -> None:
    before = unit.is_dirty, len(unit.state.members("player"))

    send_to([], 1)
    notify(ANN, [EVE], 1)

    assert before == (True, 0)
    assert sent(unit) == []


def test_notices_keep_their_order_and_the_value_of_the_moment(unit: UnitOfWork) -> None:
    offers = [1]
    send_to(ANN, offers)
    offers.append(2)
    send_to(ANN, offers)

    assert [notice.data for notice in sent(unit)] == [b"[1]", b"[1,2]"]


def test_an_undone_unit_sends_nothing(unit: UnitOfWork) -> None:
    send_to(ANN, 1)

    unit.undo()

    assert not unit.is_dirty


def test_data_that_json_cannot_say_is_refused_even_if_nobody_would_get_it(unit: UnitOfWork) -> None:
    with pytest.raises(UnencodableAnswer, match='the data of event "Offer"'):
        send_to([], object(), event="Offer")


@pytest.mark.parametrize("recipient", ["ann", 3, None, ["ann"], [None], object()], ids=repr)
def test_what_is_no_player_is_refused(unit: UnitOfWork, recipient: Any) -> None:
    with pytest.raises(TypeError, match=r"no players?\."):
        send_to(recipient, 1)


def test_a_player_who_does_not_exist_is_refused(unit: UnitOfWork) -> None:
    with pytest.raises(AuthorError, match="does not exist"):
        send_to(PlayerIdentifier("s", "nobody"), 1)


def test_a_player_of_another_session_is_refused(unit: UnitOfWork) -> None:
    with pytest.raises(AuthorError, match="in another session"):
        send_to(Player("other", "ann"), 1)


@pytest.mark.parametrize("event", ["", None, 3, "\ud800"])
def test_what_is_no_event_name_is_refused(unit: UnitOfWork, event: Any) -> None:
    with pytest.raises(ValueError, match="is no event name"):
        send_to(ANN, 1, event=event)


def test_an_event_name_of_a_subclass_of_str_is_sent_as_plain_text(unit: UnitOfWork) -> None:
    class Events(StrEnum):
        OFFER = "Offer"

    class Loud(str):
        __slots__ = ()

    send_to(ANN, 1, event=Events.OFFER)
    send_to(ANN, 1, event=Loud("loud"))

    assert [(type(notice.event), notice.event) for notice in sent(unit)] == [(str, "Offer"), (str, "loud")]


@pytest.mark.parametrize("where", [True, 1.0, "2", ANN], ids=repr)
def test_what_is_no_position_is_refused(unit: UnitOfWork, where: Any) -> None:
    with pytest.raises(ValueError, match="is no position"):
        send_to(ANN, 1, where=where)


def test_sending_where_nothing_collects_it_is_refused() -> None:
    with pytest.raises(NoOpenUnit, match="Send in a hook, a live method"):
        send_to(ANN, 1)
