"""What an agreement permits. The same function runs at both ends, fail-closed.

Source: docs/protocol.md, section "Agreements".
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from schemas.agreements import Agreement, Grant
from schemas.base import InformationClass
from schemas.envelope import FILE_OVERHEAD_BYTES, ContentBinding, Header
from schemas.errors import Fault
from schemas.ids import CountyCode
from schemas.key_changes import Suspension
from services.domain.trust import AgreementInForce, Trust

CONTROL_PREFIX: Final = "cn.sihu.control."
_RANK: Final = {InformationClass.PUBLIC: 0, InformationClass.INTERNAL: 1, InformationClass.PERSONAL: 2}


@dataclass(frozen=True, slots=True)
class SharingAsk:
    """What is to be judged: the facts of one event, before or after its journey."""

    wire_type: str
    source: str
    recipients: tuple[str, ...]
    information_class: InformationClass
    purpose: str
    encrypted: bool
    size: int  # bytes of content
    at: datetime  # the source's claimed time
    place: tuple[str, str, int] | None = None  # channel, epoch, seq; None if it has none yet
    file_size: int = 0  # bytes of the file that goes with it, as it is read; 0 without one


def ask_of(header: Header) -> SharingAsk:
    """Read the facts from a header."""
    return SharingAsk(
        header.type,
        header.source,
        header.to,
        header.information_class,
        header.purpose,
        header.content.encoding != "none",
        header.content.size,
        header.time,
        (header.channel, header.epoch, header.seq),
        _file_size(header.content),
    )


def _file_size(binding: ContentBinding) -> int:
    if binding.chunks is None:
        return 0
    return binding.chunks.size - (FILE_OVERHEAD_BYTES if binding.encoding != "none" else 0)


def judge_sharing(agreement: Agreement | None, ask: SharingAsk) -> Fault | None:
    """Decide whether an agreement permits an event; None means permitted.

    Args:
        agreement: The agreement that the event names, or None if it is not in hand.
        ask: The facts. Control records are not judged here: see ``judge_membership``.
    """
    if agreement is None:
        return Fault("sharing.no_agreement", "agreement", "no such agreement is in force here; adopt it first")
    return (
        _outside_time(agreement, ask)
        or _outside_parties(agreement, ask)
        or _outside_matrix(agreement, ask)
        or _outside_class(agreement, ask)
        or _outside_limits(agreement, ask)
    )


def judge_event(trust: Trust, in_force: AgreementInForce | None, ask: SharingAsk) -> Fault | None:
    """Decide whether an event is permitted, by everything that is trusted here: the one function of both ends.

    Args:
        trust: What is trusted now.
        in_force: The agreement that the event names, or None if it is not in hand.
        ask: The facts.
    """
    fault = judge_sharing(in_force.agreement if in_force else None, ask)
    fault = fault or judge_membership(trust, ask.source, ask.recipients)  # a party may have left since
    if fault is not None or in_force is None:
        return fault
    return _superseded(trust, in_force.agreement, ask) or _suspended(trust, in_force.agreement, ask)


def judge_permitted(trust: Trust, agreement: Agreement, ask: SharingAsk) -> Fault | None:
    """Decide whether one version of an agreement permits an event, whatever has taken its place since."""
    return (
        judge_sharing(agreement, ask)
        or judge_membership(trust, ask.source, ask.recipients)
        or _suspended(trust, agreement, ask)
    )


def _superseded(trust: Trust, agreement: Agreement, ask: SharingAsk) -> Fault | None:
    held = trust.agreement(agreement.id)
    if held is None or held.agreement.version <= agreement.version:
        return None  # as nearly always
    newest = trust.agreement_at(agreement.id, ask.at)
    if newest is None or newest.agreement.version <= agreement.version:
        return None
    mend = f"{agreement.id}@{newest.agreement.version} has taken its place at that time; adopt it, and send again"
    return Fault("sharing.superseded", "agreement", mend)


def taking_part(trust: Trust, agreement: Agreement) -> list[CountyCode]:
    """Return the parties of an agreement that are still members and have not suspended it."""
    members, suspended = trust.members, {one.county for one in _suspensions(trust, agreement)}
    return [party for party in agreement.parties if party in members and party not in suspended]


def _suspensions(trust: Trust, agreement: Agreement) -> list[Suspension]:
    said = (one.suspension for one in trust.suspended if one.suspension.agreement_id == agreement.id)
    return [one for one in said if agreement.version <= one.version]


def _suspended(trust: Trust, agreement: Agreement, ask: SharingAsk) -> Fault | None:
    for one in _suspensions(trust, agreement):
        if (one.county == ask.source or one.county in ask.recipients) and not _before_its_ends(one, ask.place):
            mend = f"{one.county} has suspended {agreement.id}@{one.version}; leave it out, or agree on a new version"
            return Fault("sharing.suspended", "agreement", mend)
    return None


def _before_its_ends(suspension: Suspension, place: tuple[str, str, int] | None) -> bool:
    if place is None:
        return False
    channel, epoch, seq = place
    return any((end.channel, end.epoch) == (channel, epoch) and seq <= end.seq for end in suspension.ends)


def judge_membership(trust: Trust, source: str, recipients: tuple[str, ...]) -> Fault | None:
    """Control records are permitted by membership of the registry alone."""
    members = trust.members
    stranger = next((county for county in (source, *recipients) if county not in members), None)
    if stranger is None:
        return None
    return Fault("sharing.not_member", "to", f"{stranger} is no member of the registry")


def _outside_time(agreement: Agreement, ask: SharingAsk) -> Fault | None:
    if agreement.valid_from <= ask.at < agreement.valid_until:
        return None
    mend = f"{agreement.id}@{agreement.version} is not in force at that time; renew the agreement"
    return Fault("sharing.not_in_force", "agreement", mend)


def _outside_parties(agreement: Agreement, ask: SharingAsk) -> Fault | None:
    if ask.source not in agreement.parties:
        return Fault("sharing.outside_agreement", "source", f"{ask.source} is no party of {agreement.id}")
    parties = set(agreement.parties)  # an audience may be as large as the agreement: look each up, do not search
    stranger = next((county for county in ask.recipients if county not in parties), None)
    if stranger is None:
        return None
    return Fault("sharing.outside_agreement", "to", f"{stranger} is no party of {agreement.id}; leave it out")


def _covers(grant: Grant, ask: SharingAsk) -> bool:
    return ask.wire_type in grant.types and (grant.sources is None or ask.source in grant.sources)


def _outside_matrix(agreement: Agreement, ask: SharingAsk) -> Fault | None:
    granted = [grant.recipients for grant in agreement.grants if _covers(grant, ask)]
    if None in granted:
        return None
    allowed = {county for recipients in granted for county in recipients or ()}
    refused = next((county for county in ask.recipients if county not in allowed), None)
    if refused is None:
        return None
    mend = f"{agreement.id} does not let {ask.source} send this type to {refused}"
    return Fault("sharing.type_not_permitted", "type", mend)


def _outside_class(agreement: Agreement, ask: SharingAsk) -> Fault | None:
    if _RANK[ask.information_class] > _RANK[agreement.class_ceiling]:
        mend = f"{agreement.id} carries at most {agreement.class_ceiling}; lower the class or send less"
        return Fault("sharing.class_above_ceiling", "class", mend)
    if ask.encrypted or ask.information_class is InformationClass.PUBLIC:
        return None
    if ask.information_class is InformationClass.INTERNAL and agreement.internal_in_clear:
        return None
    mend = f"{ask.information_class} content is encrypted under {agreement.id}, and this one is not"
    return Fault("sharing.not_encrypted", "class", mend)


def _outside_limits(agreement: Agreement, ask: SharingAsk) -> Fault | None:
    if ask.purpose not in agreement.purposes:
        return Fault("sharing.purpose", "purpose", f"{agreement.id} knows: {', '.join(agreement.purposes)}")
    if ask.size > agreement.content_max_bytes:
        mend = f"the content has {ask.size} bytes; {agreement.id} carries at most {agreement.content_max_bytes}"
        return Fault("sharing.too_large", "content", mend)
    if ask.file_size > agreement.file_max_bytes:
        mend = f"the file has {ask.file_size} bytes; {agreement.id} carries at most {agreement.file_max_bytes}"
        return Fault("sharing.too_large", "content.chunks", mend)
    return None
