"""What a player's calls were answered is kept as long as the browser may ask, and never runs again after."""

from __future__ import annotations

import msgspec

from uproot_aio.state.calls import INTERRUPTED, KEPT_ANSWERS, KEPT_BYTES, KEPT_LOADS, PlayerCalls
from uproot_aio.state.commit import CallId, CallRecord, Outcome, Refused, Returned, Started
from uproot_aio.state.identifiers import PlayerId

PLAYER = PlayerId("p")
LOAD = "a" * 32


def call(number: int, load: str = LOAD) -> CallId:
    return CallId(PLAYER, load, number)


def record(number: int, *, oldest: int = 1, load: str = LOAD, outcome: Outcome | None = None) -> CallRecord:
    return CallRecord(call(number, load), oldest, outcome or Returned(b"%d" % number))


def calls_of(*records: CallRecord) -> PlayerCalls:
    calls = PlayerCalls()
    for each in records:
        calls.add(each)
    return calls


def test_a_call_that_nothing_is_known_of_may_run() -> None:
    calls = calls_of(record(1))

    assert calls.answer_to(call(2)) is None
    assert calls.answer_to(call(1, "b" * 32)) is None


def test_answers_and_errors_are_kept() -> None:
    calls = calls_of(record(1), record(2, outcome=Refused("failed", "x")))

    assert [calls.answer_to(call(1)), calls.answer_to(call(2))] == [Returned(b"1"), Refused("failed", "x")]


def test_what_a_call_ended_with_replaces_that_it_started() -> None:
    calls = calls_of(record(1, outcome=Started()), record(1))

    assert calls.answer_to(call(1)) == Returned(b"1")


def test_an_answer_that_the_browser_has_is_forgotten_and_the_call_never_runs_again() -> None:
    calls = calls_of(record(1), record(2), record(3, oldest=3))

    assert [calls.answer_to(call(number)) for number in (1, 2, 3)] == [
        INTERRUPTED,
        INTERRUPTED,
        Returned(b"3"),
    ]


def test_a_read_that_was_not_recorded_may_run_again_while_it_is_unanswered() -> None:
    calls = calls_of(record(1), record(5, oldest=3))

    assert [calls.answer_to(call(number)) for number in (2, 3, 4)] == [INTERRUPTED, None, None]


def test_answers_of_one_page_load_are_bounded_and_forgotten_ones_never_run_again() -> None:
    calls = calls_of(*(record(number) for number in range(1, KEPT_ANSWERS + 3)))

    kept = [number for number in range(1, KEPT_ANSWERS + 3) if calls.answer_to(call(number)) != INTERRUPTED]

    assert kept == list(range(3, KEPT_ANSWERS + 3))


def test_large_answers_are_forgotten_from_the_lowest_on() -> None:
    large = Returned(b"x" * (KEPT_BYTES // 2))

    calls = calls_of(record(1), record(2, outcome=large), record(3, outcome=large), record(4, outcome=large))

    assert [calls.answer_to(call(number)) for number in range(1, 6)] == [
        INTERRUPTED,
        INTERRUPTED,
        large,
        large,
        None,
    ]


def test_the_newest_answer_is_kept_however_large_it_is() -> None:
    huge = Refused("no", "x" * KEPT_BYTES, data=b"xx")

    calls = calls_of(record(2), record(1, outcome=huge))

    assert [calls.answer_to(call(number)) for number in (1, 2)] == [huge, INTERRUPTED]


def test_that_a_call_runs_is_forgotten_after_all_answers() -> None:
    started = record(1, outcome=Started())

    calls = calls_of(started, *(record(number) for number in range(2, KEPT_ANSWERS + 2)))

    assert calls.answer_to(call(1)) == Started()
    assert [calls.answer_to(call(number)) for number in (2, 3)] == [INTERRUPTED, Returned(b"3")]


def test_that_calls_run_is_kept_when_an_answer_is_too_large() -> None:
    huge = Returned(b"x" * (KEPT_BYTES + 1))

    calls = calls_of(record(1, outcome=Started()), record(2), record(3, outcome=huge))

    assert [calls.answer_to(call(number)) for number in (1, 2, 3)] == [Started(), INTERRUPTED, huge]


def test_page_loads_are_bounded_and_calls_of_a_retired_one_never_run_again() -> None:
    loads = [f"{number:032x}" for number in range(KEPT_LOADS + 1)]

    calls = calls_of(*(record(4, load=load) for load in loads))

    assert [calls.answer_to(call(number, loads[0])) for number in (1, 4, 5)] == [
        INTERRUPTED,
        INTERRUPTED,
        None,
    ]
    assert calls.answer_to(call(4, loads[1])) == Returned(b"4")


def test_the_page_load_used_longest_ago_retires_first() -> None:
    loads = [f"{number:032x}" for number in range(KEPT_LOADS)]
    calls = calls_of(*(record(1, load=load) for load in loads))

    calls.add(record(2, load=loads[0]))
    calls.add(record(1, load="b" * 32))

    assert calls.answer_to(call(1, loads[0])) == Returned(b"1")
    assert calls.answer_to(call(1, loads[1])) == INTERRUPTED


def test_a_retired_page_load_that_calls_again_still_never_repeats_a_number() -> None:
    loads = [f"{number:032x}" for number in range(KEPT_LOADS + 1)]
    calls = calls_of(*(record(4, load=load) for load in loads))

    calls.add(record(6, load=loads[0]))

    answers = [calls.answer_to(call(number, loads[0])) for number in (3, 4, 5, 6)]
    assert answers == [INTERRUPTED, INTERRUPTED, None, Returned(b"6")]


def test_calls_are_the_same_after_being_written_and_read() -> None:
    loads = [f"{number:032x}" for number in range(KEPT_LOADS + 2)]
    calls = calls_of(*(record(3, oldest=2, load=load, outcome=Started()) for load in reversed(loads)))

    again = msgspec.msgpack.decode(msgspec.msgpack.encode(calls), type=PlayerCalls)

    assert again == calls
    assert list(again.loads) == list(calls.loads)
