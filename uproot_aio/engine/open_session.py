"""One session in memory: its state, who waits for its commits, whose turn it is, and who listens."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable

from uproot_aio.engine.broadcast import Broadcast
from uproot_aio.engine.clock import Clock
from uproot_aio.engine.group_commit import GroupCommit
from uproot_aio.engine.log import Log
from uproot_aio.engine.log_readers import LogReaders
from uproot_aio.engine.tasks import Tasks
from uproot_aio.engine.turns import Turn
from uproot_aio.errors import StorageError
from uproot_aio.state.commit import CallId, Commit, Outcome
from uproot_aio.state.identifiers import PlayerId, SessionId
from uproot_aio.state.session_state import SessionState

COMMITS_PER_SNAPSHOT = 5000
WhenDurable = Callable[[StorageError | None], None]
Reply = Callable[[Outcome], None]


class OpenSession:
    """A session that this process owns. After `failure` it is dead: what is on disk is opened anew on next use."""

    def __init__(
        self,
        state: SessionState,
        *,
        log: Log,
        readers: LogReaders,
        committer: GroupCommit,
        broadcast: Broadcast,
        clock: Clock,
        tasks: Tasks,
        on_failure: Callable[[OpenSession], None],
        on_long_log: Callable[[OpenSession], None],
    ) -> None:
        self.id: SessionId = state.session
        self.state = state
        self.log = log
        self.readers = readers
        self.broadcast = broadcast
        self.clock = clock
        self.tasks = tasks
        self.durable = state.number
        self.failure: StorageError | None = None
        self.running: dict[CallId, list[Reply]] = {}
        self.running_of: Counter[tuple[PlayerId, str]] = Counter()
        self.running_bytes: Counter[PlayerId] = Counter()
        self._committer = committer
        self._on_failure = on_failure
        self._on_long_log = on_long_log
        self._commits_until_snapshot = COMMITS_PER_SNAPSHOT
        self._waiting: deque[tuple[int, WhenDurable]] = deque()
        self._turns: dict[PlayerId, Turn] = {}

    def turn_of(self, player: PlayerId) -> Turn:
        """Return the player's turn."""
        turn = self._turns.get(player)
        if turn is None:
            turn = self._turns[player] = Turn()
        return turn

    def check_usable(self) -> None:
        """Raise the storage error that ended this session's life in memory, if there was one."""
        if self.failure is not None:
            raise StorageError(str(self.failure))

    def add(self, commit: Commit) -> None:
        """Hand a sealed commit to the writer; does not wait."""
        self._committer.add(commit, self._landed)

    def when_durable(self, then: WhenDurable) -> None:
        """Call `then` when everything that the state now contains is on disk, at once if it is."""
        if self.failure is not None:
            then(self.failure)
        elif self.durable >= self.state.number:
            then(None)
        else:
            self._waiting.append((self.state.number, then))

    async def saved(self) -> None:
        """Wait until everything that the state now contains is on disk. Cancelling it cancels nobody else.

        Raises:
            StorageError: it could not be written.
        """
        if self.failure is None and self.durable >= self.state.number:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def settle(error: StorageError | None) -> None:
            if future.done():
                return
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(StorageError(str(error)))

        self.when_durable(settle)
        await future

    def _landed(self, commit: Commit, error: StorageError | None) -> None:
        if error is not None:
            self._fail(error)
        elif self.failure is None:
            self.durable = commit.number
            if commit.notices or self.broadcast.watchers:
                self.broadcast.release(commit)
            else:
                self.broadcast.durable = commit.number
            waiting = self._waiting
            while waiting and waiting[0][0] <= commit.number:
                waiting.popleft()[1](None)
            self._commits_until_snapshot -= 1
            if self._commits_until_snapshot == 0:
                # It takes about a microsecond a field, so it is due the less often the more there are.
                self._commits_until_snapshot = max(COMMITS_PER_SNAPSHOT, 2 * self.state.count_fields())
                self._on_long_log(self)

    def _fail(self, error: StorageError) -> None:
        if self.failure is not None:
            return
        self.failure = error
        self._on_failure(self)
        while self._waiting:
            self._waiting.popleft()[1](error)
        self.broadcast.close()
