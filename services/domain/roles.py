"""What each role may do: one table, which whoever needs to know asks.

The auditor sees and changes nothing, and the administrator runs the node and sees nothing of people: each of the two
stands alone, so that nobody watches himself.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from schemas.access import Scope
from schemas.errors import Fault
from schemas.officers import Role

_AT_WORK: Final = frozenset({Scope.EVENTS_READ, Scope.EVENTS_WRITE, Scope.ACKNOWLEDGE})
_ON_DUTY: Final = _AT_WORK | {Scope.OPERATE, Scope.ROSTER_WRITE}

SCOPES: Final[Mapping[Role, frozenset[Scope]]] = {
    Role.DUTY: _ON_DUTY,
    Role.LIAISON: _ON_DUTY | {Scope.ROSTER_NUMBERS, Scope.ERASE, Scope.AGREEMENTS_WRITE},
    Role.REVIEWER: _AT_WORK,
    Role.MEDIATOR: _AT_WORK,
    Role.AUDITOR: frozenset({Scope.EVENTS_READ, Scope.OPENINGS_READ, Scope.AUDIT_READ}),
    Role.ADMINISTRATOR: frozenset({Scope.EVENTS_READ, Scope.OPERATE, Scope.AUDIT_READ}),
}
"""What the console lets each role ask of the API."""
ALONE: Final = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})
"""Roles that go together with no other."""
ZH: Final[Mapping[Role, str]] = {
    Role.DUTY: "值班员",
    Role.LIAISON: "联络员",
    Role.REVIEWER: "审核员",
    Role.MEDIATOR: "调解员",
    Role.AUDITOR: "审计员",
    Role.ADMINISTRATOR: "管理员",
}
"""What each is called."""


def scopes_of(roles: Iterable[Role]) -> tuple[Scope, ...]:
    """Return everything that these roles allow, in the order of ``Scope``."""
    allowed = frozenset[Scope]().union(*(SCOPES[role] for role in roles))
    return tuple(scope for scope in Scope if scope in allowed)


def roles_fit(roles: Iterable[Role]) -> Fault | None:
    """Tell why one person cannot have these roles together, or None."""
    held = frozenset(roles)
    if not held:
        return Fault("roles.none", "roles", "choose at least one role")
    if len(held) > 1 and (alone := sorted(held & ALONE)):
        mend = f"{alone[0]} goes together with no other role: give that work to another officer"
        return Fault("roles.not_together", "roles", mend)
    return None


def may_open_personal(roles: Iterable[Role]) -> bool:
    """Tell whether content about a person may be shown to somebody with these roles."""
    return bool(frozenset(roles) - ALONE)
