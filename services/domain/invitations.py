"""What is kept of an invitation whose secret one person is told."""

from collections.abc import Iterable
from datetime import datetime

from pydantic import ValidationError

from schemas.consoles import Invitation, InvitationPaper
from schemas.errors import Fault
from schemas.faults import faults_of
from schemas.officers import Role
from services.domain.roles import roles_fit
from services.domain.sessions import digest_of_secret


def invitation_paper(
    secret: str, officer: str, display_name: str, roles: Iterable[Role], *, now: datetime, ends_at: datetime
) -> InvitationPaper | Fault:
    """Return an invitation for an officer with a name at a desk and roles that go together."""
    held = tuple(dict.fromkeys(roles))
    fault = roles_fit(held)
    if fault is not None:
        return fault
    try:
        return InvitationPaper(
            digest=digest_of_secret(secret),
            officer=officer,
            display_name=display_name,
            roles=held,
            made_at=now,
            ends_at=ends_at,
        )
    except ValidationError as exc:
        return faults_of(exc, "invitation")[0]


def invitation_of(paper: InvitationPaper, made_by: str) -> Invitation:
    """Return it as a row of the store."""
    held = paper.digest, paper.officer, paper.display_name, paper.roles
    return Invitation(*held, made_by, paper.made_at, paper.ends_at)
