"""Notices reach each open page in commit order, without gap or repetition, also after a reconnect."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import ParamSpec, TypeVar

import pytest

from uproot_aio.engine.broadcast import CAUGHT_UP_COMMITS, KEPT_BYTES, KEPT_NOTICES, At, Broadcast
from uproot_aio.engine.log_readers import LogReaders
from uproot_aio.state.commit import Commit, Notice
from uproot_aio.state.identifiers import PlayerId, SessionId
from uproot_aio.storage.memory_log import MemoryLog

S = SessionId("s")
P, Q = PlayerId("p"), PlayerId("q")
ALL = 1 << 62
T = TypeVar("T")
ARGUMENTS = ParamSpec("ARGUMENTS")


class HeldLog(MemoryLog):
    """A log whose reading can be held."""

    def __init__(self) -> None:
        super().__init__()
        self.may_read = threading.Event()
        self.may_read.set()
        self.has_begun = threading.Event()

    def read(self, session: SessionId, after: int = 0) -> Iterator[Commit]:
        self.has_begun.set()
        self.may_read.wait()
        return super().read(session, after)


class ListedReaders(LogReaders):
    """Threads that read, and for which players."""

    def __init__(self) -> None:
        super().__init__()
        self.reading: list[object] = []

    async def run(
        self, function: Callable[ARGUMENTS, T], *args: ARGUMENTS.args, **kwargs: ARGUMENTS.kwargs
    ) -> T:
        self.reading.append(args[0])
        try:
            return await super().run(function, *args, **kwargs)
        finally:
            self.reading.remove(args[0])


class Page:
    """A subscriber that keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.was_sent_away = False

    def deliver(self, frame: bytes) -> None:
        self.heard.append(frame.decode()[:5])

    def leave(self) -> None:
        self.was_sent_away = True


class Station:
    """One session's broadcast and log; frames read "number:index"."""

    def __init__(self) -> None:
        self.log = HeldLog()
        self.encoded: list[At] = []
        self.number = 0
        self.readers = ListedReaders()
        self.reopen()

    def reopen(self) -> None:
        """As after a restart: nothing is in memory."""
        self.broadcast = Broadcast(S, self.log, self._encode, self.number, self.readers)

    def _encode(self, at: At, notice: Notice) -> bytes:
        self.encoded.append(at)
        return f"{at[0]:>3}:{at[1]}".encode() + notice.data

    def send(self, *recipients: tuple[PlayerId, ...], data: bytes = b"") -> None:
        """Land a commit with a notice for each tuple of recipients."""
        self.number += 1
        notices = tuple(Notice(names, "e", None, data) for names in recipients)
        commit = Commit(S, self.number, 1.0, "live", "p", (), notices)
        self.log.append([commit])
        self.broadcast.release(commit)

    async def page(self, player: PlayerId = P, after: At = (0, -1)) -> Page:
        page = Page()
        await self.broadcast.subscribe(player, page, after)
        return page


def numbers(*places: tuple[int, int]) -> list[str]:
    return [f"{number:>3}:{index}" for number, index in places]


async def test_a_notice_reaches_every_open_page_of_its_recipients_and_nobody_else() -> None:
    station = Station()
    first, second, other = await station.page(), await station.page(), await station.page(Q)

    station.send((P,))
    station.send((Q,), (P, Q))

    assert first.heard == second.heard == numbers((1, 0), (2, 1))
    assert other.heard == numbers((2, 0), (2, 1))


async def test_a_notice_is_encoded_once_whatever_the_number_of_its_recipients() -> None:
    station = Station()
    players = [PlayerId(f"p{number}") for number in range(50)]
    pages = [await station.page(player) for player in players for _ in range(2)]

    station.send(tuple(players))

    assert station.encoded == [(1, 0)]
    assert all(page.heard == numbers((1, 0)) for page in pages)


@pytest.mark.parametrize("restarted", [False, True], ids=["from memory", "from the log"])
@pytest.mark.parametrize(
    ("after", "missed"),
    [
        ((0, ALL), [(1, 0), (1, 1), (2, 0), (3, 0)]),
        ((1, 0), [(1, 1), (2, 0), (3, 0)]),
        ((1, ALL), [(2, 0), (3, 0)]),
        ((2, 0), [(3, 0)]),
        ((3, 0), []),
        ((3, ALL), []),
        ((99, 0), []),
        ((-5, -1), [(1, 0), (1, 1), (2, 0), (3, 0)]),
    ],
)
async def test_a_page_that_comes_back_gets_exactly_what_it_missed(
    after: At, missed: list[tuple[int, int]], restarted: bool
) -> None:
    station = Station()
    station.send((P,), (P, Q))
    station.send((P,), (Q,))
    station.send((P,))
    if restarted:
        station.reopen()

    page = await station.page(P, after)
    station.send((P,))

    assert page.heard == numbers(*missed, (4, 0))


