"""Handlers: events in and out, receipts, acknowledgements, the live stream."""

from dataclasses import dataclass

import structlog
from aiohttp import web

from schemas.control import HUMAN_STAGES, TAKING_STAGES
from schemas.drafts import CallDraft, ErasureDraft
from schemas.errors import Fault, NotFoundError
from schemas.records import CallRow, Chain, Delivery, Direction, ErasureRow, ReceiptRow, StoredEvent
from schemas.releases import ReleaseRow
from services.acknowledging import AlreadyAnswered
from services.domain.reading import content_of
from services.domain.releasing import Standing
from services.gateway.admission import LIVE_PROTOCOL
from services.gateway.answers import Acknowledged, Erasure, FileLine, ReceiptList
from services.gateway.api.asked import EventPath, EventQuery, LiveQuery, ShowQuery
from services.gateway.api.calls import Call, reply
from services.gateway.bodies import read_body
from services.gateway.calling import record_call
from services.gateway.desk import Desk
from services.gateway.erasing import erase_event
from services.gateway.opening import is_withheld, write_down
from services.gateway.problems import Problem, problem_of, status_of
from services.gateway.release_views import release_list
from services.gateway.views import (
    accepted,
    answer_line,
    call_line,
    delivery_line,
    erasure_lines,
    event_detail,
    event_page,
    file_line,
    receipt_line,
)
from services.ports import Snapshot

log = structlog.get_logger()


async def post_event(desk: Desk, call: Call) -> web.StreamResponse:
    """Accept an event."""
    access = call.caller
    standing = Standing(unattended=access.is_unattended, officer=access.officer or "")
    posted = await desk.submitter.submit(
        call.body, idempotency_key=call.key, access_name=access.name, standing=standing
    )
    return reply(accepted(posted), 202)


async def get_events(desk: Desk, call: Call) -> web.StreamResponse:
    """List events."""
    asked = call.query_as(EventQuery)
    page = await desk.gateway.store.read(
        lambda snapshot: snapshot.events(
            direction=asked.direction,
            wire_type=asked.type,
            since=asked.since,
            limit=asked.limit,
            newest_first=asked.newest,
            unacknowledged=asked.unacknowledged,
        )
    )
    return reply(event_page(page))


@dataclass(frozen=True, slots=True)
class _Found:
    event: StoredEvent
    chain: Chain | None
    deliveries: list[Delivery]
    receipts: list[ReceiptRow]
    erasures: list[ErasureRow]
    calls: list[CallRow]
    releases: list[ReleaseRow]
    file: FileLine | None

    @property
    def own_answer(self) -> ReceiptRow | None:
        """The human receipt that this county gave: the first that takes the event, else the newest that does not."""
        own = [row for row in self.receipts if row.direction is Direction.OUTGOING and row.stage in HUMAN_STAGES]
        return next((row for row in own if row.stage in TAKING_STAGES), own[-1] if own else None)


def _find(snapshot: Snapshot, envelope_id: str) -> _Found:
    event = snapshot.event(envelope_id)
    if event is None:
        raise NotFoundError(Fault("request.not_found", "id", "no such event is here; see GET /api/v1/events"))
    header = event.envelope.header
    return _Found(
        event,
        snapshot.chain(header.channel, header.epoch),
        snapshot.deliveries(envelope_id) if event.direction is Direction.OUTGOING else [],
        snapshot.receipts(envelope_id),
        snapshot.erasures_of(envelope_id),
        snapshot.calls_of(envelope_id),
        snapshot.releases.of_event(envelope_id),
        _file_of(snapshot, event),
    )


def _file_of(snapshot: Snapshot, event: StoredEvent) -> FileLine | None:
    envelope_id = event.envelope.envelope_id
    kept = snapshot.files.file_of(envelope_id)
    if kept is None:
        return None
    done = {one.recipient for one in snapshot.deliveries(envelope_id) if one.stored_at is not None}
    reports = [one for one in snapshot.files.reports(envelope_id) if one.county not in done]
    return file_line(kept, reports, content_of(event))


