"""A unit of work collects what one stretch of code does, and becomes one commit or nothing."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from uproot_aio.errors import AuthorError, ConflictingChange, NoOpenUnit, Unstorable
from uproot_aio.state import values
from uproot_aio.state.commit import CallId, CallRecord, Commit, Notice, Returned
from uproot_aio.state.identifiers import PlayerId, SessionId, player_owner
from uproot_aio.state.session_state import SessionState, replay
from uproot_aio.state.unit_of_work import MISSING, Copies, UnitOfWork

P = player_owner("p")
NOTICE = Notice((PlayerId("p"),), "hello", None, b"1")
ANSWER = CallRecord(CallId(PlayerId("p"), "a" * 32, 1), 1, Returned(b"1"))


class Store:
    """A state, and the log that it must equal."""

    def __init__(self, **fields: object) -> None:
        self.state = SessionState(SessionId("s"))
        self.commits: list[Commit] = []
        unit = self.unit()
        unit.create(P)
        unit.write(P, "id", 0, "")
        for name, value in fields.items():
            unit.write(P, name, value, "")
        self.seal(unit)

    def unit(self, copies: Copies | None = None) -> UnitOfWork:
        return UnitOfWork(self.state, "live", "p", copies)

    def seal(
        self, unit: UnitOfWork, answer: CallRecord | None = None, *, alone: bool = True
    ) -> Commit | None:
        commit = unit.seal(1000.0, answer, alone=alone)
        if commit is not None:
            self.commits.append(commit)
        assert replay(self.state.session, None, self.commits).snapshot() == self.state.snapshot()
        return commit

    def write(self, name: str, value: object) -> None:
        unit = self.unit()
        unit.write(P, name, value, "")
        self.seal(unit)

    def get(self, name: str) -> Any:
        return self.state.get(P, name, MISSING)


def changed_fields(commit: Commit | None) -> list[tuple[str, object]]:
    assert commit is not None
    return [
        (change.field, MISSING if change.blob is None else values.decode(change.blob))
        for change in commit.changes
    ]


def test_a_unit_sees_its_own_writes_and_the_state_does_not() -> None:
    store = Store(x=1)
    unit = store.unit()

    unit.write(P, "x", 2, "")

    assert (unit.read(P, "x"), store.get("x")) == (2, 1)


def test_a_sealed_unit_is_one_commit_of_all_that_it_did() -> None:
    store = Store(x=1)
    unit = store.unit()
    unit.write(P, "x", 2, "app.f:3")
    unit.notify(NOTICE)

    commit = store.seal(unit, ANSWER)

    assert commit is not None
    assert (commit.number, commit.cause, commit.who) == (2, "live", "p")
    assert [(change.field, change.line) for change in commit.changes] == [("x", "app.f:3")]
    assert (commit.notices, commit.answer) == ((NOTICE,), ANSWER)
    assert store.get("x") == 2


def test_every_assignment_is_kept_in_its_order() -> None:
    store = Store()
    unit = store.unit()
    for value in (1, 1, 2):
        unit.write(P, "x", value, "")

    commit = store.seal(unit)

    assert changed_fields(commit) == [("x", 1), ("x", 1), ("x", 2)]


def test_an_undone_unit_leaves_no_trace() -> None:
    store = Store(x=1, items=[1])
    before = store.state.snapshot()
    unit = store.unit()
    unit.write(P, "x", 2, "")
    unit.create(player_owner("new"))
    unit.notify(NOTICE)
    items: Any = unit.read(P, "items")
    items.append(2)

    unit.undo()

    assert store.state.snapshot() == before
    assert store.get("items") == [1]


def test_a_unit_that_did_nothing_makes_no_commit() -> None:
    store = Store(items=[1])
    unit = store.unit()
    unit.read(P, "items")

    assert store.seal(unit) is None


def test_a_unit_with_only_an_answer_is_kept_if_the_answer_counts_alone() -> None:
    store = Store()

    assert store.seal(store.unit(), ANSWER, alone=False) is None
    assert store.seal(store.unit(), ANSWER) is not None


def test_a_deleted_field_is_missing_and_may_be_written_again() -> None:
    store = Store(x=1)
    unit = store.unit()

    assert unit.delete(P, "x", "")
    assert unit.read(P, "x") is MISSING
    assert not unit.delete(P, "x", "")
    unit.write(P, "x", 3, "")

    assert changed_fields(store.seal(unit)) == [("x", MISSING), ("x", 3)]


def test_field_names_count_what_the_unit_wrote_and_deleted() -> None:
    store = Store(x=1, y=2)
    unit = store.unit()
    unit.write(P, "z", 3, "")
    unit.delete(P, "x", "")

    assert unit.field_names(P) == ["id", "y", "z"]


def test_a_value_that_cannot_be_stored_raises_where_it_is_assigned_and_names_field_and_type() -> None:
    unit = Store().unit()

    with pytest.raises(Unstorable, match=r'Field "offers" of player p: value\[0\] is .*object'):
        unit.write(P, "offers", [object()], "")


def test_a_value_that_cannot_be_stored_leaves_the_field_as_it_was() -> None:
    store = Store(x=1)
    unit = store.unit()

    with pytest.raises(Unstorable):
        unit.write(P, "x", object(), "")

    assert unit.read(P, "x") == 1
    assert store.seal(unit) is None


def test_writing_to_an_owner_that_does_not_exist_is_refused() -> None:
    unit = Store().unit()

    with pytest.raises(AuthorError, match="has no player nobody"):
        unit.write(player_owner("nobody"), "x", 1, "")


def test_what_was_made_in_the_unit_may_be_written_and_is_listed() -> None:
    store = Store()
    unit = store.unit()

    unit.create(player_owner("new"))
    unit.write(player_owner("new"), "id", 1, "")

    assert unit.members("player") == ["p", "new"]
    store.seal(unit)
    assert list(store.state.members("player")) == ["p", "new"]


@pytest.mark.parametrize(
    ("value", "change", "result"),
    [
        ([1], lambda value: value.append(2), [1, 2]),
        ({"a": [1]}, lambda value: value["a"].append(2), {"a": [1, 2]}),
        ({1}, lambda value: value.add(2), {1, 2}),
        (([1], 2), lambda value: value[0].append(3), ([1, 3], 2)),
        (bytearray(b"a"), lambda value: value.extend(b"b"), bytearray(b"ab")),
        ({"a": 1, "b": 2}, lambda value: value.update(a=value.pop("a")), {"b": 2, "a": 1}),
    ],
)
def test_a_change_in_place_is_recorded(value: object, change: Any, result: object) -> None:
    store = Store(x=value)
    unit = store.unit()

    change(unit.read(P, "x", "app.f:9"))
    commit = store.seal(unit)

    assert changed_fields(commit) == [("x", result)]
    assert commit is not None
    assert commit.changes[0].line == "app.f:9"


def test_a_change_in_place_that_was_taken_back_is_none() -> None:
    store = Store(x={3, 1, 2})
    unit = store.unit()
    value: Any = unit.read(P, "x")

    value.discard(1)
    value.add(1)

    assert store.seal(unit) is None


def test_a_change_in_place_after_an_assignment_is_a_change_of_its_own() -> None:
    store = Store()
    unit = store.unit()
    mine = [1]

    unit.write(P, "x", mine, "")
    mine.append(2)

    assert unit.read(P, "x") == [1, 2]
    assert changed_fields(store.seal(unit)) == [("x", [1]), ("x", [1, 2])]


def test_one_object_in_two_fields_changes_both() -> None:
    store = Store()
    unit = store.unit()
    mine = [1]
    unit.write(P, "x", mine, "")
    unit.write(P, "y", mine, "")

    mine.append(2)
    store.seal(unit)

    assert (store.get("x"), store.get("y")) == ([1, 2], [1, 2])


def test_an_object_whose_field_was_assigned_anew_is_the_authors_own() -> None:
    store = Store(x=[1])
    unit = store.unit()
    old: Any = unit.read(P, "x")

    unit.write(P, "x", [5], "")
    old.append(2)

    assert changed_fields(store.seal(unit)) == [("x", [5])]


def test_an_object_whose_field_was_deleted_is_the_authors_own() -> None:
    store = Store(x=[1])
    unit = store.unit()
    old: Any = unit.read(P, "x")

    unit.delete(P, "x", "")
    old.append(2)

    assert changed_fields(store.seal(unit)) == [("x", MISSING)]


def test_an_unstorable_part_put_into_a_value_raises_at_the_end_and_names_the_field() -> None:
    store = Store(x=[1])
    unit = store.unit()
    value: Any = unit.read(P, "x")
    value.append(object())

    with pytest.raises(Unstorable, match='Field "x" of player p'):
        unit.seal(1000.0)


def test_a_copy_stays_tracked_from_unit_to_unit_of_one_method() -> None:
    store, copies = Store(x=[1]), Copies()
    first = store.unit(copies)
    value: Any = first.read(P, "x")
    value.append(2)
    store.seal(first)

    value.append(3)
    commit = store.seal(store.unit(copies))

    assert changed_fields(commit) == [("x", [1, 2, 3])]


def test_an_assigned_object_stays_tracked_from_unit_to_unit_of_one_method() -> None:
    store, copies = Store(), Copies()
    first = store.unit(copies)
    mine = [1]
    first.write(P, "x", mine, "")
    store.seal(first)

    mine.append(2)

    assert changed_fields(store.seal(store.unit(copies))) == [("x", [1, 2])]


def test_changing_in_place_what_somebody_else_has_written_meanwhile_conflicts_and_names_the_field() -> None:
    store, copies = Store(x=[1]), Copies()
    value: Any = (first := store.unit(copies)).read(P, "x")
    store.seal(first)
    store.write("x", [7])

    value.append(2)

    with pytest.raises(ConflictingChange, match='Field "x" of player p was changed in place'):
        store.unit(copies).seal(1000.0)
    assert store.get("x") == [7]


def test_reading_again_after_somebody_else_wrote_gives_what_they_wrote() -> None:
    store, copies = Store(x=[1]), Copies()
    first = store.unit(copies)
    first.read(P, "x")
    store.seal(first)
    store.write("x", [7])

    second = store.unit(copies)
    value: Any = second.read(P, "x")
    value.append(8)

    assert changed_fields(store.seal(second)) == [("x", [7, 8])]


def test_a_value_that_was_only_read_never_conflicts() -> None:
    store, copies = Store(x=[1]), Copies()
    first = store.unit(copies)
    first.read(P, "x")
    store.seal(first)
    store.write("x", [7])

    assert store.seal(store.unit(copies)) is None


def test_an_instance_of_a_subclass_is_at_once_what_will_be_read_back_later() -> None:
    class Score(int):
        pass

    store = Store()
    unit = store.unit()

    unit.write(P, "x", Score(3), "")

    assert type(unit.read(P, "x")) is int


@pytest.mark.parametrize("ending", ["sealed", "undone"])
def test_a_write_after_the_end_is_refused(ending: str) -> None:
    unit = Store().unit()
    if ending == "sealed":
        unit.seal(1000.0)
    else:
        unit.undo()

    with pytest.raises(NoOpenUnit, match="after the step that it belongs to had ended"):
        unit.write(P, "x", 1, "")
    with pytest.raises(NoOpenUnit):
        unit.delete(P, "id", "")
    with pytest.raises(NoOpenUnit):
        unit.notify(NOTICE)


def test_a_read_after_the_end_is_a_copy_of_what_is_now() -> None:
    store, copies = Store(), Copies()
    unit = store.unit(copies)
    unit.write(P, "x", [1], "")
    store.seal(unit)
    store.write("x", [2])

    late: Any = unit.read(P, "x")
    late.append(3)

    assert late == [2, 3]
    assert store.seal(store.unit(copies)) is None


def test_a_write_from_another_thread_is_refused_and_says_what_to_do() -> None:
    unit = Store(x=1).unit()
    errors: list[BaseException] = []

    def write() -> None:
        with pytest.raises(NoOpenUnit, match="Return the result from the thread") as caught:
            unit.write(P, "x", 2, "")
        errors.append(caught.value)

    thread = threading.Thread(target=write)
    thread.start()
    thread.join()

    assert errors
    assert unit.read(P, "x") == 1


def test_a_step_with_more_changes_than_the_history_can_number_is_refused() -> None:
    unit = Store().unit()
    unit.write(P, "count", 1, "app.method:1")
    unit._changes *= 1 << 20

    with pytest.raises(AuthorError, match="1,048,576 changes"):
        unit.seal(0.0)
