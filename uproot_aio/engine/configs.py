"""Which apps a config names."""

from __future__ import annotations

from collections.abc import Container


def apps_of_config(apps: Container[str], config: str) -> list[str] | None:
    """Return the apps that a config runs, None if there is no such config.

    Every app is a config of its own name; "~name" means the same.
    """
    app = config.removeprefix("~")
    return [app] if app in apps else None
