"""Who released an event, as a signed record for those who received it.

Source: docs/protocol.md, section "Releases"
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from schemas.control import ReleaseMode, ReleaseRecorded, ReleasingOfficer
from schemas.documents import SignedDocument
from schemas.envelope import Header, PayloadType
from schemas.errors import Fault
from schemas.ids import CountyCode
from schemas.officers import OfficerCredential
from schemas.records import Direction, StoredEvent
from schemas.releases import ReleasedBy, ReleaseRow
from services.domain.documents import document_digest, open_payload
from services.domain.drafting import Outgoing, control_report
from services.domain.governance import judge_officer
from services.domain.sharing import CONTROL_PREFIX
from services.domain.trust import AgreementInForce, Trust

NOT_OURS: Final = Fault("release.not_ours", "id", "a county countersigns its own events; this is none")


@dataclass(frozen=True, slots=True)
class Vouched:
    """An officer with a credential that was judged to be in force."""

    document: SignedDocument
    credential: OfficerCredential


def record_of_release(
    envelope_id: str, mode: ReleaseMode, officers: Sequence[Vouched], released_at: datetime
) -> ReleaseRecorded:
    """Return what is said about an event; with two officers who drafted it comes first."""
    named = tuple(ReleasingOfficer(officer=one.credential.officer, credential=one.document) for one in officers)
    return ReleaseRecorded(id=envelope_id, mode=mode, officers=named, released_at=released_at)


def release_outgoing(
    record: ReleaseRecorded, agreement: AgreementInForce, to: tuple[CountyCode, ...], priority: int
) -> Outgoing:
    """Return the record ready to be posted to whoever gets the event, by the lane in which that one goes."""
    return control_report(record, agreement, to, priority)


def judge_countersigned(event: StoredEvent | None) -> Fault | None:
    """Decide whether an event is one that a county countersigns: its own, and no control record."""
    if event is None or event.envelope.header.type.startswith(CONTROL_PREFIX):
        return Fault("request.not_found", "id", "no such event is here; see GET /api/v1/events")
    return None if event.direction is Direction.OUTGOING else NOT_OURS


def judge_release_record(
    record: ReleaseRecorded, header: Header, held: Sequence[ReleaseRow], trust: Trust
) -> Fault | None:
    """Decide whether a partner's record counts: officers of that county, and two who are not one.

    Args:
        record: Its content.
        header: Of the envelope that carried it; the signature holds.
        held: What is on record here about the same event.
        trust: What is trusted now.
    """
    keys: set[str] = set()
    for one in record.officers:
        credential = judge_officer(one.credential, trust, header.source, record.released_at)
        if isinstance(credential, Fault):
            return credential
        if credential.officer != one.officer:
            return Fault("release.other_officer", "content.officers", "the credential is another officer's")
        keys.add(credential.public)
    before = {by.officer for row in held if row.source == header.source for by in row.officers}
    again = record.mode is ReleaseMode.COUNTERSIGNED and record.officers[0].officer in before
    if again or len(keys) < len(record.officers):
        return Fault("release.same_officer", "content.officers", "two names that are one person are one name")
    return None


def release_row(record: ReleaseRecorded, *, record_id: str, source: str) -> ReleaseRow:
    """Return what is kept about a release."""
    officers = tuple(_released_by(one) for one in record.officers)
    return ReleaseRow(record_id, source, record.mode, officers, record.released_at)


def counted(rows: Sequence[ReleaseRow], source: str) -> tuple[ReleaseRow, ...]:
    """Return what counts about an event of ``source``: nobody else says who released it."""
    return tuple(row for row in rows if row.source == source)


def awaits_second(rows: Sequence[ReleaseRow]) -> bool:
    """Tell whether a second officer's name is still missing (待补签) under an event, by what is on record."""
    modes = {row.mode for row in rows}
    return ReleaseMode.ALONE in modes and ReleaseMode.COUNTERSIGNED not in modes


def _released_by(one: ReleasingOfficer) -> ReleasedBy:
    digest = document_digest(one.credential)
    credential = open_payload(one.credential, PayloadType.OFFICER, OfficerCredential)
    if isinstance(credential, Fault):
        return ReleasedBy(one.officer, one.officer, (), digest)
    return ReleasedBy(one.officer, credential.display_name, credential.roles, digest)
