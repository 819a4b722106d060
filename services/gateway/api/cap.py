"""Handlers: CAP documents in and out, and what waits for an officer."""

from datetime import UTC, datetime
from typing import Final

import structlog
from aiohttp import web

from schemas.cap import CapAlert
from schemas.drafts import CapClosingDraft
from schemas.errors import Fault, NotFoundError, RequestError
from schemas.records import ReceiptRow, StoredEvent
from services.cap_intake.closing import close_document
from services.domain.cap_taking import CapAsk, meaning_of, posted_by
from services.domain.cap_telling import (
    KeptAlert,
    alert_of,
    answer_of_county,
    document_of,
    entry_of,
    received_of,
)
from services.gateway.api.asked import (
    CapDocumentPath,
    CapDocumentQuery,
    CapExportQuery,
    CapFeedQuery,
    CapQuery,
    CapReceiptQuery,
    EventPath,
)
from services.gateway.api.calls import Call, reply, reply_bytes
from services.gateway.api.route import ATOM, BASE, CAP, UNCHANGED
from services.gateway.bodies import read_body
from services.gateway.cap_answers import CapAnswerList, CapDocumentList
from services.gateway.cap_views import (
    answer_row_line,
    document_detail,
    document_line,
    feed_tag,
    has_not_changed,
    listed_alerts,
    not_here,
    tag_of,
    taken_line,
)
from services.gateway.desk import Desk
from services.gateway.gateway import CapDesk
from services.gateway.problems import Problem, problem_of, status_of
from services.ports import Snapshot

log = structlog.get_logger()

_ANSWERS_SHOWN: Final = 1000
_NEVER: Final = datetime(2000, 1, 1, tzinfo=UTC)
_OFF: Final = Fault("cap.off", "", "this node exchanges no CAP documents: set `office` under [cap] in county.toml")


def _cap(desk: Desk) -> CapDesk:
    if desk.gateway.cap is None:
        raise NotFoundError(_OFF)
    return desk.gateway.cap


async def post_cap(desk: Desk, call: Call) -> web.StreamResponse:
    """Take a document."""
    cap, asked = _cap(desk), call.query_as(CapQuery)
    ask = CapAsk(
        origin=posted_by(call.caller.name),
        agreement=asked.agreement or "",
        to=tuple(one.strip() for one in asked.to.split(",")) if asked.to else (),
        purpose=asked.purpose,
        released_by=asked.approved_by_role or cap.released_by,
        must_be_signed=cap.must_be_signed,
        unattended=call.caller.is_unattended,
    )
    found = await cap.intake.read(call.body, ask)
    outcome = await cap.intake.take(found, call.body, ask)
    return reply(taken_line(outcome, found.signer), 202)


async def get_cap_feed(desk: Desk, call: Call) -> web.StreamResponse:
    """List the public alerts in force as Atom."""
    cap, asked, now = _cap(desk), call.query_as(CapFeedQuery), desk.gateway.clock.now()
    alerts = await desk.gateway.store.read(
        lambda snapshot: listed_alerts(snapshot, direction=asked.direction, status=asked.status, now=now)
    )
    base = cap.address + BASE
    entries = [entry_of(one, f"{base}/events/{one.event.envelope.envelope_id}/cap") for one in alerts]
    tag = feed_tag(entries)
    if has_not_changed(call.request.headers.get("If-None-Match"), tag):
        return _unchanged(tag)
    body = await cap.text.feed(
        entries,
        feed_id=f"urn:sihu:feed:{desk.gateway.county}",
        title=f"预警 {cap.author}",
        author=cap.author,
        updated=max((one.event.recorded_at for one in alerts), default=_NEVER),
        link=f"{base}/cap.atom",
    )
    return _tagged(body, ATOM, tag)


async def get_event_as_cap(desk: Desk, call: Call) -> web.StreamResponse:
    """Tell one alert as a document."""
    cap, envelope_id = _cap(desk), call.path_as(EventPath).id
    as_received = call.query_as(CapExportQuery).as_received
    kept = await desk.gateway.store.read(lambda snapshot: _find(snapshot, envelope_id))
    document = received_of(kept) if as_received else document_of(kept)
    if isinstance(document, Fault):
        return problem_of(document).response()
    tag = tag_of(meaning_of(document))
    if has_not_changed(call.request.headers.get("If-None-Match"), tag):
        return _unchanged(tag)
    return _tagged(await _written(cap, document, sign=not as_received), CAP, tag)


async def get_cap_answers(desk: Desk, call: Call) -> web.StreamResponse:
    """List what foreign systems answered to one alert."""
    envelope_id = call.path_as(EventPath).id

    def find(snapshot: Snapshot) -> CapAnswerList:
        _event(snapshot, envelope_id)
        rows = snapshot.cap.answers(envelope_id, _ANSWERS_SHOWN)
        return CapAnswerList(answers=tuple(map(answer_row_line, rows)))

    return reply(await desk.gateway.store.read(find))


