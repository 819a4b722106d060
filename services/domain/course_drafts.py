"""What an officer asks to do with a referral or a request becomes the draft of the event that does it.

An officer says what is new; the number, the place in the line, the audience and the responsible office follow from
what is here. What comes out is judged like every other draft, in the transaction that records it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import JsonValue

from schemas.base import format_time
from schemas.course_drafts import ReferralMove, ServiceMove
from schemas.envelope import RefRelation
from schemas.errors import Fault
from schemas.governance.services import (
    ServiceClosed,
    ServiceDecided,
    ServiceDelivered,
    ServiceReceived,
    ServiceRequested,
    ServiceStep,
    ServiceSupplementAsked,
    ServiceSupplemented,
    ServiceTransferred,
)
from schemas.ids import CountyCode
from schemas.information.referrals import (
    DEFAULT_DAYS,
    ReferralAccepted,
    ReferralCompleted,
    ReferralDeclined,
    ReferralOffered,
    ReferralWithdrawn,
)
from services.domain.referrals import ReferralView
from services.domain.service_requests import STAGES_OF, IsWorkday, ServiceView, due_from, due_resumed

Draft = dict[str, Any]


_REFERRAL_TYPES: Final[Mapping[ReferralMove, str]] = {
    ReferralMove.ACCEPT: ReferralAccepted.wire_type,
    ReferralMove.DECLINE: ReferralDeclined.wire_type,
    ReferralMove.COMPLETE: ReferralCompleted.wire_type,
    ReferralMove.WITHDRAW: ReferralWithdrawn.wire_type,
}
_SERVICE_KINDS: Final[Mapping[ServiceMove, type[ServiceStep]]] = {
    ServiceMove.RECEIVE: ServiceReceived,
    ServiceMove.ASK: ServiceSupplementAsked,
    ServiceMove.SUPPLEMENT: ServiceSupplemented,
    ServiceMove.TRANSFER: ServiceTransferred,
    ServiceMove.DECIDE: ServiceDecided,
    ServiceMove.DELIVER: ServiceDelivered,
    ServiceMove.CLOSE: ServiceClosed,
}
_SEALED: Final = frozenset({"request_id", "referral_id", "step_no", "previous", "responsible_office"})
"""Fields that the node fills in by itself."""


def offer_draft(agreement: str, content: Mapping[str, JsonValue], *, number: str, now: datetime) -> Draft | Fault:
    """Return the draft of a new referral.

    Args:
        agreement: Id of the agreement.
        content: Of the offer; ``expires_at`` is 30 days ahead, or the consent's end if that is earlier, if left out.
        number: Of the referral, 32 random hexadecimal digits.
        now: Aware UTC.
    """
    fault = _sealed(content)
    if fault is not None:
        return fault
    made: Draft = {"expires_at": _end(content, now), **content, "referral_id": number}
    office = content.get("to_office")
    to = office.get("adcode") if isinstance(office, dict) else None
    return _draft(ReferralOffered.wire_type, agreement, [to] if isinstance(to, str) else None, made)


def _end(content: Mapping[str, JsonValue], now: datetime) -> str:
    usual = format_time(now + timedelta(days=DEFAULT_DAYS))
    consent = content.get("consent")
    said = consent.get("expires_at") if isinstance(consent, dict) else None
    if not isinstance(said, str):
        return usual
    try:
        return said if datetime.fromisoformat(said) < now + timedelta(days=DEFAULT_DAYS) else usual
    except (ValueError, TypeError):
        return usual  # the model says what is wrong with it


def referral_draft(
    view: ReferralView, move: ReferralMove, content: Mapping[str, JsonValue], county: str
) -> Draft | Fault:
    """Return the draft of a step of a referral, to the other county."""
    other = view.target if county == view.source else view.source
    made = {**content, "referral_id": view.frame.referral_id}
    return _sealed(content) or _draft(_REFERRAL_TYPES[move], view.agreement_id, [other], made)


def request_draft(agreement: str, content: Mapping[str, JsonValue], *, number: str) -> Draft | Fault:
    """Return the draft of a new request, to the county that decides it.

    Args:
        agreement: Id of the agreement.
        content: Of the first step.
        number: Of the request, 32 random hexadecimal digits.
    """
    office = content.get("deciding_office")
    to = office.get("adcode") if isinstance(office, dict) else None
    place = {"request_id": number, "step_no": 1, "responsible_office": content.get("receiving_office")}
    return _sealed(content) or _draft(
        ServiceRequested.wire_type, agreement, [to] if isinstance(to, str) else None, {**content, **place}
    )


def service_draft(
    view: ServiceView,
    move: ServiceMove,
    content: Mapping[str, JsonValue],
    county: str,
    *,
    now: datetime,
    is_workday: IsWorkday,
) -> Draft | Fault:
    """Return the draft of the next step of a request, to every other county that has a part in it.

    Args:
        view: What it stands at.
        move: What is done.
        content: What is new.
        county: Ourselves.
        now: Aware UTC.
        is_workday: Tells which days count towards what was promised.
    """
    responsible = view.turn if move is ServiceMove.RECEIVE and view.turn is not None else view.responsible
    made: Draft = {
        **_times(view, move, now, is_workday),
        **content,
        "request_id": view.request_id,
        "step_no": view.step_no + 1,
        "previous": view.head,
        "responsible_office": responsible.model_dump(mode="json"),
    }
    parties = set(view.frame.parties)
    if move is ServiceMove.TRANSFER:
        office = content.get("to_office")
        if isinstance(office, dict) and isinstance(adcode := office.get("adcode"), str):
            parties.add(CountyCode(adcode))
        frame = view.frame.model_copy(update={"parties": tuple(sorted(parties)), "due_at": view.due_at})
        made["frame"] = frame.model_dump(mode="json", exclude_none=True)
    to = sorted(party for party in parties if party != county)
    return _sealed(content) or _draft(_SERVICE_KINDS[move].wire_type, view.agreement_id, to, made)


def service_moves(view: ServiceView, county: str) -> tuple[ServiceMove, ...]:
    """Return what an officer of a county may do next; nothing while it is not its turn."""
    if view.turn is None or view.turn.adcode != county:
        return ()
    return tuple(move for move, kind in _SERVICE_KINDS.items() if view.stage in STAGES_OF[kind])


def with_evidence(draft: Draft | Fault, evidence: Sequence[str]) -> Draft | Fault:
    """Let the event name those that carry its files."""
    if isinstance(draft, Fault) or not evidence:
        return draft
    return draft | {"refs": [{"rel": RefRelation.EVIDENCE.value, "id": one} for one in evidence]}


def _times(view: ServiceView, move: ServiceMove, now: datetime, is_workday: IsWorkday) -> Draft:
    if move is ServiceMove.RECEIVE:
        return {"due_at": format_time(due_from(now, view.frame.promised_days, is_workday))}
    if move is ServiceMove.SUPPLEMENT and view.due_at is not None and view.asked_at is not None:
        return {"due_at": format_time(due_resumed(view.due_at, view.asked_at, now, is_workday))}
    return {}


def _sealed(content: Mapping[str, JsonValue]) -> Fault | None:
    name = next((name for name in content if name in _SEALED), None)
    return (
        None
        if name is None
        else Fault("content.unknown_field", f"content.{name}", "leave it out; the node fills it in")
    )


def _draft(wire_type: str, agreement: str, to: Sequence[str] | None, content: Draft) -> Draft:
    made: Draft = {"type": wire_type, "agreement": agreement, "content": content}
    return made if to is None else made | {"to": list(to)}
