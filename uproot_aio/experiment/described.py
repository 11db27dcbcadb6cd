"""Say a value in a message to an author: as it reads in code, never with an address in memory."""

from __future__ import annotations

import re
from reprlib import repr as short_repr
from types import FunctionType

ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def described(value: object) -> str:
    """Return the value as Python writes it, shortened, or else what kind of value it is: "an object"."""
    if not has_address(value):
        return short_repr(value)
    kind = "function" if isinstance(value, FunctionType) else type(value).__name__
    return f"{'an' if kind[0] in 'aeiouAEIOU' else 'a'} {kind}"


def has_address(value: object) -> bool:
    """Say whether Python writes this value with an address, or cannot write it at all."""
    try:
        return ADDRESS.search(repr(value)) is not None
    except Exception:  # `__repr__` is code of the author, which may raise anything
        return True
