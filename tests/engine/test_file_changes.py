"""Changed files are heard of, also when the system refuses to tell of them."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path

import pytest

from uproot_aio.engine.file_changes import changes_in


class LiftTheLimit(logging.Handler):
    """Allows as many open files as before when something is logged."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._before = resource.getrlimit(resource.RLIMIT_NOFILE)

    def emit(self, record: logging.LogRecord) -> None:
        self.lift()

    def lift(self) -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, self._before)


@contextmanager
def no_more_files() -> Iterator[None]:
    """Refuse the system's notification, for which no file is left, until that is logged."""
    lift = LiftTheLimit()
    logging.getLogger("uproot_aio").addHandler(lift)
    lowest_free = os.dup(0)
    os.close(lowest_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    try:
        yield
    finally:
        lift.lift()
        logging.getLogger("uproot_aio").removeHandler(lift)


async def test_where_the_system_refuses_to_tell_the_folder_is_looked_through(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    changes = changes_in(tmp_path, of_interest=lambda change, path: True, look_again_ms=100)

    async with asyncio.timeout(20), aclosing(changes):
        with no_more_files():
            assert await anext(changes) == set()
        (tmp_path / "app.py").touch()
        found = set[str]()
        while not found:
            found = {path for _, path in await anext(changes)}

    assert found == {str(tmp_path / "app.py")}
    assert "fs.inotify.max_user_instances" in caplog.text
