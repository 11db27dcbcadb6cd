"""Whatever happens, in whatever order: the engine's state is that of a plain dict, and the replay of its log."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import assert_state_equals_replay
from tests.engine.small_engine import CALLS_IN_FLIGHT, Engine, PageLoad, player_of, running_engine
from uproot_aio import Page, live, send_to
from uproot_aio.engine.open_session import OpenSession
from uproot_aio.errors import StorageError
from uproot_aio.state.commit import Outcome, Refused, Returned
from uproot_aio.state.identifiers import SessionId
from uproot_aio.storage.memory_log import MemoryLog

PLAYERS = ["p0", "p1"]
FIELDS = ["a", "b", "c"]
Step = tuple[str, str, Any]
Fields = dict[str, Any]


class Raised(Exception):
    """What a method raises on purpose."""


def perform(player: Any, step: Step) -> None:
    """Do one step to a player, or to whatever has attributes."""
    kind, name, value = step
    if kind == "write":
        setattr(player, name, value)
    elif kind == "append":
        if isinstance(getattr(player, name, None), list):
            getattr(player, name).append(value)
        else:
            setattr(player, name, [value])
    elif kind == "nest":
        if isinstance(getattr(player, name, None), dict):
            getattr(player, name).setdefault("list", []).append(value)
        else:
            setattr(player, name, {"list": [value]})
    elif kind == "delete":
        if hasattr(player, name):
            delattr(player, name)
    elif kind == "fail":
        raise Raised


def fields_of(player: Any) -> Fields:
    return {name: getattr(player, name) for name in FIELDS if hasattr(player, name)}


class Acting(Page):
    @live
    def act(page: Any, player: Any, stretches: list[list[Any]]) -> Fields:
        for stretch in stretches:
            for step in stretch:
                perform(player, step)
        return fields_of(player)

    @live
    async def act_slowly(page: Any, player: Any, stretches: list[list[Any]]) -> Fields:
        for number, stretch in enumerate(stretches):
            if number:
                await asyncio.sleep(0)
            for step in stretch:
                perform(player, step)
        return fields_of(player)

    @live
    def tell(page: Any, player: Any, data: Any) -> None:
        send_to(player, data)


@dataclass(frozen=True)
class Call:
    """What one call does: steps between awaits; `slowly` with real awaits."""

    player: str
    stretches: tuple[tuple[Step, ...], ...]
    slowly: bool

    @property
    def method(self) -> str:
        return "act_slowly" if self.slowly else "act"


@dataclass
class Model:
    """What the session should be: a dict per player, and the outcome of each call that left something."""

    fields: dict[str, Fields] = field(default_factory=lambda: {name: {} for name in PLAYERS})
    outcomes: dict[tuple[str, str, int], tuple[bool, Fields | None]] = field(default_factory=dict)

    def run(self, call: Call) -> tuple[bool, Fields | None, bool]:
        """Return whether it returns, what, and whether it leaves a commit; the fields change."""
        stretches = call.stretches if call.slowly else (tuple(s for ss in call.stretches for s in ss),)
        leaves_commit = False
        for number, stretch in enumerate(stretches):
            leaves_commit |= number > 0  # it is recorded that it has started
            attempt = _Attributes(self.fields[call.player])
            try:
                for step in stretch:
                    perform(attempt, step)
            except Raised:
                return False, None, True
            leaves_commit |= _plain(attempt) != self.fields[call.player] or any(
                kind == "write" or (kind == "delete" and name in self.fields[call.player])
                for kind, name, _ in stretch
            )
            self.fields[call.player] = _plain(attempt)
        return True, _plain(_Attributes(self.fields[call.player])), leaves_commit


class _Attributes:
    """The model's fields as attributes, copied."""

    def __init__(self, fields: Fields) -> None:
        for name, value in fields.items():
            setattr(self, name, _copied(value))


def _plain(attributes: _Attributes) -> Fields:
    return {name: _copied(value) for name, value in vars(attributes).items()}


def _copied(value: Any) -> Any:
    if isinstance(value, list):
        return [_copied(part) for part in value]
    if isinstance(value, dict):
        return {key: _copied(part) for key, part in value.items()}
    return value


