"""Session settings as authors read them: a dict that also has its keys as attributes, and cannot be changed."""

from __future__ import annotations

from typing import Any, NoReturn


class FrozenDottedDict(dict[str, Any]):
    """A dict whose top-level keys are attributes too; nested dicts are plain. It refuses to be changed."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(
                f'The settings have no "{name}". There are: {", ".join(map(str, self)) or "none"}.'
            ) from None

    def _refuse(self, *_arguments: object, **_named: object) -> NoReturn:
        raise TypeError("The settings cannot be changed here. Give them when the session is made.")

    __setattr__ = _refuse
    __delattr__ = _refuse
    __setitem__ = _refuse
    __delitem__ = _refuse
    __ior__ = _refuse
    clear = update = setdefault = pop = popitem = _refuse
