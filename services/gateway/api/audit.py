"""Handler: what people did in the console, for the auditor."""

from typing import Final

from aiohttp import web

from services.domain.audit import AuditVerdict, go_on
from services.gateway.api.asked import OpeningQuery
from services.gateway.api.calls import Call, reply
from services.gateway.audit_answers import AuditLine, AuditList, AuditState
from services.gateway.desk import Desk
from services.ports import Store

_PAGE: Final = 2000
"""Lines of one look at the log; between two of them others are served."""


async def get_audit(desk: Desk, call: Call) -> web.StreamResponse:
    """List the log behind a number, and tell whether all of it is whole."""
    asked, store = call.query_as(OpeningQuery), desk.gateway.store
    rows = await store.read(lambda snapshot: snapshot.console.audit(asked.since, asked.limit))
    verdict = await judged_audit(store)
    lines = tuple(AuditLine.model_validate(row, from_attributes=True) for row in rows)
    state = AuditState(
        first=verdict.first,
        last=verdict.last,
        digest=verdict.digest,
        holds=verdict.holds,
        broken_at=verdict.broken_at if verdict.anchored else verdict.first,
    )
    return reply(AuditList(lines=lines, log=state))


async def judged_audit(store: Store) -> AuditVerdict:
    """Walk over the whole log and tell whether every line follows the one before."""
    verdict, after = AuditVerdict(), 0
    while verdict.broken_at is None:
        rows = await store.read(lambda snapshot, after=after: snapshot.console.audit(after, _PAGE))  # type: ignore[misc]
        if not rows:
            break
        verdict, after = go_on(verdict, rows), rows[-1].number
    return verdict
