"""Release notices in commit order, and again after a reconnect.

A session's recent notices stay in memory, encoded; older ones are read from the log. Nothing is released before its
commit is on disk.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Protocol
from weakref import WeakValueDictionary

from uproot_aio.engine.log import Log
from uproot_aio.engine.log_readers import LogReaders
from uproot_aio.state.commit import Commit, Notice
from uproot_aio.state.identifiers import PlayerId, SessionId

KEPT_NOTICES = 1000
KEPT_BYTES = 1 << 20
CAUGHT_UP_COMMITS = 20_000
CATCH_UPS_AT_ONCE = 2
"""How many pages of one session, each of another player, may read the log at a time."""
At = tuple[int, int]
"""(commit number, index of the notice in the commit); an index above all others stands for the whole commit."""
Encode = Callable[[At, Notice], bytes]


class Subscriber(Protocol):
    """An open page of a player. Must return at once and must not raise."""

    def deliver(self, frame: bytes) -> None:
        """Queue a frame; a subscriber whose queue is full closes itself and comes back."""
        ...

    def leave(self) -> None:
        """Close, because the session leaves memory, and come back."""
        ...


class Watcher(Protocol):
    """Somebody who looks at the whole session. Must return at once and must not raise."""

    def landed(self, commit: Commit) -> None:
        """Hear of a commit that is on disk."""
        ...

    def presence(self, player: PlayerId) -> None:
        """Hear that a player's first page was opened or the last one closed."""
        ...

    def leave(self) -> None:
        """End, because the session leaves memory."""
        ...


@dataclass(slots=True, frozen=True)
class Released:
    """A notice as it was sent."""

    at: At
    recipients: tuple[PlayerId, ...]
    frame: bytes


class Broadcast:
    """The subscribers of one session, and what they may still need.

    Args:
        session, log: where older notices are read from.
        encode: makes the frame of a notice; called once, however many receive it.
        durable: number of the last commit on disk when the session was opened.
        readers: the threads that read it.
    """

    def __init__(
        self, session: SessionId, log: Log, encode: Encode, durable: int, readers: LogReaders
    ) -> None:
        self._session = session
        self._log = log
        self._encode = encode
        self._readers = readers
        self._turns: WeakValueDictionary[PlayerId, asyncio.Lock] = WeakValueDictionary()
        self._slots = asyncio.Semaphore(CATCH_UPS_AT_ONCE)
        self._subscribers: dict[PlayerId, list[Subscriber]] = {}
        self._recent: deque[Released] = deque()
        self._recent_bytes = 0
        self._remembered_after: At = (durable, 1 << 62)
        self.durable = durable
        self.watchers: list[Watcher] = []

    def release(self, commit: Commit) -> None:
        """Send a durable commit's notices to the recipients' open pages, and the commit to all watchers."""
        self.durable = commit.number
        for watcher in tuple(self.watchers):
            watcher.landed(commit)
        for index, notice in enumerate(commit.notices):
            at = (commit.number, index)
            released = Released(at, notice.recipients, self._encode(at, notice))
            self._remember(released)
            for player in notice.recipients:
                for subscriber in tuple(self._subscribers.get(player, ())):
                    subscriber.deliver(released.frame)

    def _remember(self, released: Released) -> None:
        self._recent.append(released)
        self._recent_bytes += len(released.frame)
        while len(self._recent) > KEPT_NOTICES or self._recent_bytes > KEPT_BYTES:
            forgotten = self._recent.popleft()
            self._recent_bytes -= len(forgotten.frame)
            self._remembered_after = forgotten.at

    async def subscribe(self, player: PlayerId, subscriber: Subscriber, after: At) -> int | None:
        """Deliver what the player missed after `after`, then everything as it comes, without gap or repetition.

        Returns:
            None; or, if more than 1,000 notices, 1 MiB or 20,000 commits were missed, the number up to which none
            were delivered.
        """
        gap = None
        while after < self._remembered_after and after[0] <= self.durable:
            # A player's own turn first, so that one player with many pages keeps nobody from catching up.
            async with self._turns.setdefault(player, asyncio.Lock()), self._slots:
                upto = self.durable
                is_far = upto - after[0] > CAUGHT_UP_COMMITS
                frames = None if is_far else await self._readers.run(self._read, player, after, upto)
            if frames is None:
                gap = upto
            for frame in frames or ():
                subscriber.deliver(frame)
            after = (upto, 1 << 62)
        for released in self._recent:
            if released.at > after and player in released.recipients:
                subscriber.deliver(released.frame)
        subscribers = self._subscribers.setdefault(player, [])
        subscribers.append(subscriber)
        if len(subscribers) == 1:
            self._tell_presence(player)
        return gap

    def _read(self, player: PlayerId, after: At, upto: int) -> list[bytes] | None:
        """Return the frames for a player in (after, upto] from the log; None if they are too many."""
        frames: list[bytes] = []
        size = 0
        for at, notice in notices_between(self._log, self._session, after, upto):
            if player in notice.recipients:
                frames.append(self._encode(at, notice))
                size += len(frames[-1])
                if len(frames) > KEPT_NOTICES or size > KEPT_BYTES:
                    return None
        return frames

    def unsubscribe(self, player: PlayerId, subscriber: Subscriber) -> None:
        """Stop delivering to a page."""
        subscribers = self._subscribers.get(player, [])
        if subscriber in subscribers:
            subscribers.remove(subscriber)
            if not subscribers:
                del self._subscribers[player]
                self._tell_presence(player)

    def _tell_presence(self, player: PlayerId) -> None:
        for watcher in tuple(self.watchers):
            watcher.presence(player)

    def close(self) -> None:
        """Send all pages away."""
        for subscribers in list(self._subscribers.values()):
            for subscriber in tuple(subscribers):
                subscriber.leave()
        for watcher in tuple(self.watchers):
            watcher.leave()

    def is_online(self, player: PlayerId) -> bool:
        """Say whether the player has an open page."""
        return player in self._subscribers

    def online(self) -> Collection[PlayerId]:
        """Return the players who have an open page."""
        return self._subscribers.keys()


def notices_between(log: Log, session: SessionId, after: At, upto: int) -> Iterable[tuple[At, Notice]]:
    """Yield the notices after `after` of the commits up to `upto`, from the log."""
    for commit in log.read(session, max(after[0] - 1, 0)):
        if commit.number > upto:
            return
        for index, notice in enumerate(commit.notices):
            if (commit.number, index) > after:
                yield (commit.number, index), notice
