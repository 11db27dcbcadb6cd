"""A simulated player who calls without a rest, keeps what every call was answered, and checks it."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from uproot_aio.testing import CallRejected, SimulatedPlayer

METHODS: Final = ("increment", "shout", "later")
TOGETHER: Final = 3
SETTLE_SECONDS: Final = 30.0


@dataclass
class BusyPlayer:
    """One player: `values` are the answers by method, `interrupted` counts the calls that nobody knows about."""

    name: str
    player: SimulatedPlayer
    source: random.Random
    values: dict[str, list[Any]] = field(default_factory=lambda: {method: [] for method in METHODS})
    interrupted: Counter[str] = field(default_factory=Counter)
    mistakes: list[str] = field(default_factory=list)

    async def work(self, stopped: asyncio.Event) -> None:
        """Make some calls at once, wait for all of them, and go on until stopped."""
        while not stopped.is_set():
            methods = self.source.choices(METHODS, k=self.source.randint(1, TOGETHER))
            calls = [self.player.send(method) for method in methods]
            _, pending = await asyncio.wait(calls, timeout=SETTLE_SECONDS)
            if pending:
                self.mistakes.append(f"{len(pending)} calls were not settled in {SETTLE_SECONDS:g} s")
                return
            for method, call in zip(methods, calls, strict=True):
                self._take(method, call)

    def _take(self, method: str, call: asyncio.Future[Any]) -> None:
        error = call.exception()
        if error is None:
            self.values[method].append(call.result())
        elif isinstance(error, CallRejected) and error.code == "interrupted" and method == "later":
            self.interrupted[method] += 1
        else:
            self.mistakes.append(f"{method} was rejected: {error}")

    @property
    def answers(self) -> int:
        """How many calls returned a value."""
        return sum(map(len, self.values.values()))

    def check(self, stored: Mapping[str, int]) -> Iterator[str]:
        """Yield what is wrong, given the player's fields as they are on disk in the end."""
        yield from self.mistakes
        for method, values in self.values.items():
            if values != list(range(1, len(values) + 1)):
                yield f"{method} did not count by ones: {values}"
        expected = {
            "increments": len(self.values["increment"]),
            "shouts": len(self.values["shout"]),
            "begun": len(self.values["later"]) + self.interrupted["later"],
            "ended": len(self.values["later"]),
        }
        for name, count in expected.items():
            if stored[name] != count:
                yield f"{name} is {stored[name]}, but {count} calls were answered so"

    def check_notices(self, shouts: Mapping[str, int]) -> Iterator[str]:
        """Yield what is wrong with the notices, given how often each one of those who send to us has shouted."""
        if self.player.gaps:
            yield f"notices up to {self.player.gaps} were not sent"
        heard: dict[str, list[int]] = {name: [] for name in shouts}
        last = (0, 0)
        while not self.player.notices.empty():
            notice = self.player.notices.get_nowait()
            if notice.at <= last:
                yield f"notice {notice.at} came after {last}"
            last = notice.at
            sender, number = notice.data
            heard[sender].append(number)
        for sender, numbers in heard.items():
            if numbers != list(range(1, shouts[sender] + 1)):
                yield f"of {shouts[sender]} shouts of {sender} came {numbers}"
