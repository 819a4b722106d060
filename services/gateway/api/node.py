"""Handlers: the node itself: who is who, what waits, health, figures, and the two documents."""

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from schemas.counties import name_of
from schemas.errors import Fault
from schemas.ids import CountyCode
from services.gateway.answers import Health, NoticeList, QuarantineList, Readiness, WhoAmI
from services.gateway.api.asked import NoticePath, NoticeQuery, QuarantineQuery
from services.gateway.api.calls import JSON, Call, reply, reply_bytes
from services.gateway.closing import close_notice
from services.gateway.desk import Desk
from services.gateway.meters import read_facts
from services.gateway.problems import problem_of
from services.gateway.views import member_list, notice_line, quarantine_line

log = structlog.get_logger()


async def get_members(desk: Desk, call: Call) -> web.StreamResponse:  # noqa: ARG001 - every handler has one shape
    """List the members of the registry in force."""
    return reply(member_list(desk.gateway.directory.trust(), desk.gateway.county))


async def get_notices(desk: Desk, call: Call) -> web.StreamResponse:
    """List what the own duty officer was told."""
    asked = call.query_as(NoticeQuery)
    rows = await desk.gateway.store.read(lambda snapshot: snapshot.notices(open_only=asked.open, limit=asked.limit))
    return reply(NoticeList(notices=tuple(notice_line(row) for row in rows)))


async def post_closing(desk: Desk, call: Call) -> web.StreamResponse:
    """Close one notice: a person has dealt with it."""
    number, access, now = call.path_as(NoticePath).number, call.caller, desk.gateway.clock.now()
    by = access.officer or access.name
    outcome = await desk.gateway.store.write(lambda tx: close_notice(tx, number, by, now))
    if isinstance(outcome, Fault):
        return problem_of(outcome).response()
    if (outcome.resolved_at, outcome.closed_by) == (now, by):
        log.info("gateway.closed", number=number, kind=outcome.kind, by=by)
    return reply(notice_line(outcome))


async def get_quarantine(desk: Desk, call: Call) -> web.StreamResponse:
    """List what was refused."""
    asked = call.query_as(QuarantineQuery)
    rows = await desk.gateway.store.read(lambda snapshot: snapshot.quarantined(asked.limit))
    return reply(QuarantineList(quarantined=tuple(quarantine_line(row) for row in rows)))


async def get_whoami(desk: Desk, call: Call) -> web.StreamResponse:
    """Tell the caller what this node knows about it."""
    access, county = call.caller, desk.gateway.county
    body = WhoAmI(
        county=CountyCode(county),
        county_name=name_of(county),
        version=desk.gateway.facts.version,
        name=access.name,
        scopes=access.scopes,
        officer=access.officer,
        expires_at=access.expires_at,
    )
    return reply(body)


async def get_health(desk: Desk, call: Call) -> web.StreamResponse:  # noqa: ARG001 - every handler has one shape
    """Tell that the process is alive."""
    return reply(Health(status="alive", version=desk.gateway.facts.version))


async def get_readiness(desk: Desk, call: Call) -> web.StreamResponse:  # noqa: ARG001 - every handler has one shape
    """Tell whether the node can do its work, and if not, what is missing."""
    checks = dict(desk.gateway.facts.ready())
    missing = [Fault("node.not_ready", name, f"{name} is not ready yet") for name, holds in checks.items() if not holds]
    if missing:
        return problem_of(*missing).response()
    return reply(Readiness(ready=True, checks=checks))


async def get_metrics(desk: Desk, call: Call) -> web.StreamResponse:  # noqa: ARG001 - every handler has one shape
    """Give the figures for Prometheus."""
    facts, people, cap = await desk.gateway.store.read(read_facts), desk.gateway.people, desk.gateway.cap
    text = desk.meters.text(
        facts,
        now=desk.gateway.clock.now(),
        live_clients=desk.live.open_count,
        checks=desk.gateway.facts.ready(),
        providers={name: one.health().ready for name, one in (people.pagers if people else {}).items()},
        feeds=cap.feeds() if cap else {},
    )
    return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_LATEST})


async def get_openapi(desk: Desk, call: Call) -> web.StreamResponse:  # noqa: ARG001 - every handler has one shape
    """Give this API as OpenAPI 3.1."""
    return reply_bytes(desk.openapi(), JSON)


async def get_asyncapi(desk: Desk, call: Call) -> web.StreamResponse:  # noqa: ARG001 - every handler has one shape
    """Give the bus and the live stream as AsyncAPI 3.0."""
    return reply_bytes(desk.asyncapi(), JSON)
