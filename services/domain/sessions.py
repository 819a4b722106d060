"""How long a session lasts, and what it may do meanwhile."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from schemas.access import Access
from schemas.consoles import SECRET_MAX, Account, Session, Stage
from schemas.officers import Role
from services.domain.encoding import digest_of
from services.domain.roles import scopes_of

HALF: Final = timedelta(minutes=10)
"""From the password to the second factor."""
ENROLLING: Final = timedelta(minutes=30)
"""From an invitation to the first one-time password: an app has to be installed."""
IDLE: Final = timedelta(minutes=30)
IDLE_ON_DUTY: Final = timedelta(hours=12)
"""The duty desk is looked at, not clicked at: it must not go dark over an alert."""
WHOLE: Final = timedelta(hours=12)
"""A shift, whatever happens."""
LOOK: Final = timedelta(minutes=1)
"""How exactly it is kept when a session was last seen: a page that asks every second must not write every second."""
SECRET_BYTES: Final = 32
"""Random bytes of a session or an invitation; they travel as hex."""
_NAME_MAX: Final = 48


def digest_of_secret(secret: str) -> str:
    """Return under what a session or an invitation is kept; a text that is no secret of ours finds nothing."""
    return digest_of(secret[:SECRET_MAX].encode("utf-8", "replace"))


def idle_limit(roles: Iterable[Role]) -> timedelta:
    """Return after how long without a request a session is over."""
    return IDLE_ON_DUTY if Role.DUTY in roles else IDLE


def is_over(session: Session, roles: Iterable[Role], now: datetime) -> bool:
    """Tell whether a session has come to its end."""
    return now >= ends_at(session, roles)


def ends_at(session: Session, roles: Iterable[Role]) -> datetime:
    """Return when a session ends if nothing more comes."""
    limit = idle_limit(roles) if session.stage is Stage.FULL else WHOLE
    return min(session.ends_at, session.seen_at + limit)


def is_to_be_noted(session: Session, now: datetime) -> bool:
    """Tell whether it is to be written down that a session was seen."""
    return now - session.seen_at >= LOOK


def access_of(account: Account, session: Session) -> Access:
    """Return what the officer may ask of the API in this session."""
    return Access(
        name=f"console-{account.officer}"[:_NAME_MAX],
        digest=session.digest,
        scopes=scopes_of(account.roles),
        officer=account.officer,
        issued_at=session.created_at,
        expires_at=session.ends_at,
    )
