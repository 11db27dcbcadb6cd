"""A method that loops without await is named in the log, with the line where it stands."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pytest

from uproot_aio.engine.watchdog import Watchdog

PATIENCE_SECONDS = 0.01


class Ear(logging.Handler):
    """Tells other threads that something was logged."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.set()


@pytest.fixture
def ear() -> Iterator[Ear]:
    ear = Ear()
    logging.getLogger().addHandler(ear)  # after the one of caplog
    yield ear
    logging.getLogger().removeHandler(ear)


def stand_still(ear: Ear) -> None:
    """Do what a method does that loops without await, until the log says so."""
    assert ear.heard.wait(10)


async def test_who_stands_still_is_named_with_the_line(ear: Ear, caplog: pytest.LogCaptureFixture) -> None:
    watchdog = Watchdog(PATIENCE_SECONDS)
    watchdog.running = "market/Trade.post_offer"

    stand_still(ear)
    watchdog.close()

    assert "market/Trade.post_offer has not awaited anything" in caplog.text
    assert "in stand_still" in caplog.text
    assert "asyncio.to_thread" in caplog.text


async def test_it_can_be_closed_while_it_waits_for_a_loop_that_stood_still(ear: Ear) -> None:
    watchdog = Watchdog(PATIENCE_SECONDS)
    stand_still(ear)

    closing = threading.Thread(target=watchdog.close)
    closing.start()
    closing.join(10)

    assert not closing.is_alive()


async def test_it_can_be_closed_at_once() -> None:
    for _ in range(50):
        Watchdog(PATIENCE_SECONDS).close()
