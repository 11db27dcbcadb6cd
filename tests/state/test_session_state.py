"""A state is the replay of its commits, whether it starts from nothing or from a snapshot."""

from __future__ import annotations

import pytest

from uproot_aio.errors import LogGap
from uproot_aio.state import values
from uproot_aio.state.commit import CallId, CallRecord, Change, Commit, Returned
from uproot_aio.state.identifiers import SESSION, OwnerId, PlayerId, SessionId, player_owner
from uproot_aio.state.session_state import PLACE_BITS, SessionState, replay

S = SessionId("s")
P = player_owner("p")
CALL = CallId(PlayerId("p"), "a" * 32, 1)


def commit(number: int, *changes: Change, answer: CallRecord | None = None) -> Commit:
    return Commit(S, number, 1000.0 + number, "live", "p", changes, (), answer)


def change(field: str, value: object, owner: OwnerId = P) -> Change:
    return Change(owner, field, values.encode(value), "app.f:1")


def deletion(field: str) -> Change:
    return Change(P, field, None, "app.f:2")


COMMITS = [
    commit(1, change("open", True, SESSION), change("x", 1), change("y", [1])),
    commit(2, change("x", 2), deletion("y"), answer=CallRecord(CALL, 1, Returned(b"2"))),
    commit(3, change("z", {"k": {1, 2}}), change("x", 3), change("x", 4)),
    commit(4, change("y", "back"), change("n", None, OwnerId("group/g"))),
]


def test_a_field_has_the_value_of_its_last_change() -> None:
    state = replay(S, None, COMMITS)

    assert {name: field.read() for name, field in state.fields(P)} == {
        "x": 4,
        "y": "back",
        "z": {"k": {1, 2}},
    }


def test_a_deleted_field_has_no_value() -> None:
    state = replay(S, None, COMMITS[:2])

    assert state.get(P, "y", "none") == "none"
    assert state.field(P, "y") is None
    assert [name for name, _ in state.fields(P)] == ["x"]


def test_a_field_that_is_none_has_a_value() -> None:
    state = replay(S, None, COMMITS)

    assert state.get(OwnerId("group/g"), "n", "default") is None


@pytest.mark.parametrize("number", [0, 1, 3, 99])
def test_a_commit_that_is_not_the_next_is_refused_and_changes_nothing(number: int) -> None:
    state = replay(S, None, COMMITS[:1])
    before = state.snapshot()
    state = SessionState.restore(before)

    with pytest.raises(LogGap):
        state.apply(commit(number, change("x", 99)))

    assert state.snapshot() == before


def test_the_state_hands_out_copies() -> None:
    state = replay(S, None, COMMITS[:1])

    value = state.get(P, "y")
    assert isinstance(value, list)
    value.append(2)

    assert state.get(P, "y") == [1]


def test_each_value_of_a_field_has_its_place_in_the_log() -> None:
    state = replay(S, None, COMMITS)

    field = state.field(P, "x")

    assert field is not None
    places = [(place >> PLACE_BITS, place & (1 << PLACE_BITS) - 1) for place in field.places]
    assert places == [(1, 1), (2, 0), (3, 1), (3, 2)]
    assert [COMMITS[number - 1].changes[index].blob for number, index in places] == [
        values.encode(value) for value in (1, 2, 3, 4)
    ]


def test_members_stand_in_the_order_in_which_they_were_made() -> None:
    names = ["zoe", "ann", "mia"]

    state = replay(
        S, None, [commit(1, *(change("id", index, player_owner(n)) for index, n in enumerate(names)))]
    )

    assert list(state.members("player")) == names
    assert [state.has_player(name) for name in (*names, "bob")] == [True, True, True, False]


@pytest.mark.parametrize("upto", range(len(COMMITS) + 1))
def test_a_snapshot_and_the_commits_after_it_give_the_same_state(upto: int) -> None:
    whole = replay(S, None, COMMITS)

    state = replay(S, replay(S, None, COMMITS[:upto]).snapshot(), COMMITS[upto:])

    assert state.snapshot() == whole.snapshot()
    assert state.answer_to(CALL) == Returned(b"2")
    assert list(state.members("player")) == list(whole.members("player"))


def test_a_snapshot_does_not_change_with_the_state_that_it_was_taken_of() -> None:
    state = replay(S, None, COMMITS[:3])
    snapshot = state.snapshot()
    before = replay(S, None, COMMITS[:3]).snapshot()

    state.apply(COMMITS[3])
    state.apply(commit(5, answer=CallRecord(CallId(PlayerId("p"), "a" * 32, 2), 2, Returned(b"3"))))

    assert snapshot == before
