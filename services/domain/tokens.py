"""Tokens of the API: which scopes go together, and what becomes of the list when one is issued or revoked."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pydantic import ValidationError

from schemas.access import Access, Scope
from schemas.consoles import AuditEntry
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
_AT_ONCE: Final = timedelta(seconds=1)
"""A token and the line of the log about it have one time, which files and databases keep to other fractions."""


@dataclass(frozen=True, slots=True)
class LeftOver:
    """A token in force that the console would issue no more.

    Attributes:
        by: Who issued it there, as the audit log says; empty if the log does not reach back to it, so that nobody can
            tell whether the console or a command did.
    """

    access: Access
    by: str


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


def left_over(
    tokens: Iterable[Access], issued: Sequence[AuditEntry], oldest: AuditEntry | None, now: datetime
) -> tuple[LeftOver, ...]:
    """Return the tokens in force that the console issued by an earlier rule, or may have issued.

    The file does not say who issued a token. Commands write no line, so the line of the audit log does.

    Args:
        tokens: Every one.
        issued: Lines of the log about tokens that the console issued.
        oldest: The oldest line that is kept, None if there is none.
        now: Aware UTC.
    """
    found = []
    for one in tokens:
        if one.revoked_at is not None or one.expires_at <= now or judge_of_console(one) is None:
            continue
        line = next((row for row in issued if row.about == one.name and abs(row.at - one.issued_at) < _AT_ONCE), None)
        is_told = oldest is None or oldest.number == 1 or one.issued_at >= oldest.at
        if line is not None or (not is_told and one.officer is None):
            found.append(LeftOver(one, line.officer if line else ""))
    return tuple(found)


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
