"""What comes to its end: registry, agreements, the certificate of the link. A warning from 30 days before.

An end warns and never stops an incident alert by itself; see docs/protocol.md, section "Trust".
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.domain.trust import Trust

WARN_BEFORE: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Expiry:
    """Something and its last moment.

    Attributes:
        about: Names it for ever: a renewed one has another name.
        title: What an officer calls it.
        ends_at: Aware UTC.
    """

    about: str
    title: str
    ends_at: datetime


def ends_of(trust: Trust, certificate_ends_at: datetime | None) -> list[Expiry]:
    """Return everything this node stands on that has an end; None: the link shows no certificate."""
    found = [
        Expiry(f"registry {trust.registry.version}", f"名册第 {trust.registry.version} 版", trust.registry.expires_at)
    ]
    for one in trust.agreements.values():
        agreement = one.agreement
        named = f"{agreement.id}@{agreement.version}"
        found.append(Expiry(f"agreement {named}", f"协议 {named}", agreement.valid_until))
    if certificate_ends_at is not None:
        stamp = f"{certificate_ends_at:%Y%m%dT%H%M%SZ}"
        found.append(Expiry(f"certificate {stamp}", "连接枢纽的证书", certificate_ends_at))
    return found


def expiring(ends: Iterable[Expiry], now: datetime) -> list[Expiry]:
    """Return what ends within 30 days, or has ended."""
    return [one for one in ends if one.ends_at - now <= WARN_BEFORE]
