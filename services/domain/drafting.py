"""From what an officer asked for to what will be signed: defaults filled in, rules checked.

Source: docs/protocol.md, section "Envelope".
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from schemas.base import Event, InformationClass, Kind, Status
from schemas.catalogue import schema_of
from schemas.control import CONTROL_PURPOSE, ChainKind
from schemas.drafts import EventDraft
from schemas.envelope import Ref, SchemaRef
from schemas.errors import Fault
from schemas.ids import CountyCode
from schemas.information.alerts import Alert
from schemas.information.attachments import AttachmentShared
from schemas.information.referrals import ReferralOffered
from schemas.records import About
from schemas.releases import Fixed
from services.domain.delivery import acknowledge_by
from services.domain.encryption import OVERHEAD_BYTES, EncryptedContent, must_be_encrypted
from services.domain.files import OutgoingFile
from services.domain.histories import about_of, judge_expiry
from services.domain.levels import level_of, priority_of
from services.domain.mediation_door import Carriage, judge_case_event
from services.domain.referrals import judge_handling
from services.domain.releasing import needs_second
from services.domain.sharing import CONTROL_PREFIX, SharingAsk, judge_event, taking_part
from services.domain.trust import AgreementInForce, Trust

MEDIA_TYPE: Final = "application/json"
CONTROL_PRIORITY: Final = 3
_EARLIEST_EXPIRY: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Everything about an event but its place in the chain.

    Attributes:
        content: Bytes as they are read; they also travel so unless ``encrypt`` is set.
        schema_ref: Id and digest of the JSON Schema.
        level: Effective level 1–4 of an alert, else None.
        about: What later events are judged by; None for most types.
        watched: Whether our own duty officer is told if nobody answers.
        encrypt: Whether it must not travel in clear.
        encrypted: ``content`` as it will travel, once it has been encrypted.
        upload: The upload whose file is to go with it; None for most types.
        file: What goes with it beside its envelope; None for most types.
        needs_second: Whether it is sent by two officers only.
        alone: Whether its officer states that nobody else is there.
        sets_deadline: Whether its officer set ``acknowledge_by``; else it follows from when it is sent.
        fixed: What was drawn for it while it was a draft, for officers have signed what comes of that.
    """

    wire_type: str
    content: bytes
    schema_ref: SchemaRef
    agreement: AgreementInForce
    to: tuple[CountyCode, ...]
    purpose: str
    information_class: InformationClass
    status: Status
    kind: Kind
    priority: int
    chain_kind: ChainKind = ChainKind.EVENT
    expires: datetime | None = None
    acknowledge_by: datetime | None = None
    refs: tuple[Ref, ...] = ()
    level: int | None = None
    about: About | None = None
    watched: bool = True
    encrypt: bool = False
    encrypted: EncryptedContent | None = None
    upload: str | None = None
    file: OutgoingFile | None = None
    needs_second: bool = False
    alone: bool = False
    sets_deadline: bool = False
    fixed: Fixed | None = None


@lru_cache(maxsize=256)
def schema_ref(wire_type: str) -> SchemaRef:
    """Return id and digest of the JSON Schema that we make this type by.

    Raises:
        KeyError: The type is not in the catalogue.
    """
    schema_id, digest = schema_of(wire_type)
    return SchemaRef(id=schema_id, digest=digest)


def control_report(
    record: Event, agreement: AgreementInForce, to: Sequence[CountyCode], priority: int = CONTROL_PRIORITY
) -> Outgoing:
    """Return a county's own word about itself or an event, ready to be posted: nobody owes an answer to it.

    Args:
        record: A control record.
        agreement: Under which it goes.
        to: Counties, never empty.
        priority: As of an event; the record goes in that lane.
    """
    return Outgoing(
        wire_type=record.wire_type,
        content=record.model_dump_json(exclude_none=True).encode(),
        schema_ref=schema_ref(record.wire_type),
        agreement=agreement,
        to=tuple(to),
        purpose=CONTROL_PURPOSE,
        information_class=InformationClass.INTERNAL,
        status=Status.SYSTEM,
        kind=Kind.REPORT,
        priority=priority,
        watched=False,
    )


