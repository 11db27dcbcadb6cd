"""Where the parts of the experimenter's side are kept in the aiohttp application, and what they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aiohttp import web

from uproot_aio.engine.summaries import Summaries
from uproot_aio.web.admin_pages import AdminPages
from uproot_aio.web.admin_socket import AdminSockets
from uproot_aio.web.login_limiter import LoginLimiter
from uproot_aio.web.logins import Logins
from uproot_aio.web.page_errors import PageErrors

if TYPE_CHECKING:
    from uproot_aio.web.auth import Door


@dataclass(frozen=True, slots=True, kw_only=True)
class Admin:
    """What the experimenter's views need; `admin_parts.make_admin` makes them."""

    door: Door
    logins: Logins
    limiter: LoginLimiter
    pages: AdminPages
    summaries: Summaries
    sockets: AdminSockets
    page_errors: PageErrors

    @property
    def login_path(self) -> str | None:
        """The path of the one-click login, None if there is a password."""
        return None if self.door.token is None else f"admin/login/#{self.door.token}"


ADMIN: Final = web.AppKey("admin", Admin)
