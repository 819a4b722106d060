"""Who may call the API: bearer tokens with scopes, kept only as digests."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from schemas.base import Model, WireTime
from schemas.ids import Digest, OfficerId


class Scope(StrEnum):
    """What a token allows."""

    EVENTS_READ = "events:read"
    EVENTS_WRITE = "events:write"
    UNATTENDED = "events:unattended"
    """Sending without a second officer what otherwise needs one: an automatic source whose documents two people
    released where they were made. Never for officer-bound tokens."""
    ACKNOWLEDGE = "events:acknowledge"
    """Only for officer-bound tokens."""
    OPERATE = "node:operate"
    """Metrics, notices, quarantine."""
    ERASE = "content:erase"
    """Destroying the content of own events, which cannot be taken back."""

    OPENINGS_READ = "openings:read"
    """Who was shown personal content: for the auditor."""

    AUDIT_READ = "audit:read"
    """What people did in the console: for the auditor and the administrator; nothing in it is content."""

    AGREEMENTS_WRITE = "agreements:write"
    """Putting agreements and suspensions in force that their parties have signed; only for officer-bound tokens, and
    only an officer of role liaison."""

    ROSTER_WRITE = "roster:write"
    """Changing who is on duty; only for officer-bound tokens."""

    ROSTER_NUMBERS = "roster:numbers"
    """Telephone numbers of the roster, whole instead of masked."""

    CALENDAR_READ = "calendar:read"
    """The calendar of campaigns and festivals by an address that holds the token, which has no other scope."""


class Access(Model):
    """One token: its SHA-256, what it allows, and the officer it is bound to, if any."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,47}$")]
    digest: Digest
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1, max_length=len(Scope), strict=False)]
    officer: OfficerId | None = None
    issued_at: WireTime
    expires_at: WireTime
    revoked_at: WireTime | None = None

    @property
    def is_unattended(self) -> bool:
        """Whether it sends without a second officer; whatever a file says, no token of an officer does."""
        return Scope.UNATTENDED in self.scopes and self.officer is None


class AccessList(Model):
    """The file of all tokens."""

    tokens: Annotated[tuple[Access, ...], Field(max_length=1024, strict=False)] = ()
