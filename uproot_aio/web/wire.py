"""Frames of a player's WebSocket, as JSON text.

Each frame is an object whose `type` says what it is. static/uproot.js mirrors these in JSDoc types and a test keeps
both in step; docs/wire.md shows one example of each.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

Number = Annotated[int, msgspec.Meta(ge=0, le=(1 << 53) - 1)]
"""A whole number that JavaScript counts exactly."""


class Hello(msgspec.Struct, frozen=True, tag="hello", forbid_unknown_fields=False):
    """First frame of every connection of a page load.

    `load` is the page load's random 128-bit id in hex, `position` the index of the page it shows, `after` the last
    notice it has as (commit number, index in the commit); index -1 stands for the whole commit: a page starts with
    the number of the commit that it was rendered from, and -1.
    """

    load: str
    position: int
    after: tuple[int, int]


class Invoke(msgspec.Struct, frozen=True, tag="invoke"):
    """A live call. `number` counts from 1 in a page load; `oldest` is the lowest number not yet answered.

    `kwargs` is the trailing plain object of `uproot.invoke`, empty if there was none (msgspec decodes no `Raw | None`).
    """

    number: Number
    oldest: Number
    method: str
    args: msgspec.Raw = msgspec.Raw(b"[]")
    kwargs: msgspec.Raw = msgspec.Raw(b"")


class Ping(msgspec.Struct, frozen=True, tag="ping"):
    """Heartbeat; answered by Pong."""


FromBrowser = Hello | Invoke | Ping


class Welcome(msgspec.Struct, frozen=True, tag="welcome"):
    """Answer to Hello, before missed notices. `number` is the last durable commit; limits in bytes and calls."""

    number: int
    frame_bytes: int
    calls: int


class Answer(msgspec.Struct, frozen=True, tag="answer"):
    """The live call `number` returned `value`."""

    number: int
    value: msgspec.Raw


class Refusal(msgspec.Struct, frozen=True, tag="refusal", omit_defaults=True):
    """The live call `number` was rejected; the codes are those of `uproot.InvokeError`."""

    number: int
    code: str
    message: str
    path: str = ""
    expected: str = ""
    data: msgspec.Raw | None = None


class Notice(msgspec.Struct, frozen=True, tag="notice"):
    """A message pushed by notify() or send_to(). `at` is (commit number, index in the commit).

    `where` is the position the page must show, or null for any page.
    """

    at: tuple[int, int]
    event: str
    where: int | None
    data: msgspec.Raw


class Gap(msgspec.Struct, frozen=True, tag="gap"):
    """Too many notices were missed to send them; the page knows nothing between its last one and `number`."""

    number: int


class Pong(msgspec.Struct, frozen=True, tag="pong"):
    """Answer to Ping. Every notice of commits up to `number` has been sent before."""

    number: int


class Error(msgspec.Struct, frozen=True, tag="error"):
    """A frame could not be read (`bad-frame`)."""

    code: str
    message: str


ToBrowser = Welcome | Answer | Refusal | Notice | Gap | Pong | Error