async def test_what_was_missed_may_be_partly_in_the_log_and_partly_in_memory() -> None:
    station = Station()
    station.send((P,))
    station.reopen()
    station.send((P,))

    page = await station.page()

    assert page.heard == numbers((1, 0), (2, 0))


async def test_what_lands_while_the_log_is_read_is_neither_lost_nor_doubled() -> None:
    station = Station()
    station.send((P,))
    station.reopen()
    station.log.may_read.clear()
    page = Page()
    subscribing = asyncio.create_task(station.broadcast.subscribe(P, page, (0, -1)))
    await asyncio.to_thread(station.log.has_begun.wait)

    station.send((P,))
    heard_before = list(page.heard)
    station.log.may_read.set()
    await subscribing
    station.send((P,))

    assert heard_before == []
    assert page.heard == numbers((1, 0), (2, 0), (3, 0))


async def test_what_memory_forgets_while_the_log_is_read_is_read_from_the_log_too() -> None:
    station = Station()
    station.send((P,))
    station.reopen()
    station.log.may_read.clear()
    page = Page()
    subscribing = asyncio.create_task(station.broadcast.subscribe(P, page, (0, -1)))
    await asyncio.to_thread(station.log.has_begun.wait)

    station.send((P,))
    for _ in range(KEPT_NOTICES):
        station.send((Q,))
    station.log.may_read.set()
    await subscribing

    assert page.heard == numbers((1, 0), (2, 0))


@pytest.mark.parametrize("restarted", [False, True])
async def test_who_missed_too_many_is_told_and_gets_what_comes(restarted: bool) -> None:
    station = Station()
    station.send(*[(P,)] * (KEPT_NOTICES + 1))
    if restarted:
        station.reopen()
    page = Page()

    gap = await station.broadcast.subscribe(P, page, (0, -1))
    station.send((P,))

    assert gap == 1
    assert page.heard == numbers((2, 0))


async def test_the_most_that_is_caught_up_is_caught_up_whole() -> None:
    station = Station()
    station.send(*[(P,)] * KEPT_NOTICES)
    station.reopen()
    page = Page()

    gap = await station.broadcast.subscribe(P, page, (0, -1))

    assert (gap, len(page.heard)) == (None, KEPT_NOTICES)


async def test_memory_is_bounded_in_bytes_too() -> None:
    station = Station()
    for _ in range(4):
        station.send((P,), data=b"x" * (KEPT_BYTES // 2))

    gap = await station.broadcast.subscribe(P, Page(), (0, -1))
    caught_up = await station.page(P, (3, 0))

    assert gap == 4
    assert caught_up.heard == numbers((4, 0))


async def test_who_missed_too_many_commits_is_told_without_reading_the_log() -> None:
    station = Station()
    station.number = CAUGHT_UP_COMMITS + 1
    station.reopen()

    gap = await station.broadcast.subscribe(P, Page(), (0, -1))

    assert gap == CAUGHT_UP_COMMITS + 1
    assert not station.log.has_begun.is_set()


async def test_one_page_of_a_player_and_two_of_a_session_catch_up_at_a_time() -> None:
    station = Station()
    players = [P, P, P, Q, Q, PlayerId("r")]
    station.send(tuple(players))
    station.reopen()
    station.log.may_read.clear()
    pages = [Page() for _ in players]
    subscribing = [
        asyncio.create_task(station.broadcast.subscribe(player, page, (0, -1)))
        for player, page in zip(players, pages, strict=True)
    ]

    await asyncio.to_thread(station.log.has_begun.wait)
    reading = list(station.readers.reading)
    station.log.may_read.set()
    await asyncio.gather(*subscribing)

    assert reading == [P, Q]
    assert all(page.heard == numbers((1, 0)) for page in pages)


async def test_a_page_that_left_hears_nothing_more() -> None:
    station = Station()
    page = await station.page()

    station.broadcast.unsubscribe(P, page)
    station.send((P,))

    assert page.heard == []
    assert not station.broadcast.is_online(P)


async def test_unsubscribing_what_never_subscribed_is_nothing() -> None:
    station = Station()
    page = await station.page()

    station.broadcast.unsubscribe(P, Page())
    station.broadcast.unsubscribe(Q, page)

    assert station.broadcast.is_online(P)


async def test_closing_sends_all_pages_away() -> None:
    station = Station()
    pages = [await station.page(P), await station.page(Q)]

    station.broadcast.close()

    assert [page.was_sent_away for page in pages] == [True, True]
