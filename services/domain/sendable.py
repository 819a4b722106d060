"""What a county may send now: which types, under which agreement, to whom. The compose page offers just that.

Source: docs/protocol.md, section "Agreements"; the judgement itself is ``services.domain.sharing``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from schemas.agreements import Agreement
from schemas.base import InformationClass
from schemas.catalogue import model_of
from services.domain.sharing import CONTROL_PREFIX, taking_part
from services.domain.trust import Trust


@dataclass(frozen=True, slots=True)
class Sendable:
    """One type under one agreement.

    Attributes:
        recipients: Whom the grants allow, by code; never ourselves.
    """

    wire_type: str
    agreement: str
    recipients: tuple[str, ...]
    information_class: InformationClass


def sendable(trust: Trust, county: str, now: datetime) -> list[Sendable]:
    """Return what ``county`` may send at ``now``, by type, then by agreement."""
    found = [
        one
        for held in trust.agreements.values()
        if _is_open(held.agreement, county, now) and county in taking_part(trust, held.agreement)
        for one in _under(trust, held.agreement, county)
    ]
    return sorted(found, key=lambda one: (one.wire_type, one.agreement))


def _is_open(agreement: Agreement, county: str, now: datetime) -> bool:
    return county in agreement.parties and agreement.valid_from <= now < agreement.valid_until


def _under(trust: Trust, agreement: Agreement, county: str) -> Iterator[Sendable]:
    present = set(taking_part(trust, agreement)) - {county}
    reached: dict[str, set[str]] = {}
    for grant in agreement.grants:
        if grant.sources is not None and county not in grant.sources:
            continue
        to = present if grant.recipients is None else present & set(grant.recipients)
        for wire_type in grant.types:
            reached.setdefault(wire_type, set()).update(to)
    for wire_type, counties in reached.items():
        model = model_of(wire_type)
        if model is None or wire_type.startswith(CONTROL_PREFIX) or not counties:
            continue
        yield Sendable(wire_type, agreement.id, tuple(sorted(counties)), model.information_class)
