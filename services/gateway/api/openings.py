"""Handlers: who was shown personal content, for the auditor."""

from aiohttp import web

from schemas.custody import Opening
from services.gateway.answers import OpeningLine, OpeningList, OpeningLog
from services.gateway.api.asked import EventPath, OpeningQuery, OpeningsOfEventQuery
from services.gateway.api.calls import Call, reply
from services.gateway.desk import Desk
from services.gateway.opening import judged_log


async def get_openings(desk: Desk, call: Call) -> web.StreamResponse:
    """List the log behind a number."""
    asked = call.query_as(OpeningQuery)
    rows = await desk.gateway.store.read(lambda snapshot: snapshot.openings(asked.since, asked.limit))
    return await _answer(desk, rows)


async def get_openings_of_event(desk: Desk, call: Call) -> web.StreamResponse:
    """List who was shown the content of one event."""
    envelope_id, asked = call.path_as(EventPath).id, call.query_as(OpeningsOfEventQuery)
    rows = await desk.gateway.store.read(lambda snapshot: snapshot.openings_of(envelope_id, asked.limit))
    return await _answer(desk, rows)


async def _answer(desk: Desk, rows: list[Opening]) -> web.StreamResponse:
    verdict = await judged_log(desk.gateway.store)
    lines = tuple(OpeningLine.model_validate(row, from_attributes=True) for row in rows)
    log = OpeningLog(count=verdict.count, digest=verdict.digest, holds=verdict.holds, broken_at=verdict.broken_at)
    return reply(OpeningList(openings=lines, log=log))