def complete(
    draft: EventDraft, event: Event, *, content: bytes, trust: Trust, county: str, now: datetime
) -> Outgoing | Fault:
    """Fill in the defaults of type and agreement, and judge the sharing.

    Args:
        draft: What was asked.
        event: Its content, already valid.
        content: The content's bytes.
        trust: What this node trusts now.
        county: Ourselves.
        now: Aware UTC.
    """
    if draft.type.startswith(CONTROL_PREFIX):
        return Fault("request.control_type", "type", "control records are written by the node, never by a request")
    in_force = trust.agreement_at(draft.agreement, now)
    if in_force is None:
        return Fault("sharing.no_agreement", "agreement", f"{draft.agreement} is not in force here; adopt it first")
    agreement = in_force.agreement
    partners = draft.to or (party for party in taking_part(trust, agreement) if party != county)
    to = tuple(sorted(set(partners)))
    if not to:
        return Fault("sharing.not_member", "to", f"every other party of {agreement.id} has left or suspended it")
    if county in to:
        return Fault("request.to_self", "to", f"{county} is this county; leave it out")
    expires = draft.expires or _own_expiry(event)
    information_class = draft.information_class or event.information_class
    fault = _too_late(draft, expires, now) or judge_expiry(expires, event) or _misfiled(draft, event)
    fault = fault or judge_case_event(event, Carriage(county, to, information_class, draft.refs))
    if fault is not None:
        return fault
    level = level_of(event)
    outgoing = Outgoing(
        wire_type=draft.type,
        content=content,
        schema_ref=schema_ref(draft.type),
        agreement=in_force,
        to=to,
        purpose=draft.purpose or _default_purpose(event, agreement.purposes),
        information_class=information_class,
        status=draft.status,
        kind=draft.kind or event.kind,
        priority=priority_of(event) if draft.priority is None else draft.priority,
        expires=expires,
        acknowledge_by=draft.acknowledge_by or acknowledge_by(agreement, level, now),
        refs=draft.refs,
        level=level,
        about=about_of(event),
        upload=draft.upload,
        needs_second=needs_second(draft.type, event, draft.status),
        alone=draft.alone,
        sets_deadline=draft.acknowledge_by is not None,
        encrypt=must_be_encrypted(information_class, internal_in_clear=agreement.internal_in_clear),
    )
    ask = ask_of_outgoing(outgoing, county, now)
    if isinstance(event, AttachmentShared):
        ask = replace(ask, file_size=event.size)
    return judge_event(trust, in_force, ask) or _mishandled(event, outgoing, county, now) or outgoing


def _own_expiry(event: Event) -> datetime | None:
    if isinstance(event, Alert):
        return event.expires
    return event.expires_at if isinstance(event, ReferralOffered) else None


def _mishandled(event: Event, outgoing: Outgoing, county: str, now: datetime) -> Fault | None:
    return judge_handling(
        event,
        source=county,
        to=outgoing.to,
        information_class=outgoing.information_class,
        encrypted=outgoing.encrypt,
        expires=outgoing.expires,
        at=now,
    )


def _misfiled(draft: EventDraft, event: Event) -> Fault | None:
    if event.carries_file == (draft.upload is not None):
        return None
    if draft.upload is None:
        return Fault("file.missing", "upload", "a file goes with this type: upload it first, and name the upload")
    return Fault("file.unexpected", "upload", "no file goes with this type: send it apart, and refer to it")


def unpaged(outgoing: Outgoing) -> Outgoing:
    """Return an update whose level was lowered: it pages nobody, unless its officer asked for an answer by a time."""
    if outgoing.sets_deadline:
        return outgoing
    return replace(outgoing, acknowledge_by=None, watched=False)


def _too_late(draft: EventDraft, expires: datetime | None, now: datetime) -> Fault | None:
    if expires is not None and expires <= now + _EARLIEST_EXPIRY:
        return Fault("request.expired", "expires", "it lies in the past; nobody would be told. Set a later time")
    if draft.acknowledge_by is not None and draft.acknowledge_by <= now:
        mend = "it lies in the past; nobody could answer in time. Set a later time"
        return Fault("request.expired", "acknowledge_by", mend)
    return None


def _default_purpose(event: Event, agreed: tuple[str, ...]) -> str:
    return next((purpose for purpose in event.purposes if purpose in agreed), event.purposes[0])


def ask_of_outgoing(outgoing: Outgoing, county: str, now: datetime) -> SharingAsk:
    """Read the facts to be judged."""
    return SharingAsk(
        outgoing.wire_type,
        county,
        outgoing.to,
        outgoing.information_class,
        outgoing.purpose,
        encrypted=outgoing.encrypt,
        size=len(outgoing.content) + (OVERHEAD_BYTES if outgoing.encrypt else 0),
        at=now,
    )
