"""Whom a county tells of its own affairs under an agreement, and on which channel.

Source: docs/protocol.md, sections "Key changes" and "Encrypted content".
"""

from datetime import datetime

from schemas.agreements import Agreement
from schemas.control import ChainKind
from schemas.ids import CountyCode
from services.domain.chain import channel_of
from services.domain.trust import Trust


def partners_of(agreement: Agreement, county: str, trust: Trust) -> tuple[CountyCode, ...]:
    """Return all other parties that are members still, ascending."""
    return tuple(sorted(party for party in agreement.parties if party != county and party in trust.members))


def partners_channel(agreement: Agreement, county: str, trust: Trust) -> str:
    """Return the event channel of a county to all its partners."""
    return channel_of(ChainKind.EVENT, county, agreement.id, partners_of(agreement, county, trust))


def is_partner_at(agreement: Agreement, county: str, trust: Trust, at: datetime) -> bool:
    """Tell whether an agreement is in force at a time and gives a county anybody to tell."""
    in_force = agreement.valid_from <= at < agreement.valid_until
    return in_force and county in agreement.parties and bool(partners_of(agreement, county, trust))
