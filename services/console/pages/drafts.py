"""待审稿件: what waits for a second officer, and its review."""

import json
from collections.abc import Mapping
from typing import Final

from aiohttp import web
from pydantic import JsonValue

from schemas.base import Status
from schemas.catalogue import parse_new
from schemas.drafts import CountersignatureDraft
from schemas.errors import Fault, RequestError
from schemas.releases import DraftState
from schemas.statements import ReleaseVerdict
from services.console.navigation import ANSWERERS, READERS, WORKERS
from services.console.signing import hand_in_signed, signed_release
from services.console.visit import Page, Visit
from services.domain.drafting import Outgoing
from services.domain.encoding import compact_json
from services.domain.form_words import PURPOSES
from services.domain.printing import Sheet, preview_sheet
from services.domain.release_signing import Terms
from services.gateway.answers import Accepted
from services.gateway.release_answers import DraftDetail, DraftList, ReleaseList
from services.gateway.submit import draft_outgoing

_ID: Final = "{id:[0-9a-f]{32}}"
_LISTED: Final = 100
_STATE: Final = "release.state"
_APPROVING: Final = frozenset({"approve", "approve_send"})


async def drafts(visit: Visit) -> web.StreamResponse:
    """List drafts by where they stand."""
    state = visit.query("state")
    found = await visit.api.ask("list_drafts", DraftList, query={"state": state, "limit": _LISTED})
    return visit.render("drafts.html", {"drafts": found.drafts, "state": state, "states": DraftState})


async def draft(visit: Visit) -> web.StreamResponse:
    """Show one draft as its recipients would see it, to whom and under what it goes, and what may be done with it.

    Nobody approves what is not shown: neither the content nor the terms it would travel by, nor what fits neither.
    """
    return await _shown(visit)


async def _shown(visit: Visit, refusal: RequestError | None = None) -> web.Response:
    """Show a draft as it stands now; behind an act that was refused, with why and what was typed."""
    detail = await visit.api.ask("show_draft", DraftDetail, path={"id": visit.path("id")})
    event = detail.event if isinstance(detail.event, dict) else {}
    to = event.get("to")
    sheet, terms = _sheet(visit, detail), _terms(visit, event)
    outgoing = terms if isinstance(terms, Outgoing) else None
    values = {
        "detail": detail,
        "line": detail.draft,
        "sheet": sheet,
        "out": outgoing,
        "hindered": () if isinstance(terms, Outgoing) else terms,
        "whole": json.dumps(event, ensure_ascii=False, indent=1) if event else "",
        "sets_deadline": event.get("acknowledge_by") is not None,
        "is_readable": sheet is not None and outgoing is not None,
        "purposes": PURPOSES,
        "to": [str(one) for one in to] if isinstance(to, list) else None,
        "status": str(event.get("status", Status.ACTUAL.value)),
        "acts": {one.value for one in detail.acts},
        "faults": refusal.faults if refusal else (),
        "note": visit.form.get("note"),
    }
    return visit.render("draft.html", values, 422 if refusal else 200)


async def _refused(visit: Visit, refusal: RequestError) -> web.StreamResponse:
    """Answer the refusal of an act: who pressed twice what sends a draft is led to the event that it has become."""
    detail = await visit.api.ask("show_draft", DraftDetail, path={"id": visit.path("id")})
    if detail.draft.event_id and refusal.fault.code == _STATE:
        return visit.see_other(f"/events/{detail.draft.event_id}", said="sent")
    return await _shown(visit, refusal)


def _terms(visit: Visit, event: Mapping[str, JsonValue]) -> Outgoing | tuple[Fault, ...]:
    """Judge a draft as sending it would now, with what it leaves out filled in; nothing of one whose text is gone."""
    if not event:
        return ()
    gateway = visit.hall.desk.gateway
    trust, now = gateway.directory.trust(), gateway.clock.now()
    return draft_outgoing(compact_json(event), trust=trust, county=gateway.county, now=now)


def _sheet(visit: Visit, detail: DraftDetail) -> Sheet | None:
    event = detail.event
    content = event.get("content") if isinstance(event, dict) else None
    if not isinstance(event, dict) or not isinstance(content, dict):
        return None
    parsed = parse_new(detail.draft.type, compact_json(content))
    if isinstance(parsed, tuple):
        return None
    gateway = visit.hall.desk.gateway
    status = Status(str(event.get("status", Status.ACTUAL.value)))
    return preview_sheet(parsed, source=gateway.county, status=status, at=None)


