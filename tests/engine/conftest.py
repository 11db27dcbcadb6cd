"""What tests of the engine may ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.engine.small_engine import Engine, running_engine


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    """Run an engine over a log in memory."""
    async with running_engine() as running:
        yield running