async def get_event(desk: Desk, call: Call) -> web.StreamResponse:
    """Show one event, verified again from its stored bytes; personal content once it is written down who asked why."""
    envelope_id, why = call.path_as(EventPath).id, call.query_as(ShowQuery).why
    gateway = desk.gateway
    found = await gateway.store.read(lambda snapshot: _find(snapshot, envelope_id))
    withheld = is_withheld(found.event)
    if withheld and why is not None:
        row = await write_down(gateway, envelope_id, access=call.caller, reason=why)
        log.info("gateway.opened", number=row.number, digest=row.digest, access=call.caller.name, reason=why)
        withheld = False
    detail = event_detail(
        found.event,
        chain=found.chain,
        deliveries=[delivery_line(one, found.receipts) for one in found.deliveries],
        answer=found.own_answer if found.event.direction is Direction.INCOMING else None,
        erasures=found.erasures,
        trust=desk.gateway.directory.trust(),
        now=desk.gateway.clock.now(),
        withheld=withheld,
    )
    released = release_list(envelope_id, found.releases, found.event.envelope.header.source)
    beside = {
        "file": found.file,
        "calls": tuple(call_line(one) for one in found.calls),
        "releases": released.releases,
        "awaits_second": released.awaits_second,
    }
    return reply(detail.model_copy(update=beside))


async def get_receipts(desk: Desk, call: Call) -> web.StreamResponse:
    """List the receipts that cover one event."""
    envelope_id = call.path_as(EventPath).id
    found = await desk.gateway.store.read(lambda snapshot: _find(snapshot, envelope_id))
    return reply(ReceiptList(receipts=tuple(receipt_line(row) for row in found.receipts)))


async def post_acknowledgement(desk: Desk, call: Call) -> web.StreamResponse:
    """Answer an incoming event as the officer that the token is bound to."""
    envelope_id = call.path_as(EventPath).id
    outcome = await desk.acknowledger.acknowledge(envelope_id, call.body, access=call.caller)
    if isinstance(outcome, AlreadyAnswered):
        fault = outcome.fault
        return Problem(status_of(fault.code), (fault,), answered=answer_line(outcome.first)).response()
    answer = outcome.proof.answer
    body = Acknowledged(
        receipt=accepted(outcome.receipt),
        stage=outcome.stage,
        answer=answer.answer,
        means=outcome.proof.means,
        officer=outcome.officer,
        answered_at=answer.answered_at,
    )
    return reply(body, 202)


async def post_erasure(desk: Desk, call: Call) -> web.StreamResponse:
    """Erase the content of an own event, here and at every recipient."""
    envelope_id, draft = call.path_as(EventPath).id, read_body(call.body, ErasureDraft, "request")
    if isinstance(draft, tuple):
        return Problem(status_of(draft[0].code), draft).response()
    gateway, now = desk.gateway, desk.gateway.clock.now()
    outcome = await gateway.store.write(
        lambda tx: erase_event(tx, envelope_id, draft, posting=gateway.posting, trust=gateway.directory.trust, now=now)
    )
    if isinstance(outcome, Fault):
        return problem_of(outcome).response()
    log.info("gateway.erased", envelope_id=envelope_id, reason=draft.reason, access=call.caller.name)
    return reply(Erasure(envelope_id=envelope_id, erasures=erasure_lines(outcome)))


async def post_call(desk: Desk, call: Call) -> web.StreamResponse:
    """Record that a neighbour was told by telephone, as the officer that the token is bound to."""
    envelope_id, draft = call.path_as(EventPath).id, read_body(call.body, CallDraft, "request")
    if isinstance(draft, tuple):
        return Problem(status_of(draft[0].code), draft).response()
    gateway, now = desk.gateway, desk.gateway.clock.now()
    credential, officer = desk.acknowledger.credential(call.caller, draft.called_at or now)
    outcome = await gateway.store.write(
        lambda tx: record_call(
            tx,
            envelope_id,
            draft,
            officer=officer,
            credential=credential,
            posting=gateway.posting,
            trust=gateway.directory.trust,
            now=now,
        )
    )
    if isinstance(outcome, Fault):
        return problem_of(outcome).response()
    log.info("gateway.called", envelope_id=envelope_id, county=draft.county, officer=officer, outcome=draft.outcome)
    return reply(call_line(outcome), 202)


async def get_live(desk: Desk, call: Call) -> web.StreamResponse:
    """Open the live stream."""
    if not web.WebSocketResponse(protocols=(LIVE_PROTOCOL,)).can_prepare(call.request):
        fault = Fault("http.upgrade_required", "Upgrade", "connect with a WebSocket client")
        return Problem(status_of(fault.code), (fault,), {"Upgrade": "websocket", "Connection": "Upgrade"}).response()
    start = await desk.live.start_of(call.query_as(LiveQuery).after)
    if isinstance(start, Fault):
        return problem_of(start).response()
    return await desk.live.serve(call.request, token=call.token, access=call.caller, start=start)