async def hand_in(visit: Visit) -> web.StreamResponse:
    """Hand a draft in for review."""
    try:
        await hand_in_signed(visit, visit.path("id"))
    except RequestError as refusal:
        return await _shown(visit, refusal)
    return visit.see_other(f"/drafts/{visit.path('id')}", said="handed_in")


async def review(visit: Visit) -> web.StreamResponse:
    """Approve a draft of another officer and send it, or return it with a note."""
    form, number = visit.form, visit.path("id")
    verdict = form.get("verdict")
    sends = verdict == "approve_send"
    body: dict[str, object] = {
        "verdict": "approve" if sends else verdict,
        "digest": form.get("digest"),
        "note": form.get("note"),
        "send": sends,
    }
    if verdict in _APPROVING and (own := await _approval(visit)) is not None:
        body["own"] = own
    try:
        detail = await visit.api.ask("review_draft", DraftDetail, path={"id": number}, body=body)
    except RequestError as refusal:
        return await _refused(visit, refusal) if sends else await _shown(visit, refusal)
    if detail.draft.event_id:
        return visit.see_other(f"/events/{detail.draft.event_id}", said="sent")
    return visit.see_other(f"/drafts/{number}", said="approved" if verdict == "approve" else "returned")


async def _approval(visit: Visit) -> dict[str, JsonValue] | None:
    """Sign what the page had shown: if it has changed since, the API says so, and nothing else was signed."""
    shown = await visit.api.ask("show_draft", DraftDetail, path={"id": visit.path("id")})
    if shown.digest != visit.form.get("digest"):
        return None  # refused as changed
    own = await signed_release(visit, ReleaseVerdict.APPROVED, Terms(visit.form.get("terms"), shown.acknowledge_by))
    return None if own is None else own.model_dump(mode="json", exclude_none=True)


async def send(visit: Visit) -> web.StreamResponse:
    """Send a draft: approved, needing nobody else, or alone at night."""
    body = {"alone": True} if visit.form.get("alone") == "true" else {}
    try:
        sent = await visit.api.ask("send_draft", Accepted, path={"id": visit.path("id")}, body=body)
    except RequestError as refusal:
        return await _refused(visit, refusal)
    return visit.see_other(f"/events/{sent.envelope_id}", said="sent")


async def withdraw(visit: Visit) -> web.StreamResponse:
    """Take a draft back."""
    try:
        await visit.api.ask("withdraw_draft", DraftDetail, path={"id": visit.path("id")})
    except RequestError as refusal:
        return await _shown(visit, refusal)
    return visit.see_other("/drafts", said="withdrawn")


async def countersign(visit: Visit) -> web.StreamResponse:
    """Put a second officer's name under what was sent alone."""
    envelope_id = visit.path("id")
    own = await signed_release(visit, ReleaseVerdict.COUNTERSIGNED, Terms(envelope_id))
    body = CountersignatureDraft(own=own)
    await visit.api.ask("countersign_event", ReleaseList, path={"id": envelope_id}, body=body)
    return visit.see_other(f"/events/{envelope_id}", said="countersigned")


DRAFTS: Final = (
    Page("GET", "/drafts", "drafts", "待审稿件", drafts, READERS, "drafts"),
    Page("GET", f"/drafts/{_ID}", "draft", "稿件", draft, READERS, "drafts"),
    Page("POST", f"/drafts/{_ID}/submission", "draft_hand_in", "送审", hand_in, WORKERS, "drafts"),
    Page("POST", f"/drafts/{_ID}/review", "draft_review", "审核", review, ANSWERERS, "drafts"),
    Page("POST", f"/drafts/{_ID}/sending", "draft_send", "签发", send, WORKERS, "drafts"),
    Page("POST", f"/drafts/{_ID}/withdrawal", "draft_withdraw", "撤销", withdraw, WORKERS, "drafts"),
    Page("POST", "/events/{id:[0-9a-f]{64}}/countersignature", "countersign", "补签", countersign, ANSWERERS, "sent"),
)
