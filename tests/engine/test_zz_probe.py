from __future__ import annotations
import asyncio, sys
import pytest
from typing import Any
from tests.engine.small_engine import *
from tests.engine.conftest import engine
from uproot_aio import *
from uproot_aio.engine.sessions import rebuild
from pydantic import BaseModel, field_validator
import enum, dataclasses

async def wait(f): return await asyncio.wait_for(f, 3)

class BadPyd(BaseModel):
    a: int
    @field_validator("a")
    def v(cls, a): raise KeyError("x")
class BadEnum(enum.Enum):
    A="a"
    @classmethod
    def _missing_(cls, v): raise RuntimeError("x")
@dataclasses.dataclass
class BadDC:
    a: int
    def __post_init__(self): raise RuntimeError("post")

class BadStr(Exception):
    def __str__(self): raise RuntimeError("no str")

class P(Page):
    @live
    def inc(page, player):
        player.n += 1
        return player.n
    @live
    def refuse(page, player, kind: str):
        if kind == "intcode": raise LiveError("x", code=404)
        if kind == "surrogate": raise LiveError("\ud800")
        if kind == "surrdata": raise LiveError("x", data="\ud800")
        if kind == "int": raise LiveError(5)
        if kind == "none": raise LiveError(None)
        if kind == "valsur": raise ValueError("\ud800")
        if kind == "badstr": raise BadStr()
        if kind == "cancel": raise asyncio.CancelledError
        if kind == "exit": sys.exit(3)
        if kind == "kbd": raise KeyboardInterrupt
        if kind == "genexit": raise GeneratorExit
        if kind == "stop": raise StopIteration(3)
        if kind == "ret": return "\ud800"
        if kind == "event": send_to(player, 1, event="\ud800")
        if kind == "eventsub":
            class S(str): pass
            send_to(player, 1, event=S("ab"))
        if kind == "exitgroup": raise BaseExceptionGroup("g",[SystemExit(1)])
    @live
    async def arefuse(page, player, kind: str):
        await asyncio.sleep(0)
        if kind == "intcode": raise LiveError("x", code=404)
        if kind == "cancel": raise asyncio.CancelledError
        if kind == "exit": sys.exit(3)
        if kind == "badstr": raise BadStr()
        if kind == "stop": raise StopIteration(3)
        if kind == "genexit": raise GeneratorExit
        if kind == "kbd": raise KeyboardInterrupt
        if kind == "exitgroup": raise BaseExceptionGroup("g",[SystemExit(1)])
        async def child(): sys.exit(4)
        if kind == "childexit":
            await asyncio.create_task(child())
        if kind == "tg":
            async with asyncio.TaskGroup() as g: g.create_task(child())
        if kind == "gather":
            await asyncio.gather(child())
    @live
    def pyd(page, player, a: BadPyd): pass
    @live
    def enm(page, player, a: BadEnum): pass
    @live
    def dc(page, player, a: BadDC): pass
    @live
    def iadd(page, player, a: int): player.n = a; return a

@pytest.mark.parametrize("kind", ["intcode","surrogate","surrdata","int","none","valsur","badstr","cancel","exit","genexit","stop","ret","event","eventsub","exitgroup"])
async def test_sync(engine, kind):
    p = await engine.page_load(P, n=0)
    try:
        out = await wait(p.outcome("refuse", kind))
    finally:
        pass
    print(kind, out)
    assert await wait(p.invoke("inc")) == 1
    rebuild(engine.log, p.session.id)

@pytest.mark.parametrize("kind", ["intcode","cancel","exit","badstr","stop","genexit","exitgroup","childexit","tg","gather"])
async def test_async(engine, kind):
    p = await engine.page_load(P, n=0)
    out = await wait(p.outcome("arefuse", kind))
    print(kind, out)
    assert await wait(p.invoke("inc")) == 1
    rebuild(engine.log, p.session.id)

@pytest.mark.parametrize("m,a", [("pyd",{"a":1}),("enm","q"),("dc",{"a":1})])
async def test_bind(engine, m, a):
    p = await engine.page_load(P, n=0)
    out = await wait(p.outcome(m, a))
    print(m, out)
    assert await wait(p.invoke("inc")) == 1

@pytest.mark.parametrize("number,oldest", [(10**19,1),(10**25,1),(1,10**25),(1,-10**25),(5, 10**19)])
async def test_nums(engine, number, oldest):
    p = await engine.page_load(P, n=0)
    out = await wait(p.outcome("inc", number=number, oldest=oldest))
    print(number, oldest, out)
    assert await wait(p.invoke("inc")) == 2
