"""An experimenter without a browser: logs in, follows no redirects, sends forms as a page of ours would."""

from __future__ import annotations

import html as html_module
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from tests.conftest import Lab


@dataclass
class Experimenter:
    """Somebody at the experimenter's pages of a lab."""

    lab: Lab
    http: aiohttp.ClientSession
    csrf: str = ""

    @property
    def address(self) -> str:
        return self.lab.server.address

    @property
    def origin(self) -> dict[str, str]:
        """The header that a browser sends from our own pages."""
        return {"Origin": self.address.rstrip("/")}

    async def get(self, path: str, **options: str) -> tuple[int, str]:
        """Return status and text of a page."""
        async with self.http.get(self.address + path, allow_redirects=False, headers=options) as response:
            return response.status, await response.text()

    async def post(
        self, path: str, headers: dict[str, str] | None = None, **form: str
    ) -> tuple[int, str, str]:
        """Send a form; return status, text and where it leads."""
        async with self.http.post(
            self.address + path,
            data={"csrf": self.csrf, **form},
            headers=self.origin if headers is None else headers,
            allow_redirects=False,
        ) as response:
            return response.status, await response.text(), response.headers.get("Location", "")

    @property
    def token(self) -> str:
        """The token of the one-click login."""
        url = self.lab.server.login_url
        assert url is not None
        return url.rpartition("#")[2]

    async def log_in(self) -> None:
        """Log in with the link and learn the token of forms."""
        status, _, _ = await self.post("admin/login/", token=self.token)
        assert status == 303
        _, html = await self.get("admin/")
        found = re.search(r'name="csrf" value="([^"]+)"', html)
        assert found
        self.csrf = found[1]

    def feed(self, session: str, after: int) -> aiohttp.client._WSRequestContextManager:
        """Connect to a session's feed."""
        path = f"admin/session/{session}/feed/?after={after}"
        return self.http.ws_connect(self.address.replace("http", "ws", 1) + path, headers=self.origin)


@asynccontextmanager
async def stranger(lab: Lab) -> AsyncIterator[Experimenter]:
    """Give somebody who is not logged in."""
    jar = aiohttp.CookieJar(unsafe=True)  # keeps cookies of a host that is a number
    async with aiohttp.ClientSession(cookie_jar=jar) as http:
        yield Experimenter(lab, http)


@asynccontextmanager
async def experimenter(lab: Lab) -> AsyncIterator[Experimenter]:
    """Give somebody who is logged in."""
    async with stranger(lab) as person:
        await person.log_in()
        yield person


def visible_text(html: str) -> str:
    """Return what a reader sees, roughly."""
    return html_module.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)))


class SetClock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def time(self) -> float:
        return self.now