async def get_cap_receipt(desk: Desk, call: Call) -> web.StreamResponse:
    """Tell what a county answered to one alert of ours, as CAP's Ack or Error."""
    cap, envelope_id, county = _cap(desk), call.path_as(EventPath).id, call.query_as(CapReceiptQuery).county

    def find(snapshot: Snapshot) -> tuple[KeptAlert, list[ReceiptRow]]:
        return _find(snapshot, envelope_id), snapshot.receipts(envelope_id)

    kept, receipts = await desk.gateway.store.read(find)
    document = answer_of_county(kept, receipts, county)
    if isinstance(document, Fault):
        raise NotFoundError(document)
    return _tagged(await _written(cap, document, sign=True), CAP, tag_of(meaning_of(document)))


async def get_cap_documents(desk: Desk, call: Call) -> web.StreamResponse:
    """List documents that were taken."""
    asked = call.query_as(CapDocumentQuery)
    rows = await desk.gateway.store.read(
        lambda snapshot: snapshot.cap.documents(held_only=asked.held, limit=asked.limit)
    )
    return reply(CapDocumentList(documents=tuple(map(document_line, rows))))


async def get_cap_document(desk: Desk, call: Call) -> web.StreamResponse:
    """Show one document and its draft to an officer: what the guards found stands in it."""
    number, officer = call.path_as(CapDocumentPath).number, _officer(call)
    row = await desk.gateway.store.read(lambda snapshot: snapshot.cap.document(number))
    if row is None:
        raise NotFoundError(not_here(number))
    log.info("cap.shown", number=number, officer=officer, access=call.caller.name)
    return reply(document_detail(row))


async def get_cap_original(desk: Desk, call: Call) -> web.StreamResponse:
    """Give the bytes of one document to an officer, as they came."""
    number, officer = call.path_as(CapDocumentPath).number, _officer(call)
    row = await desk.gateway.store.read(lambda snapshot: snapshot.cap.document(number))
    if row is None:
        raise NotFoundError(not_here(number))
    if row.original is None:
        mend = "its bytes were destroyed: an officer has closed it, or its event was erased"
        return problem_of(Fault("cap.erased", "number", mend)).response()
    log.info("cap.shown", number=number, officer=officer, access=call.caller.name)
    return _saved(reply_bytes(row.original, CAP), f"cap-{number}.xml")


async def post_cap_closing(desk: Desk, call: Call) -> web.StreamResponse:
    """Close one document that was held, as the officer that the token is bound to."""
    number, officer = call.path_as(CapDocumentPath).number, _officer(call)
    draft = read_body(call.body or b"{}", CapClosingDraft, "request")
    if isinstance(draft, tuple):
        return Problem(status_of(draft[0].code), draft).response()
    now = desk.gateway.clock.now()
    outcome = await desk.gateway.store.write(lambda tx: close_document(tx, number, draft.event, by=officer, now=now))
    if isinstance(outcome, Fault):
        return problem_of(outcome).response()
    if (outcome.settled_at, outcome.settled_by) == (now, officer):
        log.info("cap.closed", number=number, officer=officer, envelope_id=outcome.event_id)
    return reply(document_line(outcome))


def _officer(call: Call) -> str:
    if call.caller.officer is None:
        mend = "this token is bound to no officer; what was held is for a person with a token of their own"
        raise RequestError(Fault("access.no_officer", "Authorization", mend))
    return call.caller.officer


def _event(snapshot: Snapshot, envelope_id: str) -> StoredEvent:
    event = snapshot.event(envelope_id)
    if event is None:
        raise NotFoundError(Fault("request.not_found", "id", "no such event is here; see GET /api/v1/events"))
    return event


def _find(snapshot: Snapshot, envelope_id: str) -> KeptAlert:
    kept = alert_of(_event(snapshot, envelope_id))
    if isinstance(kept, Fault):
        raise RequestError(kept)
    return kept


async def _written(cap: CapDesk, document: CapAlert, *, sign: bool) -> bytes:
    data = await cap.text.write(document, sign=sign)
    if isinstance(data, Fault):
        raise RequestError(data)
    return data


def _tagged(body: bytes, media_type: str, tag: str) -> web.Response:
    response = reply_bytes(body, media_type)
    response.headers["ETag"] = tag
    return response


def _saved(response: web.Response, name: str) -> web.Response:
    """Let a browser save it, and never show or run it."""
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _unchanged(tag: str) -> web.Response:
    return web.Response(status=UNCHANGED, headers={"ETag": tag})
