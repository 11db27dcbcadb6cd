"""Which event loop is taken."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from uproot_aio.event_loop import loop_factory

WITHOUT_UVLOOP = """
import sys
sys.modules["uvloop"] = None  # as if it were not installed
from uproot_aio.errors import SettingsError
from uproot_aio.event_loop import loop_factory

print(loop_factory("auto").__module__)
try:
    loop_factory("uvloop")
except SettingsError as error:
    print(error)
"""


def test_asyncio_is_taken_when_it_is_named() -> None:
    loop = loop_factory("asyncio")()

    loop.close()

    assert isinstance(loop, asyncio.BaseEventLoop)


def test_uvloop_is_taken_where_it_is_installed() -> None:
    pytest.importorskip("uvloop")

    loops = [loop_factory("auto")(), loop_factory("uvloop")()]

    for loop in loops:
        loop.close()
    assert [type(loop).__module__ for loop in loops] == ["uvloop", "uvloop"]


def test_without_uvloop_asyncio_is_taken_and_uvloop_by_name_is_refused() -> None:
    arguments = [sys.executable, "-c", WITHOUT_UVLOOP]

    printed = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout.splitlines()

    assert printed[0].startswith("asyncio")
    assert printed[1] == (
        'loop is "uvloop", but uvloop is not installed: pip install uvloop, or set loop to "auto".'
    )