class Trial:
    """One engine after another over one log, beside the model."""

    def __init__(self) -> None:
        self.log = MemoryLog()
        self.model = Model()
        self.load = 0
        self.numbers: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.made: list[tuple[Call, str, int]] = []

    async def start(self, stack: AsyncExitStack, *, first: bool = False) -> None:
        """Start an engine over what is in the log."""
        self.engine: Engine = await stack.enter_async_context(running_engine(self.log))
        if first:
            self.session: OpenSession = await self.engine.session(Acting, players=len(PLAYERS))
        else:
            self.engine.pages["app/Acting"] = Acting
            self.session = await self.engine.sessions.open(SessionId("s"))

    @property
    def load_name(self) -> str:
        return f"{self.load:032x}"

    def send(self, call: Call, load: str, number: int) -> asyncio.Future[Outcome]:
        page = PageLoad(self.engine, self.session, call.player, load)
        return page.send(call.method, call.stretches, number=number)

    def number(self, call: Call) -> int:
        self.numbers[call.player, self.load_name] += 1
        return self.numbers[call.player, self.load_name]

    def expect(self, call: Call, load: str, number: int) -> tuple[bool, Fields | None]:
        """Return how a call should end, whether it runs now or was answered before."""
        key = (call.player, load, number)
        if key in self.model.outcomes:
            return self.model.outcomes[key]
        returns, value, leaves_commit = self.model.run(call)
        if leaves_commit:
            self.model.outcomes[key] = (returns, value)
        return returns, value

    async def call(self, call: Call) -> None:
        number = self.number(call)
        self.made.append((call, self.load_name, number))
        outcome = await self.send(call, self.load_name, number)
        assert _said(outcome) == self.expect(call, self.load_name, number)

    async def repeat(self, index: int) -> None:
        if self.made:
            call, load, number = self.made[index % len(self.made)]
            outcome = await self.send(call, load, number)
            assert _said(outcome) == self.expect(call, load, number)

    async def burst(self, calls: list[Call]) -> None:
        """Send several calls while the disk holds still; what they leave must not be heard of before it moves."""
        self.log.may_append.clear()
        numbers = [self.number(call) for call in calls]
        sent = [self.send(call, self.load_name, number) for call, number in zip(calls, numbers, strict=True)]
        for _ in range(20):
            await asyncio.sleep(0)
        heard = [future.done() for future in sent]
        self.log.may_append.set()
        for call, number, future, was_heard in zip(calls, numbers, sent, heard, strict=True):
            self.made.append((call, self.load_name, number))
            assert _said(await future) == self.expect(call, self.load_name, number)
            assert not (was_heard and (call.player, self.load_name, number) in self.model.outcomes)

    async def full_disk(self, call: Call) -> None:
        """Make a call while nothing can be written: it fails without a trace, or left nothing to write."""
        number = self.number(call)
        before = {name: _copied(fields) for name, fields in self.model.fields.items()}
        returns, value, leaves_commit = self.model.run(call)
        self.log.failure = StorageError("No space left on device")
        outcome = await self.send(call, self.load_name, number)
        self.log.failure = None
        if leaves_commit:
            self.model.fields = before
            assert isinstance(outcome, Refused)
            assert outcome.code == "failed"
            await self._come_back()
        else:
            assert _said(outcome) == (returns, value)

    async def _come_back(self) -> None:
        self.session = await self.engine.sessions.open(SessionId("s"))

    def check(self) -> None:
        for name in PLAYERS:
            assert fields_of(player_of(self.session, name)) == self.model.fields[name]
        if self.session.durable == self.session.state.number:
            assert_state_equals_replay(self.session)


def _said(outcome: Outcome) -> tuple[bool, Fields | None]:
    if isinstance(outcome, Returned):
        return True, json.loads(outcome.value)
    assert isinstance(outcome, Refused)
    assert "Raised" in outcome.message, outcome
    return False, None


scalars = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=3)
stored = st.recursive(
    scalars,
    lambda some: st.lists(some, max_size=3) | st.dictionaries(st.text(max_size=2), some, max_size=2),
    max_leaves=4,
)
steps = st.one_of(
    st.tuples(st.just("write"), st.sampled_from(FIELDS), stored),
    st.tuples(st.sampled_from(["append", "nest"]), st.sampled_from(FIELDS), scalars),
    st.tuples(st.just("delete"), st.sampled_from(FIELDS), st.none()),
    st.tuples(st.just("fail"), st.just(""), st.none()),
)
stretches = st.lists(st.lists(steps, max_size=3).map(tuple), min_size=1, max_size=3).map(tuple)
calls = st.builds(Call, st.sampled_from(PLAYERS), stretches, st.booleans())
events = st.one_of(
    st.tuples(st.just("call"), calls),
    st.tuples(st.just("repeat"), st.integers(0, 100)),
    st.tuples(st.just("burst"), st.lists(calls, min_size=1, max_size=CALLS_IN_FLIGHT)),
    st.tuples(st.just("full disk"), calls),
    st.tuples(st.just("load the page again"), st.none()),
    st.tuples(st.just("restart"), st.none()),
)


async def run(happenings: list[tuple[str, Any]]) -> None:
    trial = Trial()
    async with AsyncExitStack() as all_engines:
        stack = await all_engines.enter_async_context(AsyncExitStack())
        await trial.start(stack, first=True)
        for kind, what in happenings:
            if kind == "call":
                await trial.call(what)
            elif kind == "repeat":
                await trial.repeat(what)
            elif kind == "burst":
                await trial.burst(what)
            elif kind == "full disk":
                await trial.full_disk(what)
            elif kind == "load the page again":
                trial.load += 1
            else:
                await stack.aclose()
                await trial.start(stack)
            trial.check()


@settings(max_examples=100, deadline=None)
@given(st.lists(events, max_size=12))
def test_the_engine_equals_a_plain_dict_and_its_log(happenings: list[tuple[str, Any]]) -> None:
    asyncio.run(run(happenings))
