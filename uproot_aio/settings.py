"""Settings of the server; flags, environment variables and uproot_aio.toml are read here and nowhere else.

A flag wins over the environment, the environment over the file, the file over the default. What is possible,
and what it means, stands in settings_table.py.
"""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final, get_args, get_origin

import msgspec

from uproot_aio.errors import SettingsError
from uproot_aio.settings_table import PREFIX, SETTINGS, Setting, Settings

__all__ = ["FILE_NAME", "Settings", "load_settings", "refuse_open_door"]

FILE_NAME: Final = "uproot_aio.toml"
SHORTEST_PASSWORD: Final = 5


def load_settings(*, flags: Mapping[str, str], environment: Mapping[str, str], folder: Path) -> Settings:
    """Return the settings that the four sources give together; relative paths start at `folder`.

    Args:
        flags: the text of each flag that was given, by the setting's name.
        environment: all environment variables; those that begin with `UPROOT_AIO_` are settings.
        folder: where `uproot_aio.toml` may be.

    Raises:
        SettingsError: an unknown name or an impossible value, also where a stronger source overrides it.
    """
    values: dict[str, object] = {"experiments": folder / "experiments", "data": folder / "data"}
    for name, value in _read_file(folder / FILE_NAME).items():
        setting = _named(name, list(SETTINGS), FILE_NAME)
        values[setting.name] = _convert(setting, value, f"{FILE_NAME}: {name}", folder, strict=True)
    variables = [setting.variable for setting in SETTINGS.values()]
    for variable, text in sorted(environment.items()):
        if variable.startswith(PREFIX):
            setting = _named(variable, variables, "environment")
            values[setting.name] = _convert(setting, _from_text(setting, text), variable, folder)
    for name, text in flags.items():
        setting = SETTINGS[name]
        values[name] = _convert(setting, _from_text(setting, text), setting.flag or name, folder)
    return msgspec.convert(values, Settings, dec_hook=_path)


def refuse_open_door(settings: Settings) -> None:
    """Raise SettingsError if other machines could reach the experimenter's pages without a good password."""
    if not settings.is_loopback and settings.admin_password is None:
        raise SettingsError(
            f"host {settings.host} can be reached from other machines, so the experimenter's pages need a"
            f" password: set {PREFIX}ADMIN_PASSWORD (or admin_password in {FILE_NAME}), or use 127.0.0.1."
        )
    if not settings.is_loopback and len(settings.admin_password or "") < SHORTEST_PASSWORD:
        raise SettingsError(
            f"host {settings.host} can be reached from other machines, and admin_password is short enough to be"
            f" guessed: give it at least {SHORTEST_PASSWORD} characters, better a dozen."
        )


def _read_file(path: Path) -> dict[str, object]:
    """Return what uproot_aio.toml says; nothing if there is none."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{path.name} is not valid TOML: {error}.") from None
    except OSError as error:
        raise SettingsError(f"{path.name} cannot be read: {error.strerror}.") from None


def _named(name: str, names: list[str], source: str) -> Setting:
    """Return the setting called `name`, or say which of `names` comes nearest."""
    if name in names:
        return SETTINGS[name.removeprefix(PREFIX).lower()]
    alike = difflib.get_close_matches(_folded(name), [_folded(known) for known in names], n=1)
    known = next((known for known in names if alike and _folded(known) == alike[0]), None)
    advice = f"Did you mean {known}?" if known else f"There are {', '.join(names)}."
    raise SettingsError(f"{source}: unknown setting {_shown(name)}. {advice}")


def _folded(name: str) -> str:
    return name.lower().replace("-", "_")


def _from_text(setting: Setting, text: str) -> str | list[str]:
    """Return the text of a flag or variable without outer blanks, lists split; a password stays as it is."""
    if get_origin(get_args(setting.type)[0]) is tuple:
        return [part.strip() for part in text.split(",")] if text.strip() else []
    return text if setting.secret else text.strip()


def _convert(setting: Setting, value: object, source: str, folder: Path, *, strict: bool = False) -> object:
    """Return `value` as the setting's type; unless `strict`, texts are read as that type."""
    try:
        converted = msgspec.convert(value, setting.type, strict=strict, dec_hook=_path)
    except msgspec.ValidationError:
        raise _impossible(setting, value, source) from None
    if isinstance(converted, Path):
        converted = folder / converted.expanduser()
    if callable(setting.check) and not setting.check(converted):
        raise _impossible(setting, value, source)
    return converted


def _path(kind: type, value: object) -> object:
    """Decode what msgspec does not know: paths. The empty path would mean the current folder by accident."""
    if isinstance(value, kind):
        return value
    if kind is not Path or not isinstance(value, str) or not value or "\0" in value:
        raise msgspec.ValidationError("Expected a path")
    return Path(value)


def _impossible(setting: Setting, value: object, source: str) -> SettingsError:
    came = "cannot be used (not shown, it is secret)" if setting.secret else f"is {_shown(value)}"
    choices = [choice for choice in get_args(get_args(setting.type)[0]) if isinstance(choice, str)]
    alike = difflib.get_close_matches(str(value).lower(), choices, n=1)
    advice = f' Did you mean "{alike[0]}"?' if alike else ""
    return SettingsError(f"{source} {came}; it must be {setting.allowed}.{advice}")


def _shown(value: object) -> str:
    """Return `value` on one line, cut to what fits into a message."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:77]}..."
