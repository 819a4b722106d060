"""Who calls, and may they? Bearer tokens are known by their digest only.

The token itself is never compared: its SHA-256 is looked up, so the time a look-up takes tells
nothing about any token, and nothing has to run in constant time.
"""

import re
from datetime import datetime
from typing import Final

from schemas.access import Access, Scope
from schemas.errors import Fault
from services.domain.encoding import digest_of
from services.ports import Directory

LIVE_PROTOCOL: Final = "sihu.live.v1"
_TOKEN_PROTOCOL: Final = "bearer."  # noqa: S105 - the name of a subprotocol, no secret
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]{1,512}=*", re.ASCII)
_FIELD: Final = "Authorization"


def token_of_header(authorization: str | None) -> str | None:
    """Return the token of an ``Authorization: Bearer`` header, or None."""
    scheme, _, token = (authorization or "").partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and _TOKEN.fullmatch(token) else None


def token_of_protocols(offered: str | None) -> str | None:
    """Return the token of ``Sec-WebSocket-Protocol: sihu.live.v1, bearer.<token>``, or None.

    A browser cannot set Authorization on a WebSocket; an address is logged too widely to hold such a token.
    """
    names = [name.strip() for name in (offered or "").split(",")]
    if LIVE_PROTOCOL not in names:
        return None
    tokens = [name.removeprefix(_TOKEN_PROTOCOL) for name in names if name.startswith(_TOKEN_PROTOCOL)]
    return tokens[0] if len(tokens) == 1 and _TOKEN.fullmatch(tokens[0]) else None


def admit_by_address(secret: str, *, directory: Directory, now: datetime) -> Access | None:
    """Decide whether an address that holds its own token opens the calendar.

    A calendar program that subscribes sends nothing but the address. Addresses are logged and passed on, so a token
    that opens anything else does not count there; and nobody is told why one does not.

    Args:
        secret: What stands in the address.
        directory: Knows every token's digest.
        now: Aware UTC.
    """
    if _TOKEN.fullmatch(secret) is None:
        return None
    access = admit(secret, directory=directory, scope=Scope.CALENDAR_READ, now=now)
    return access if isinstance(access, Access) and access.scopes == (Scope.CALENDAR_READ,) else None


def admit(token: str | None, *, directory: Directory, scope: Scope | None, now: datetime) -> Access | Fault:
    """Decide whether a token lets its caller in.

    Args:
        token: As sent, or None if none came.
        directory: Knows every token's digest, revoked and expired ones too.
        scope: What the address asks for; None asks for any valid token.
        now: Aware UTC.
    """
    if token is None:
        return Fault("access.missing", _FIELD, "send `Authorization: Bearer <token>`")
    access = directory.access(digest_of(token.encode("ascii")))
    if access is None:
        return Fault("access.unknown", _FIELD, "this token is not known here; ask the node's administrator for one")
    if access.revoked_at is not None and access.revoked_at <= now:
        return Fault("access.revoked", _FIELD, "this token was revoked; ask the node's administrator for a new one")
    if access.expires_at <= now:
        return Fault("access.expired", _FIELD, "this token has expired; ask the node's administrator for a new one")
    if scope is not None and scope not in access.scopes:
        return Fault("access.scope", _FIELD, f"this address needs the scope {scope}; use a token that has it")
    return access
