"""The one table of settings: name, type, limits, default and explanation.

`--help`, the checks in settings.py and docs/configuration.md follow the fields of `Settings`.
"""

from __future__ import annotations

import ipaddress
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal, get_args

import msgspec
from msgspec import Meta

PREFIX: Final = "UPROOT_AIO_"
MAP_SIZE_BYTES: Final = 1 << (40 if sys.maxsize > 1 << 32 and sys.platform != "win32" else 30)
"""An address range where the platform allows; a 32-bit process lacks it, Windows fills the file at once."""

_API_KEY = re.compile(r"[!-+\--~]+")
_HOST_NAME = re.compile(r"(?!.*\.\d+$)(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _is_host(value: object) -> bool:
    try:
        return bool(ipaddress.ip_address(str(value)))
    except ValueError:
        return _HOST_NAME.fullmatch(str(value)) is not None


def _are_api_keys(value: object) -> bool:
    return isinstance(value, tuple) and all(_API_KEY.fullmatch(key) for key in value)


def _is_folder_or_free(value: object) -> bool:
    return isinstance(value, Path) and (value.is_dir() or not value.exists())


def _about(
    description: str,
    allowed: str,
    *,
    metavar: str = "N",
    default: str = "",
    secret: bool = False,
    check: object = None,
    least: float | None = None,
    most: float | None = None,
) -> Meta:
    """One row of the table; `default` replaces the default's own text in help and documentation."""
    extra = {"allowed": allowed, "metavar": metavar, "default": default, "secret": secret, "check": check}
    return Meta(description=description, ge=least, le=most, extra=extra)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How this server runs. Only the command line and app.py see it; other modules are given values."""

    host: Annotated[
        str,
        _about(
            "Address to listen on. Unless it is a loopback address, other machines can reach the server and a"
            " password is required.",
            "an IP address or a host name, without scheme, port or brackets",
            metavar="HOST",
            check=_is_host,
        ),
    ] = "127.0.0.1"
    port: Annotated[
        int,
        _about(
            "Port to listen on; 0 takes any free one.",
            "a whole number from 0 to 65535",
            metavar="PORT",
            least=0,
            most=65535,
        ),
    ] = 8000
    experiments: Annotated[
        Path,
        _about("Folder with the apps.", "a folder", metavar="DIR", check=_is_folder_or_free),
    ] = Path("experiments")
    data: Annotated[
        Path,
        _about(
            "Folder that keeps all sessions; made if missing.",
            "a folder",
            metavar="DIR",
            check=_is_folder_or_free,
        ),
    ] = Path("data")
    durability: Annotated[
        Literal["fsync", "os"],
        _about(
            "What is awaited before anybody hears of a change: `fsync` the disk, which survives a power cut;"
            " `os` the operating system, which is faster and survives only a killed server.",
            '"fsync" or "os"',
            metavar="fsync|os",
        ),
    ] = "fsync"
    loop: Annotated[
        Literal["auto", "asyncio", "uvloop"],
        _about(
            "Event loop: `auto` takes uvloop where it is installed.",
            '"auto", "asyncio" or "uvloop"',
            metavar="auto|asyncio|uvloop",
        ),
    ] = "auto"
    show_errors: Annotated[
        bool | None,
        _about(
            "Whether participants' browsers get the text of exceptions in live methods, hooks and templates.",
            "true or false",
            metavar="",
            default="only on a loopback address",
        ),
    ] = None
    frame_bytes: Annotated[
        int,
        _about(
            "Largest message that a browser may send, in bytes.",
            "a whole number from 1024 to 67108864",
            least=1024,
            most=1 << 26,
        ),
    ] = 1 << 20
    calls_in_flight: Annotated[
        int,
        _about(
            "Most unanswered live calls of one page load.",
            "a whole number from 1 to 10000",
            least=1,
            most=10_000,
        ),
    ] = 64
    live_timeout_seconds: Annotated[
        float,
        _about(
            "Seconds after which a live call is cancelled, unless its method says otherwise.",
            "a number of seconds from 0.1 to 86400",
            metavar="SECONDS",
            least=0.1,
            most=86_400,
        ),
    ] = 60.0
    map_size_bytes: Annotated[
        int,
        _about(
            "Most bytes that the data may ever take: an address range, not disk space.",
            "a whole number from 1048576 to 140737488355328",
            default="1099511627776 (1 TiB); 1 GiB on Windows and 32-bit systems",
            least=1 << 20,
            most=1 << 47,
        ),
    ] = MAP_SIZE_BYTES
    admin_password: Annotated[
        str | None,
        _about(
            "Password for the experimenter's pages; required unless the host is a loopback address.",
            "a text that is not empty",
            default="none: on a loopback address the start page shows a one-click login",
            secret=True,
            check=bool,
        ),
    ] = None
    api_keys: Annotated[
        tuple[str, ...],
        _about(
            "Bearer keys of the REST interface; without any it is off. The variable takes them with commas.",
            "a list of keys of printable ASCII characters without blanks and commas",
            default="none",
            secret=True,
            check=_are_api_keys,
        ),
    ] = ()

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_loopback(self.host)

    @property
    def shows_errors(self) -> bool:
        """Whether the text of exceptions reaches browsers: `show_errors`, by default on loopback only."""
        return self.is_loopback if self.show_errors is None else self.show_errors

    def __repr__(self) -> str:
        """Hide the secrets, since logs and tracebacks show this text."""
        shown = (
            f"{name}={'...' if setting.secret else repr(getattr(self, name))}"
            for name, setting in SETTINGS.items()
        )
        return f"Settings({', '.join(shown)})"


@dataclass(frozen=True, slots=True)
class Setting:
    """What the table says about one setting. Secrets have no flag, since other users see command lines."""

    name: str
    type: object
    explanation: str
    allowed: str
    metavar: str
    default: str
    secret: bool
    check: object

    @property
    def flag(self) -> str | None:
        """The flag, as `--frame-bytes`."""
        return None if self.secret else f"--{self.name.replace('_', '-')}"

    @property
    def variable(self) -> str:
        """The environment variable, as `UPROOT_AIO_FRAME_BYTES`."""
        return PREFIX + self.name.upper()


def _table() -> Iterator[Setting]:
    for field in msgspec.structs.fields(Settings):
        meta = next(part for part in get_args(field.type) if isinstance(part, Meta))
        extra = {"default": "", **(meta.extra or {})}
        yield Setting(
            name=field.name,
            type=field.type,
            explanation=meta.description or "",
            allowed=extra["allowed"],
            metavar=extra["metavar"],
            default=extra["default"] or f"{field.default}",
            secret=extra["secret"],
            check=extra["check"],
        )


SETTINGS: Final[Mapping[str, Setting]] = {setting.name: setting for setting in _table()}
