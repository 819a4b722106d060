"""Who released an event, as a signed record for those who received it.

Source: docs/protocol.md, section "Releases"
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
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
from schemas.statements import ReleaseStatement, ReleaseVerdict, SignedStatement
from services.domain.documents import document_digest, open_payload
from services.domain.drafting import Outgoing, control_report
from services.domain.governance import judge_officer
from services.domain.release_signing import Signatory, Terms, judge_own, terms_of_sent
from services.domain.sharing import CONTROL_PREFIX
from services.domain.trust import AgreementInForce, Trust

_VERDICTS: Final[Mapping[ReleaseMode, tuple[ReleaseVerdict | None, ...]]] = {
    ReleaseMode.TWO_OFFICERS: (ReleaseVerdict.DRAFTED, ReleaseVerdict.APPROVED),
    ReleaseMode.ALONE: (None,),
    ReleaseMode.COUNTERSIGNED: (ReleaseVerdict.COUNTERSIGNED,),
}
"""What each officer of a record signs, if at all: whoever sends alone signs nothing beside the event."""
_UNPLACED: Final = Fault(
    "release.other_statement", "content.officers.own", "nobody signs the sending of an event alone"
)
_UNKNOWN_EVENT: Final = Fault(
    "release.unknown_event", "content.id", "the event that was signed is not here, so nothing shows that it is the one"
)
NOT_OURS: Final = Fault("release.not_ours", "id", "a county countersigns its own events; this is none")


@dataclass(frozen=True, slots=True)
class Vouched:
    """An officer with a credential that was judged to be in force.

    ``own`` is what the officer signed with the officer's own key; None where the county's node alone vouches.
    """

    document: SignedDocument
    credential: OfficerCredential
    own: SignedStatement | None = None

    @property
    def signatory(self) -> Signatory:
        """Whose word a statement of this officer must be."""
        return Signatory(self.credential.county, self.credential.officer, self.credential.public)


def record_of_release(
    envelope_id: str, mode: ReleaseMode, officers: Sequence[Vouched], released_at: datetime
) -> ReleaseRecorded:
    """Return what is said about an event; with two officers who drafted it comes first."""
    named = tuple(
        ReleasingOfficer(officer=one.credential.officer, credential=one.document, own=one.own) for one in officers
    )
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
    record: ReleaseRecorded,
    header: Header,
    held: Sequence[ReleaseRow],
    trust: Trust,
    *,
    about: Header | None = None,
    used_for: str | None = None,
) -> Fault | None:
    """Decide whether a partner's record counts: officers of that county, two who are not one, and what they signed.

    Args:
        record: Its content.
        header: Of the envelope that carried it; the signature holds.
        held: What is on record here about the same event.
        trust: What is trusted now.
        about: Header of the event that it is about; None if that is not here.
        used_for: Envelope id of the event of this source that was released under the terms signed here; None if none.
    """
    found = judge_officers(record, header.source, trust)
    if isinstance(found, Fault):
        return found
    told = ((row.mode, row.officers) for row in held if row.source == header.source)
    if signs_twice(record, told) or len({one.public for one in found}) < len(record.officers):
        return Fault("release.same_officer", "content.officers", "two names that are one person are one name")
    if used_for not in {None, record.id}:
        mend = "what was signed released another event already: one signature stands under one event"
        return Fault("release.repeated", "content.officers", mend)
    return judge_signed(record, header.source, found, about)


def signs_twice(record: ReleaseRecorded, others: Iterable[tuple[ReleaseMode, Iterable[ReleasedBy]]]) -> bool:
    """Tell whether one officer is to be both who sent an event and who countersigned it, in whatever order that came.

    Args:
        record: Its content.
        others: Mode and officers of what else is on record about the same event.
    """
    mine = named_by(named_in(record))
    return any(ReleaseMode.COUNTERSIGNED in {mode, record.mode} and mine & named_by(by) for mode, by in others)


def named_in(record: ReleaseRecorded) -> tuple[ReleasedBy, ...]:
    """Return the officers of a record as their credentials name them."""
    return tuple(_released_by(one) for one in record.officers)


def named_by(officers: Iterable[ReleasedBy]) -> frozenset[tuple[str, str]]:
    """Return every id and every key by which officers are known: who shares one of them is one person."""
    said = (pair for one in officers for pair in (("officer", one.officer), ("key", one.public)))
    return frozenset(pair for pair in said if pair[1])


def judge_officers(record: ReleaseRecorded, source: str, trust: Trust) -> tuple[OfficerCredential, ...] | Fault:
    """Return the credentials of who stands behind an event, in force when it was released and when each signed."""
    found: list[OfficerCredential] = []
    for one in record.officers:
        credential = judge_officer(one.credential, trust, source, record.released_at)
        if isinstance(credential, Fault):
            return credential
        if credential.officer != one.officer:
            return Fault("release.other_officer", "content.officers", "the credential is another officer's")
        if one.own is not None:
            then = judge_officer(one.credential, trust, source, one.own.statement.signed_at)
            if isinstance(then, Fault):
                return then
        found.append(credential)
    return tuple(found)


def judge_signed(
    record: ReleaseRecorded, source: str, credentials: Sequence[OfficerCredential], about: Header | None
) -> Fault | None:
    """Judge every own signature of a record; an officer without one is vouched for by the county's node, and says so.

    Args:
        record: Its content; the credentials hold.
        source: Whose record it is.
        credentials: Of its officers, in its order.
        about: Header of the event that it is about; None if that is not at hand.
    """
    latest: datetime | None = None
    for one, credential, verdict in zip(record.officers, credentials, _VERDICTS[record.mode], strict=True):
        if one.own is None:
            continue
        said = one.own.statement
        terms = Terms(record.id) if verdict is ReleaseVerdict.COUNTERSIGNED else _terms(about, source, said)
        if verdict is None or terms is None:
            return _UNPLACED if verdict is None else _UNKNOWN_EVENT
        fault = judge_own(one.own, Signatory(source, one.officer, credential.public), verdict, terms)
        if fault is not None:
            return replace(fault, field=f"content.officers.{fault.field}")
        if said.signed_at > record.released_at or (latest is not None and said.signed_at < latest):
            mend = "it was signed after the event was released, or approved before it was handed in"
            return Fault("release.signed_at", "content.officers.own.statement.signed_at", mend)
        latest = said.signed_at
    return None


def _terms(about: Header | None, source: str, said: ReleaseStatement) -> Terms | None:
    return None if about is None or about.source != source else terms_of_sent(about, said)


def signed_terms(record: ReleaseRecorded) -> str:
    """Return the digest of the terms that an officer of a record signed; empty if nobody did."""
    signed = (one.own.statement for one in record.officers if one.own is not None)
    return next((said.subject for said in signed if said.verdict is not ReleaseVerdict.COUNTERSIGNED), "")


def release_row(record: ReleaseRecorded, *, record_id: str, source: str) -> ReleaseRow:
    """Return what is kept about a release; its signatures were judged to hold."""
    return ReleaseRow(record_id, source, record.mode, named_in(record), record.released_at, signed_terms(record))


def counted(rows: Sequence[ReleaseRow], source: str) -> tuple[ReleaseRow, ...]:
    """Return what counts about an event of ``source``: nobody else says who released it."""
    return tuple(row for row in rows if row.source == source)


def awaits_second(rows: Sequence[ReleaseRow]) -> bool:
    """Tell whether a second officer's name is still missing (待补签) under an event, by what is on record."""
    modes = {row.mode for row in rows}
    return ReleaseMode.ALONE in modes and ReleaseMode.COUNTERSIGNED not in modes


def _released_by(one: ReleasingOfficer) -> ReleasedBy:
    digest = document_digest(one.credential)
    signed_at = one.own.statement.signed_at if one.own is not None else None
    credential = open_payload(one.credential, PayloadType.OFFICER, OfficerCredential)
    if isinstance(credential, Fault):
        return ReleasedBy(one.officer, one.officer, (), digest, signed_at)
    return ReleasedBy(one.officer, credential.display_name, credential.roles, digest, signed_at, credential.public)
