"""Handlers: cases of joint mediation, and the next entry of one."""

import asyncio
from collections.abc import Sequence

import structlog
from aiohttp import web

from schemas.case_evidence import CASE_FILE_MAX_BYTES
from schemas.custody import OpeningReason
from schemas.drafts import CaseEventDraft
from schemas.errors import Fault, RequestError
from services.casework import file_of
from services.domain.case_evidence import write_case_file
from services.domain.evidence_choosing import Gathered
from services.domain.evidence_opening import spell
from services.domain.evidence_writing import TrustPapers, write_evidence
from services.domain.trust import Trust
from services.gateway.api.asked import LINKS_DEFAULT, CasePaperQuery, CasePath, CaseQuery, ShowQuery
from services.gateway.api.calls import Call, reply
from services.gateway.api.evidence import gather
from services.gateway.api.route import BYTES, PDF
from services.gateway.bodies import read_body
from services.gateway.case_papers import markup_of
from services.gateway.cases import NOT_FOUND, case_detail, case_list, event_body
from services.gateway.desk import Desk
from services.gateway.opening import write_down
from services.gateway.problems import Problem, problem_of, status_of
from services.gateway.views import accepted
from services.ports import Snapshot

log = structlog.get_logger()


async def get_cases(desk: Desk, call: Call) -> web.StreamResponse:
    """List cases."""
    asked = call.query_as(CaseQuery)
    rows = await desk.gateway.store.read(
        lambda snapshot: snapshot.cases.newest(open_only=asked.open, limit=asked.limit)
    )
    return reply(case_list(rows))


async def get_case(desk: Desk, call: Call) -> web.StreamResponse:
    """Show one case: its story, what may come next and why not, its days."""
    case_id, gateway = call.path_as(CasePath).id, desk.gateway
    now = gateway.clock.now()
    found = await gateway.store.read(lambda snapshot: case_detail(snapshot, case_id, gateway, now))
    return problem_of(found).response() if isinstance(found, Fault) else reply(found)


async def post_entry(desk: Desk, call: Call) -> web.StreamResponse:
    """Write the next entry of a case; who has not seen the newest one is refused."""
    case_id, draft = call.path_as(CasePath).id, read_body(call.body, CaseEventDraft, "request")
    if isinstance(draft, tuple):
        return Problem(status_of(draft[0].code), draft).response()
    gateway = desk.gateway
    row = await gateway.store.read(lambda snapshot: snapshot.cases.case(case_id))
    body = NOT_FOUND if row is None else event_body(draft, row, gateway.county)
    if isinstance(body, Fault):
        return problem_of(body).response()
    key = call.key
    posted = await desk.submitter.submit(body, idempotency_key=key, access_name=call.caller.name)
    return reply(accepted(posted), 202)


async def get_case_evidence(desk: Desk, call: Call) -> web.StreamResponse:
    """Export a case as evidence: with a reason also what opens its contents, and each opening is written down."""
    case_id, why, gateway = call.path_as(CasePath).id, call.query_as(ShowQuery).why, desk.gateway
    trust, papers = gateway.directory.trust(), gateway.directory.papers()
    gathered = await gateway.store.read(lambda snapshot: _gathered(snapshot, case_id, trust))
    keys = await _opened(desk, call, [one.event.envelope_id for one in gathered], why) if why is not None else {}
    data = await asyncio.to_thread(_written, case_id, gathered, papers, keys)  # every signature is verified again
    headers = {"Content-Disposition": f'attachment; filename="case-{case_id[:10]}.jsonl"'}
    return web.Response(body=data, content_type=BYTES, headers=headers)


async def get_paper(desk: Desk, call: Call) -> web.StreamResponse:
    """Print the agreement of a case or its whole file; each content that is opened for it is written down."""
    case_id, asked, gateway = call.path_as(CasePath).id, call.query_as(CasePaperQuery), desk.gateway
    if asked.why is None:
        mend = "the contents are personal: say why they are opened (`why`), which is written to the log of openings"
        raise RequestError(Fault("access.no_reason", "why", mend))
    if await gateway.store.read(lambda snapshot: snapshot.cases.case(case_id)) is None:
        raise RequestError(NOT_FOUND)
    if gateway.printer is None:  # before anything is opened
        raise RequestError(Fault("node.no_printer", "what", "install Pango and a font with Chinese at this node"))
    html = await markup_of(gateway, case_id, asked.what, why=asked.why, access=call.caller)
    data = await gateway.printer(html)
    headers = {"Content-Disposition": f'attachment; filename="case-{case_id[:10]}-{asked.what.value}.pdf"'}
    return web.Response(body=data, content_type=PDF, headers=headers)


def _gathered(snapshot: Snapshot, case_id: str, trust: Trust) -> list[Gathered]:
    if snapshot.cases.case(case_id) is None:
        raise RequestError(NOT_FOUND)
    story = file_of(snapshot, case_id).story
    return [gather(snapshot, one.entry.envelope_id, LINKS_DEFAULT, trust) for one in story]


async def _opened(desk: Desk, call: Call, ids: Sequence[str], why: OpeningReason) -> dict[str, bytes]:
    for one in ids:
        row = await write_down(desk.gateway, one, access=call.caller, reason=why)
        log.info("gateway.opened", number=row.number, digest=row.digest, access=call.caller.name, reason=why)

    def keys(snapshot: Snapshot) -> dict[str, bytes]:
        found = ((one, snapshot.event(one)) for one in ids)
        return {one: event.content_key for one, event in found if event is not None and event.content_key}

    return await desk.gateway.store.read(keys)


def _written(case_id: str, gathered: Sequence[Gathered], papers: TrustPapers, keys: dict[str, bytes]) -> bytes:
    files: list[bytes] = []
    for one in gathered:
        written = write_evidence(one, papers)
        if isinstance(written, Fault):
            raise RequestError(written)
        files.append(spell(written.evidence))
    data = write_case_file(case_id, files, keys)
    if len(data) > CASE_FILE_MAX_BYTES:
        mend = f"it would have {len(data)} bytes, more than {CASE_FILE_MAX_BYTES}: export its events one by one"
        raise RequestError(Fault("evidence.too_large", "id", mend))
    return data
