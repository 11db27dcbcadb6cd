"""Which versions of Python and its packages a session was made with."""

from __future__ import annotations

import functools
import platform
from collections.abc import Mapping
from importlib.metadata import distributions


@functools.cache
def installed_packages() -> Mapping[str, str]:
    """Return the version of every installed distribution, and of `python`. Blocks at the first call: use a thread."""
    found = {"python": platform.python_version()}
    for distribution in distributions():
        name = distribution.metadata["Name"]
        if name:  # a broken installation may leave one without
            found.setdefault(name, distribution.version)
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))
