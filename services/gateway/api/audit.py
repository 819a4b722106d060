"""Handlers: what people did in the console, for the auditor and the administrator."""

from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Final

from aiohttp import web

from schemas.consoles import AuditEntry
from services.domain.audit import AuditVerdict, go_on
from services.gateway.api.asked import AuditQuery
from services.gateway.api.calls import Call, reply
from services.gateway.api.route import LINES
from services.gateway.audit_answers import AuditLine, AuditList, AuditState
from services.gateway.desk import Desk
from services.ports import Store

_PAGE: Final = 2000
"""Lines of one look at the log; between two of them others are served."""


async def get_audit(desk: Desk, call: Call) -> web.StreamResponse:
    """List what is asked for, and tell whether all of the log is whole."""
    asked = call.query_as(AuditQuery)
    found: deque[AuditEntry] = deque(maxlen=asked.limit)

    def look(row: AuditEntry) -> None:
        if _is_asked_for(row, asked) and (asked.newest or len(found) < asked.limit):
            found.append(row)

    verdict = await judged_audit(desk.gateway.store, look)
    rows = reversed(found) if asked.newest else found
    lines = tuple(AuditLine.model_validate(row, from_attributes=True) for row in rows)
    state = AuditState(
        first=verdict.first,
        last=verdict.last,
        digest=verdict.digest,
        holds=verdict.holds,
        broken_at=verdict.broken_at if verdict.anchored else verdict.first,
    )
    return reply(AuditList(lines=lines, log=state))


async def export_audit(desk: Desk, _: Call) -> web.StreamResponse:
    """Send the whole log, a line of JSON for each of its lines, so that another program can walk over it."""
    name = f"audit-{desk.gateway.county}.jsonl"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=_spelt(desk.gateway.store), content_type=LINES, headers=headers)


async def judged_audit(store: Store, look: Callable[[AuditEntry], None] = lambda _: None) -> AuditVerdict:
    """Walk over the whole log and tell whether every line follows the one before; ``look`` is shown each."""
    verdict = AuditVerdict()
    async for rows in _all(store):
        verdict = go_on(verdict, rows)
        for row in rows:
            look(row)
    return verdict


def _is_asked_for(row: AuditEntry, asked: AuditQuery) -> bool:
    if asked.since and (row.number >= asked.since if asked.newest else row.number <= asked.since):
        return False
    if asked.officer is not None and row.officer != asked.officer:
        return False
    return asked.act is None or asked.act in {row.act, row.act.partition(".")[0]}


async def _all(store: Store) -> AsyncIterator[list[AuditEntry]]:
    after = 0
    while rows := await store.read(lambda snapshot, after=after: snapshot.console.audit(after, _PAGE)):  # type: ignore[misc]
        yield rows
        after = rows[-1].number


async def _spelt(store: Store) -> AsyncIterator[bytes]:
    async for rows in _all(store):
        lines = (AuditLine.model_validate(row, from_attributes=True).model_dump_json() for row in rows)
        yield "".join(f"{line}\n" for line in lines).encode()
