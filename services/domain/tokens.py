"""Tokens of the API: which scopes go together, and what becomes of the list when one is issued or revoked."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final

from pydantic import ValidationError

from schemas.access import Access, Scope
from schemas.errors import Fault
from schemas.faults import faults_of
from services.domain.encoding import digest_of

OF_A_PERSON: Final = frozenset({Scope.ACKNOWLEDGE, Scope.ROSTER_WRITE, Scope.AGREEMENTS_WRITE})
"""Scopes of what a person answers for: only for tokens that are bound to an officer."""
OF_THE_CONSOLE: Final = frozenset({Scope.EVENTS_READ, Scope.OPERATE, Scope.AUDIT_READ, Scope.CALENDAR_READ})
"""Scopes that an administrator gives a program in the console: none that allows more than he may himself. Whatever
sends, erases or shows who was shown what is given by a command on the node's machine, which leaves another trace."""
BOARD: Final = "board-"
"""How the names of tokens begin that read events and are shown nothing personal, whoever has issued them."""
OF_SESSIONS: Final = "console-"
"""How the access of somebody in the console is named (``services.domain.sessions``): no token takes such a name."""
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
    if name.startswith(OF_SESSIONS):
        mend = f"names that begin with {OF_SESSIONS} are those of officers in the console; take another one"
        return (Fault("token.name_kept", "token.name", mend),)
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


def judge_of_console(access: Access) -> Fault | None:
    """Tell why an administrator cannot issue this token in the console, or None."""
    if access.officer is not None or not OF_THE_CONSOLE.issuperset(access.scopes):
        mend = "this is given on the node's machine only: `sihu token issue`"
        return Fault("token.by_command", "scopes", mend)
    if Scope.EVENTS_READ in access.scopes and not access.name.startswith(BOARD):
        mend = f"begin the name with {BOARD}: a token that reads events and is issued here is shown nothing personal"
        return Fault("token.no_board", "name", mend)
    return None


def is_board(access: Access) -> bool:
    """Tell whether nothing personal is shown by this access, which is bound to nobody."""
    return access.officer is None and access.name.startswith(BOARD)


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
