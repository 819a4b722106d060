"""An agreement before anybody has signed it: from what was written down to the document that every party signs.

Command, API and console judge a draft by these functions, so that what one of them takes the others take.

Source: docs/protocol.md, section "Agreements"
"""

from collections.abc import Iterator
from typing import Final

from pydantic import ValidationError

from schemas.agreements import Agreement
from schemas.documents import SignedDocument
from schemas.envelope import PayloadType
from schemas.errors import Fault
from schemas.faults import faults_of
from schemas.registry import Registry
from services.domain.documents import draft
from services.domain.encoding import parse_strict
from services.domain.trust import Trust

DRAFT_MAX_BYTES: Final = 1024 * 1024


def read_draft(data: bytes, *, what: str) -> Agreement | tuple[Fault, ...]:
    """Read what somebody wrote, as JSON; every fault names its field, behind ``draft.``.

    Args:
        data: UTF-8.
        what: Names the input in faults that no field can be given for.
    """
    value = parse_strict(data, max_bytes=DRAFT_MAX_BYTES, what=what)
    if isinstance(value, Fault):
        return (value,)
    try:
        return Agreement.model_validate_json(data)
    except ValidationError as error:
        return faults_of(error, "draft")


def judge_draft(agreement: Agreement, trust: Trust) -> tuple[Fault, ...]:
    """Tell what keeps a coherent draft from being signed in this county: parties that nobody knows, an old version."""
    return tuple(_objections(agreement, trust))


def _objections(agreement: Agreement, trust: Trust) -> Iterator[Fault]:
    stranger = judge_members(agreement, trust.registry)
    if stranger is not None:
        yield stranger
    newest = trust.agreement(agreement.id)
    if newest is not None and agreement.version <= newest.agreement.version:
        last = newest.agreement.version
        yield Fault("agreement.older", "version", f"version {last} is in force here; write {last + 1}")


def judge_members(agreement: Agreement, registry: Registry) -> Fault | None:
    """Refuse an agreement with a party that the registry does not know: nobody could judge its signature."""
    members = {member.county for member in registry.members}
    stranger = next((party for party in agreement.parties if party not in members), None)
    if stranger is None:
        return None
    return Fault(
        "agreement.not_member", "parties", f"{stranger} is no member of the registry; only members can be parties"
    )


def judge_party(agreement: Agreement, county: str) -> Fault | None:
    """Refuse an agreement that a county has no part in."""
    if county in agreement.parties:
        return None
    mend = f"{county} is no party of {agreement.id}; there is nothing to sign or adopt here"
    return Fault("agreement.not_party", "parties", mend)


def unsigned(agreement: Agreement) -> SignedDocument:
    """Fix a draft as the document to be signed: from now on its bytes stay as they are."""
    return draft(PayloadType.AGREEMENT, agreement)
