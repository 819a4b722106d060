"""Tokens of the API: which scopes go together, and what becomes of the list when one is issued or revoked."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final

from pydantic import ValidationError

from schemas.access import Access, Scope
from schemas.errors import Fault
from schemas.faults import faults_of
from services.domain.encoding import digest_of

OF_A_PERSON: Final = frozenset({Scope.ACKNOWLEDGE, Scope.ROSTER_WRITE})
"""Scopes of what a person answers for: only for tokens that are bound to an officer."""
TOKENS_MAX: Final = 1024


def judge_scopes(scopes: Collection[Scope], officer: str | None) -> Fault | None:
    """Tell why a token cannot have these scopes, or None."""
    held = frozenset(scopes)
    if not held:
        return Fault("token.no_scope", "scopes", "choose at least one scope")
    if officer is None and held & OF_A_PERSON:
        return Fault("token.no_officer", "officer", "a person answers for it, not a machine: bind the token to one")
    if officer is not None and Scope.UNATTENDED in held:
        mend = (
            "an officer is asked for a second one; only an automatic source is not: leave out the officer or the scope"
        )
        return Fault("token.unattended_officer", "scopes", mend)
    if Scope.CALENDAR_READ in held and held != {Scope.CALENDAR_READ}:
        mend = "it stands in an address, which is logged and passed on: give it a token of its own"
        return Fault("token.not_alone", "scopes", mend)
    return None


def new_access(
    name: str, token: str, scopes: Iterable[Scope], officer: str | None, *, now: datetime, until: datetime
) -> Access | tuple[Fault, ...]:
    """Return what is kept of a new token, or what is wrong with it."""
    try:
        return Access(
            name=name,
            digest=digest_of(token.encode()),
            scopes=tuple(dict.fromkeys(scopes)),
            officer=officer,
            issued_at=now,
            expires_at=until,
        )
    except ValidationError as exc:
        return tuple(faults_of(exc, "token"))


def with_token(tokens: tuple[Access, ...], access: Access) -> tuple[Access, ...] | Fault:
    """Return the list with one more token; a name is in force once."""
    if any(one.name == access.name and one.revoked_at is None for one in tokens):
        mend = f"a token of this name is in force; `sihu token revoke {access.name}` first, or take another name"
        return Fault("token.exists", "name", mend)
    if len(tokens) >= TOKENS_MAX:
        return Fault("token.too_many", "", f"the list holds {TOKENS_MAX} at most, revoked ones too")
    return (*tokens, access)


def without_token(tokens: tuple[Access, ...], name: str, now: datetime) -> tuple[Access, ...] | Fault:
    """Return the list with a token of this name taken out of force."""
    if not any(one.name == name and one.revoked_at is None for one in tokens):
        return Fault("request.not_found", "name", "no token of this name is in force; `sihu token list` names them")
    return tuple(
        one.model_copy(update={"revoked_at": now}) if one.name == name and one.revoked_at is None else one
        for one in tokens
    )
