"""Handles are names: attributes read and write the one current value, inside a unit of work only."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from uproot_aio.errors import AuthorError, NoOpenUnit
from uproot_aio.experiment import seats
from uproot_aio.experiment.handles import RESERVED, Group, Player, Session, state_of
from uproot_aio.state.commit import Commit
from uproot_aio.state.identifiers import (
    GroupIdentifier,
    OwnerId,
    PlayerIdentifier,
    SessionId,
    SessionIdentifier,
)
from uproot_aio.state.session_state import SessionState
from uproot_aio.state.unit_of_work import UnitOfWork, current_unit


class Stage:
    """A session of two players, with or without an open unit of work."""

    def __init__(self) -> None:
        self.state = SessionState(SessionId("s"))
        self.begin()
        unit = current_unit.get()
        assert unit is not None
        seats.make_session(unit, "app", ["app"], {"rounds": 3, "nested": {"a": 1}}, {})
        for index, name in enumerate(["ann", "bob"]):
            seats.make_player(unit, name, index, "app", key=UUID(int=index))
        self.end()

    def begin(self) -> None:
        current_unit.set(UnitOfWork(self.state, "live", "ann"))

    def end(self) -> Commit | None:
        unit = current_unit.get()
        assert unit is not None
        current_unit.set(None)
        return unit.seal(1.0)


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    token = state_of.set(lambda session: stage.state)
    yield stage
    current_unit.set(None)
    state_of.reset(token)


@pytest.fixture
def ann(stage: Stage) -> Any:
    """Return a player inside of a unit of work."""
    stage.begin()
    return Player("s", "ann")


def test_an_attribute_is_a_field(ann: Any) -> None:
    ann.score = 3

    assert (ann.score, ann.get("score"), Player("s", "ann").score) == (3, 3, 3)


def test_an_assignment_knows_the_line_that_made_it(stage: Stage, ann: Any) -> None:
    ann.score = 3

    commit = stage.end()

    assert commit is not None
    module, line = commit.changes[0].line.split(":")
    assert module == f"{__name__}.test_an_assignment_knows_the_line_that_made_it"
    assert line.isdigit()


def test_outside_of_a_unit_reads_see_the_last_commit(stage: Stage, ann: Any) -> None:
    ann.score = 3
    stage.end()

    assert ann.score == 3


def test_outside_of_a_unit_a_value_is_just_a_copy(stage: Stage, ann: Any) -> None:
    ann.items = [1]
    stage.end()

    ann.items.append(2)

    assert ann.items == [1]


def test_outside_of_a_unit_writing_is_refused_and_says_what_to_do(stage: Stage) -> None:
    ann = Player("s", "ann")

    with pytest.raises(NoOpenUnit, match="Write in a hook, a live method"):
        ann.score = 3
    with pytest.raises(NoOpenUnit):
        del ann.id


def test_a_field_that_is_not_there_is_an_attribute_error_with_the_nearest_name(ann: Any) -> None:
    ann.score = 1

    with pytest.raises(AttributeError, match=r'has no field "scroe"\. Did you mean "score"'):
        _ = ann.scroe
    with pytest.raises(
        AttributeError, match=r"^player ann has no .* Assign it first, .* new_player\(player\)"
    ):
        _ = ann.something_else_entirely
    with pytest.raises(
        AttributeError, match=r"^session s has no .* Assign it first, .* new_session\(session\)"
    ):
        _ = ann.session.total
    assert not hasattr(ann, "scroe")
    assert ann.get("scroe", 7) == 7


def test_a_deleted_field_is_not_there(ann: Any) -> None:
    ann.score = 1

    del ann.score

    assert not hasattr(ann, "score")
    with pytest.raises(AttributeError):
        del ann.score


def test_augmented_assignment_and_changes_in_place_work_as_in_python(stage: Stage, ann: Any) -> None:
    ann.score, ann.items, ann.seen = 1, [1], {"a": {1}}

    ann.score += 2
    ann.items += [2]
    ann.items.append(3)
    ann.seen["a"].add(2)
    stage.end()

    assert (ann.score, ann.items, ann.seen) == (3, [1, 2, 3], {"a": {1, 2}})


@pytest.mark.parametrize("name", [*sorted(RESERVED), "__dict__", "__class__", "__x__"])
def test_names_of_the_framework_cannot_be_assigned(ann: Any, name: str) -> None:
    with pytest.raises(AttributeError, match="cannot be assigned"):
        setattr(ann, name, 1)


@pytest.mark.parametrize("name", ["", "a b", "1a", "a.b", "a-b"])
def test_what_is_no_name_cannot_be_assigned(ann: Any, name: str) -> None:
    with pytest.raises(ValueError, match="cannot be a field name"):
        setattr(ann, name, 1)


def test_a_keyword_and_a_name_in_any_script_may_be_a_field(ann: Any) -> None:
    for name in ("class", "größe", "名前"):
        setattr(ann, name, name)

    assert [getattr(ann, name) for name in ("class", "größe", "名前")] == ["class", "größe", "名前"]


def test_a_player_of_another_session_cannot_be_written(ann: Any) -> None:
    with pytest.raises(AuthorError, match="another session"):
        Player("other", "bob").score = 1


def test_a_player_who_does_not_exist_cannot_be_written(ann: Any) -> None:
    with pytest.raises(AuthorError, match="has no player nobody"):
        Player("s", "nobody").score = 1


def test_players_know_their_session_and_the_others(ann: Any) -> None:
    assert ann.session == Session("s")
    assert [player.name for player in ann.session.players] == ["ann", "bob"]
    assert ann.others_in_session == (Player("s", "bob"),)
    assert ann.session.player("bob") == ann.session.player(PlayerIdentifier("s", "bob"))


def test_a_player_without_a_group_has_none(ann: Any) -> None:
    before = ann.group

    ann._uproot_group = GroupIdentifier("s", "g1")

    assert (before, ann.group) == (None, Group("s", "g1"))
    assert ann.group.session == ann.session


def test_groups_have_fields_too(stage: Stage, ann: Any) -> None:
    unit = current_unit.get()
    assert unit is not None
    unit.create(OwnerId("group/g1"))

    Group("s", "g1").pot = 5
    stage.end()

    assert Group("s", "g1").pot == 5


def test_settings_are_attributes_and_cannot_be_changed(ann: Any) -> None:
    settings = ann.session.settings

    assert (settings.rounds, settings["nested"]) == (3, {"a": 1})
    with pytest.raises(AttributeError, match="There are: rounds, nested"):
        _ = settings.round
    with pytest.raises(TypeError, match="cannot be changed"):
        settings.rounds = 4
    for change in (settings.update, settings.pop, settings.clear, settings.setdefault, settings.popitem):
        with pytest.raises(TypeError, match="cannot be changed"):
            change()
    with pytest.raises(TypeError):
        settings |= {"rounds": 4}
    assert ann.session.settings.rounds == 3


def test_two_handles_of_one_player_are_equal_and_hash_alike(stage: Stage) -> None:
    assert Player("s", "ann") == Player("s", "ann")
    assert Player("s", "ann") != Player("s", "bob")
    assert Player("s", "s") != Group("s", "s")
    assert len({Player("s", "ann"), Player("s", "ann"), Player("s", "bob")}) == 2


def test_handles_have_identifiers_that_may_be_stored(ann: Any) -> None:
    ann.partner = Player("s", "bob").pid
    ann.where = ann.session.sid

    assert ann.partner == PlayerIdentifier("s", "bob")
    assert ann.session.player(ann.partner) == Player("s", "bob")
    assert ann.where == SessionIdentifier("s")


def test_a_handle_itself_cannot_be_stored_and_says_what_can(ann: Any) -> None:
    with pytest.raises(TypeError, match=r"Store player\.pid instead"):
        ann.partner = Player("s", "bob")


def test_with_is_accepted_and_swallows_nothing(ann: Any) -> None:
    with ann as same:
        same.score = 1

    assert ann.score == 1
    with pytest.raises(ZeroDivisionError), ann:
        _ = 1 // 0


def test_refresh_and_flush_of_older_apps_do_nothing(stage: Stage, ann: Any) -> None:
    ann.refresh("x")
    ann.flush()

    assert stage.end() is None


def test_python_may_look_for_protocols_on_a_handle(ann: Any) -> None:
    assert not hasattr(ann, "__len__")
    assert not hasattr(ann, "__html__")
    assert repr(ann) == "Player(*('s', 'ann'))"


def test_get_does_not_return_methods(ann: Any) -> None:
    assert [ann.get(name) for name in ("get", "fields", "refresh", "flush")] == [None] * 4


def test_a_handle_in_a_thread_of_its_own_says_what_to_do(stage: Stage) -> None:
    errors: list[NoOpenUnit] = []

    def read() -> None:
        with pytest.raises(NoOpenUnit, match="hand it over") as caught:
            _ = Player("s", "ann").id
        errors.append(caught.value)

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()

    assert errors


def test_a_copied_handle_names_the_same_player(ann: Any) -> None:
    for handle in (ann, ann.session, Group("s", "g")):
        assert copy.copy(handle) == copy.deepcopy([handle])[0] == handle
