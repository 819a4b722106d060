"""Roles: what each may ask, which go together, and who sees nothing of people."""

from itertools import combinations

import pytest

from schemas.access import Scope
from schemas.errors import Fault
from schemas.officers import Role
from services.domain.roles import ALONE, SCOPES, ZH, may_open_personal, roles_fit, scopes_of

READ, WRITE, ANSWER, OPERATE = Scope.EVENTS_READ, Scope.EVENTS_WRITE, Scope.ACKNOWLEDGE, Scope.OPERATE
DUTY = {READ, WRITE, ANSWER, OPERATE, Scope.ROSTER_WRITE}


@pytest.mark.parametrize(
    ("role", "scopes"),
    [
        (Role.DUTY, DUTY),
        (Role.LIAISON, DUTY | {Scope.ROSTER_NUMBERS, Scope.ERASE, Scope.AGREEMENTS_WRITE}),
        (Role.REVIEWER, {READ, WRITE, ANSWER}),
        (Role.MEDIATOR, {READ, WRITE, ANSWER}),
        (Role.AUDITOR, {READ, Scope.OPENINGS_READ, Scope.AUDIT_READ}),
        (Role.ADMINISTRATOR, {READ, OPERATE, Scope.AUDIT_READ}),
    ],
)
def test_each_role_has_its_scopes(role: Role, scopes: set[Scope]) -> None:
    """One scope too many, and the auditor writes."""
    assert set(scopes_of([role])) == scopes


def test_every_role_is_in_the_tables() -> None:
    """A role that somebody adds must be thought through."""
    assert set(SCOPES) == set(ZH) == set(Role)


def test_scopes_of_several_roles_add_up_in_one_order() -> None:
    """Two spellings of one access would make two lines in every list."""
    assert scopes_of([Role.LIAISON, Role.DUTY]) == scopes_of([Role.DUTY, Role.LIAISON])
    assert len(set(scopes_of(Role))) == len(scopes_of(Role))
    assert scopes_of([]) == ()


def test_who_watches_and_who_keeps_the_system_stand_alone() -> None:
    """All pairs: an auditor on duty would audit himself."""
    for pair in combinations(Role, 2):
        assert (roles_fit(pair) is None) == (not set(pair) & ALONE)
    for role in Role:
        assert roles_fit([role]) is None
        assert roles_fit([role, role]) is None
    assert isinstance(roles_fit([]), Fault)


def test_auditor_and_administrator_see_nothing_of_people() -> None:
    """Neither handles anybody's matter."""
    assert [role for role in Role if not may_open_personal([role])] == [Role.AUDITOR, Role.ADMINISTRATOR]
    assert not may_open_personal([])
    assert not may_open_personal([Role.AUDITOR, Role.ADMINISTRATOR])
    assert may_open_personal([Role.AUDITOR, Role.DUTY])
