"""Identifiers are small frozen values that name players, sessions, groups and models."""

from __future__ import annotations

import dataclasses

import pytest

from uproot_aio.state.identifiers import (
    GroupIdentifier,
    ModelIdentifier,
    PlayerId,
    PlayerIdentifier,
    SessionIdentifier,
    check_name,
    player_owner,
)

MEMBERS = [PlayerIdentifier, GroupIdentifier, ModelIdentifier]
Member = type[PlayerIdentifier] | type[GroupIdentifier] | type[ModelIdentifier]


def test_a_session_identifier_is_the_sessions_name() -> None:
    identifier = SessionIdentifier("pilot-1")

    assert identifier == "pilot-1"
    assert {"pilot-1": 1}[identifier] == 1
    assert identifier.sname == "pilot-1"
    assert repr(identifier) == "SessionIdentifier(sname='pilot-1')"


@pytest.mark.parametrize("kind", MEMBERS)
def test_an_identifier_gives_its_parts_and_as_text_the_last(kind: Member) -> None:
    identifier = kind("pilot", "ann")

    assert tuple(identifier) == ("pilot", "ann")
    assert str(identifier) == "ann"


@pytest.mark.parametrize("kind", MEMBERS)
def test_identifiers_are_equal_ordered_and_hashed_by_their_parts(kind: Member) -> None:
    identifiers = [kind("pilot", "b"), kind("pilot", "a"), kind("main", "c"), kind("pilot", "a")]

    assert sorted(set(identifiers), key=tuple) == [kind("main", "c"), kind("pilot", "a"), kind("pilot", "b")]


def test_identifiers_of_different_things_are_never_equal() -> None:
    assert len({kind("pilot", "a") for kind in MEMBERS}) == 3


@pytest.mark.parametrize("kind", MEMBERS)
def test_an_identifier_cannot_be_changed(kind: Member) -> None:
    identifier = kind("pilot", "ann")

    with pytest.raises(dataclasses.FrozenInstanceError):
        identifier.sname = "other"  # type: ignore[misc]  # what is tried here


@pytest.mark.parametrize("name", ["a", "A.b_c-9", "x" * 128, "..."])
def test_letters_digits_dots_underscores_and_hyphens_make_a_name(name: str) -> None:
    assert check_name("session", name) == name


@pytest.mark.parametrize("name", ["", ".", "..", "a b", "a/b", "é", "a\n", "a\0", "x" * 129, "٣", 5, None])
def test_anything_else_is_refused_with_what_to_use(name: str) -> None:
    with pytest.raises(ValueError, match=r"cannot be the name of a session\. Use 1 to 128 letters, digits"):
        SessionIdentifier(name)


@pytest.mark.parametrize(("kind", "noun"), [*zip(MEMBERS, ["player", "group", "model"], strict=True)])
def test_both_parts_of_an_identifier_are_checked(kind: Member, noun: str) -> None:
    with pytest.raises(ValueError, match=r"'a b' cannot be the name of a session"):
        kind("a b", "x")
    with pytest.raises(ValueError, match=rf"'a b' cannot be the name of a {noun}"):
        kind("x", "a b")


def test_the_fields_of_a_player_are_kept_under_the_players_name() -> None:
    assert player_owner(PlayerId("ann")) == "player/ann"
