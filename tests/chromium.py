"""Find the Chromium that browser tests drive."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
APPLICATION: Final = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")

ARGUMENTS: Final = (
    "--no-sandbox",  # tests may run as root, where Chromium's sandbox does not start
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""For Playwright's `launch(args=...)`; the last five keep Chromium from calling home."""


def find_chromium(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Return the browser that CHROMIUM names, else the first that is installed."""
    if named := environment.get("CHROMIUM"):
        found = shutil.which(named, path=environment.get("PATH"))
        return Path(found) if found else None
    candidates = (shutil.which(name, path=environment.get("PATH")) for name in NAMES)
    found = next(filter(None, candidates), None)
    if found is None and APPLICATION.exists():
        return APPLICATION
    return Path(found) if found else None


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """Return the browser for Playwright's `launch(executable_path=...)`; without one, skip, or fail in CI."""
    found = find_chromium()
    if found is None:
        message = "no Chromium found: install chromium, or name one in the variable CHROMIUM"
        if os.environ.get("CI", "").lower() in {"true", "1"}:
            pytest.fail(message)
        pytest.skip(message)
    return found
