"""Who is logged in as the experimenter. In memory only: a restart ends all logins, no copy of the data holds one."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Final

import itsdangerous

from uproot_aio.engine.clock import Clock

USER: Final = "admin"
LIFETIME_SECONDS: Final = 24 * 3600
MOST_LOGINS: Final = 1000


@dataclass(slots=True, eq=False)
class Login:
    """One login. `form_token` proves that a form came from a page shown to it; `closers` end its open sockets."""

    nonce: str
    user: str
    created: float
    form_token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    closers: set[Callable[[], None]] = field(default_factory=set)


class Logins:
    """All logins, by the random part of their signed cookies."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._signer = itsdangerous.URLSafeSerializer(secrets.token_bytes(32), salt="uauth")
        self._logins: dict[str, Login] = {}

    def begin(self, user: str) -> str:
        """Log somebody in and return the value of their cookie."""
        for login in [login for login in self._logins.values() if not self.is_valid(login)]:
            self.end(login)
        if len(self._logins) >= MOST_LOGINS:
            self.end(next(iter(self._logins.values())))
        login = Login(secrets.token_urlsafe(24), user, self._clock.time())
        self._logins[login.nonce] = login
        return str(self._signer.dumps({"user": user, "created_at": login.created, "nonce": login.nonce}))

    def find(self, cookie: str | None) -> Login | None:
        """Return the login that a cookie stands for, if it is still valid."""
        try:
            said = self._signer.loads(cookie or "")
        except (itsdangerous.BadData, UnicodeError):
            return None
        login = self._logins.get(said["nonce"])
        return login if login is not None and self.is_valid(login) else None

    def is_valid(self, login: Login) -> bool:
        """Say whether a login has neither ended nor expired."""
        return (
            self._logins.get(login.nonce) is login and self._clock.time() - login.created < LIFETIME_SECONDS
        )

    def end(self, login: Login) -> None:
        """Log out and close what the login has open."""
        self._logins.pop(login.nonce, None)
        for close in tuple(login.closers):
            close()


def is_same_secret(given: str, expected: str) -> bool:
    """Compare in constant time; any text may be given."""
    return compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode("utf-8", "surrogatepass"))
