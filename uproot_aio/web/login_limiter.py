"""How long somebody who guesses passwords has to wait: longer with every failure.

Only the address of the connection counts. Forwarded headers are forged too easily: they would let an attacker evade the
limit, or shut out others. The second, global limit slows down who guesses from many addresses.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass

from uproot_aio.engine.clock import Clock

FREE_FAILURES = 3
LONGEST_DELAY_SECONDS = 300.0
FREE_FAILURES_OF_ALL = 100
LONGEST_DELAY_OF_ALL_SECONDS = 10.0
FORGET_SECONDS = 3600.0
MOST_ADDRESSES = 10_000
EVERYBODY = "everybody"


@dataclass(slots=True)
class _Failures:
    count: int = 0
    until: float = 0.0
    last: float = 0.0


class LoginLimiter:
    """Counts attempts to log in, before they are checked, so that simultaneous ones count too. In memory only."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._addresses: OrderedDict[str, _Failures] = OrderedDict()
        self._everybody = _Failures()

    def wait_seconds(self, address: str | None) -> float:
        """Return how long this address must wait before its next attempt is looked at; 0 if not at all."""
        now = self._clock.time()
        own = self._addresses.get(network_of(address), _Failures())
        return max(0.0, own.until - now, self._everybody.until - now)

    def attempt(self, address: str | None) -> None:
        """Count an attempt that is about to be checked."""
        now = self._clock.time()
        own = self._addresses.setdefault(network_of(address), _Failures())
        self._addresses.move_to_end(network_of(address))
        if len(self._addresses) > MOST_ADDRESSES:
            self._addresses.popitem(last=False)
        _count(own, now, FREE_FAILURES, LONGEST_DELAY_SECONDS)
        _count(self._everybody, now, FREE_FAILURES_OF_ALL, LONGEST_DELAY_OF_ALL_SECONDS)

    def success(self, address: str | None) -> None:
        """Forget the failures of an address that has logged in."""
        self._addresses.pop(network_of(address), None)
        self._everybody.count = max(0, self._everybody.count - 1)


def _count(failures: _Failures, now: float, free: int, longest: float) -> None:
    if now - failures.last > FORGET_SECONDS:
        failures.count = 0
    failures.count += 1
    failures.last = now
    if failures.count >= free:
        failures.until = now + min(longest, 2.0 ** min(failures.count - free, 30))


def network_of(address: str | None) -> str:
    """Return what stands for an address: itself, or of an IPv6 address the /64 that one household has."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return address or ""
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
