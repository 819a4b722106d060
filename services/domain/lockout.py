"""Failures become waiting: for the officer who is guessed at, and for the address that guesses.

An attempt is counted before it is looked at, and taken back if it was good: so a hundred that come at once are a
hundred, not one. Officers whom nobody knows are counted as all others are, so that counting tells nothing.
"""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from schemas.consoles import ADDRESS_MAX, Tally

_IPV6_NETWORK: Final = 64
"""Bits that one subscriber has at least: the rest he changes as he likes."""


@dataclass(frozen=True, slots=True)
class Rule:
    """After how many failures it begins, and for how long it locks: doubled with each further one."""

    failures: int
    first: timedelta
    longest: timedelta
    forgets: timedelta
    """So long after the last attempt it is counted from nothing again."""


OFFICER: Final = Rule(5, timedelta(minutes=1), timedelta(minutes=15), timedelta(hours=1))
"""Guessing at one officer: a hundred a day at most, and the officer waits a quarter of an hour at worst."""
ADDRESS: Final = Rule(20, timedelta(minutes=1), timedelta(hours=1), timedelta(hours=2))
"""Guessing from one address: a whole office may stand behind it."""


def officer_key(officer: str) -> str:
    """Return under what the failures of an officer are counted, known or not; whatever was typed, it is short."""
    return f"officer:{officer[:ADDRESS_MAX]}"


def address_key(address: str) -> str:
    """Return under what those of an address are counted: an IPv6 one with all its neighbours."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return f"address:{address[:ADDRESS_MAX]}"
    if found.version == 6:  # noqa: PLR2004 - the number of the protocol
        return f"address:{ipaddress.ip_network((int(found), _IPV6_NETWORK), strict=False)}"
    return f"address:{found}"


def locked_until(tally: Tally | None, now: datetime) -> datetime | None:
    """Return until when attempts are refused, None if they are not."""
    return tally.locked_until if tally and tally.locked_until and now < tally.locked_until else None


def tried(tally: Tally | None, key: str, rule: Rule, now: datetime) -> Tally:
    """Count one attempt that is about to be looked at."""
    old = 0 if tally is None or now - tally.failed_at >= rule.forgets else tally.failures
    failures = old + 1
    return Tally(key, failures, now, now + _wait(failures, rule) if failures >= rule.failures else None)


def _wait(failures: int, rule: Rule) -> timedelta:
    doublings = min(failures - rule.failures, 16)
    return min(rule.first * (1 << doublings), rule.longest)


def taken_back(tally: Tally) -> Tally:
    """One attempt that was counted was good; the lock that it set goes, for an earlier one would have refused it."""
    return Tally(tally.key, max(0, tally.failures - 1), tally.failed_at, None)
