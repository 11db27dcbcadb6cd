"""Which live calls of a player ran, and what they were answered.

A page load's numbers only grow. Of each number at or above `floor` the answer is kept; a number below it whose answer
is gone must never run again, because nobody knows any more whether it ran. Numbers at or above `floor` without an
answer either never ran or changed nothing, so they may run.
"""

from __future__ import annotations

import msgspec

from uproot_aio.state.commit import CallId, CallRecord, Outcome, Refused, Returned, Started

KEPT_LOADS = 16
KEPT_ANSWERS = 256
KEPT_BYTES = 1 << 20
"""What the answers of a page load may take together; the newest is kept however large it is."""
INTERRUPTED = Refused(
    "interrupted", "The connection was interrupted; it is not known whether this went through."
)


class PageLoad(msgspec.Struct):
    """Answers of one page load by call number; see the module for `floor`."""

    floor: int = 1
    highest: int = 0
    answers: dict[int, Outcome] = {}

    def add(self, record: CallRecord) -> None:
        """Keep an answer, and forget those that the browser says it has."""
        number, oldest = record.call.number, record.oldest
        if number > self.highest:
            self.highest = number
        self.answers[number] = record.outcome
        if oldest > self.floor:
            self.floor = oldest
            for old in list(self.answers):
                if old < oldest:
                    del self.answers[old]
        while len(self.answers) > KEPT_ANSWERS:
            self._forget(number)
        if len(self.answers) > 1:
            size = sum(map(_size, self.answers.values()))
            while size > KEPT_BYTES and size > _size(record.outcome):
                size -= self._forget(number)

    def _forget(self, newest: int) -> int:
        """Forget the lowest answer but the newest, of calls that still run only if there are no others."""
        lowest = min(
            (number for number in self.answers if number != newest),
            key=lambda number: (isinstance(self.answers[number], Started), number),
        )
        self.floor = max(self.floor, lowest + 1)
        return _size(self.answers.pop(lowest))

    def copy(self) -> PageLoad:
        """Return what stays as it is now."""
        return PageLoad(self.floor, self.highest, dict(self.answers))


def _size(outcome: Outcome) -> int:
    if isinstance(outcome, Returned):
        return len(outcome.value)
    return len(outcome.message) + len(outcome.data) if isinstance(outcome, Refused) else 0


class PlayerCalls(msgspec.Struct):
    """Page loads of one player, the least recently used first; of the retired ones only the highest number is left."""

    loads: dict[str, PageLoad] = {}
    retired: dict[str, int] = {}

    def add(self, record: CallRecord) -> None:
        """Keep what became of a call."""
        name = record.call.load
        load = self.loads.pop(name, None)
        if load is None:
            load = PageLoad(floor=self.retired.pop(name, 0) + 1)
        self.loads[name] = load
        load.add(record)
        if len(self.loads) > KEPT_LOADS:
            retiring = next(iter(self.loads))
            self.retired[retiring] = self.loads.pop(retiring).highest

    def copy(self) -> PlayerCalls:
        """Return what stays as it is now."""
        return PlayerCalls({name: load.copy() for name, load in self.loads.items()}, dict(self.retired))

    def answer_to(self, call: CallId) -> Outcome | None:
        """Return the recorded outcome; INTERRUPTED if it is gone; None if the call may run."""
        load = self.loads.get(call.load)
        if load is None:
            return INTERRUPTED if call.number <= self.retired.get(call.load, 0) else None
        if (outcome := load.answers.get(call.number)) is not None:
            return outcome
        return INTERRUPTED if call.number < load.floor else None
