"""Handlers: who is told what, silences, drills, providers, who is on duty."""

from typing import Final, NoReturn

import structlog
from aiohttp import web

from schemas.drafts import DrillDraft, SilenceDraft
from schemas.errors import Fault, NotFoundError
from services.gateway.api.asked import EscalationPath, EscalationQuery, SilencePath
from services.gateway.api.calls import Call, reply
from services.gateway.bodies import read_body
from services.gateway.desk import Desk
from services.gateway.gateway import People
from services.gateway.keys import number_of
from services.gateway.paging import begin_drill, end_silence, escalation_line, order_silence, silence_line, timeline
from services.gateway.paging_answers import DutyLine, DutyList, EscalationList, ProviderLine, ProviderList, SilenceList
from services.gateway.problems import Problem, problem_of, status_of

log = structlog.get_logger()
_DRILL_BYTES: Final = 8


async def get_escalations(desk: Desk, call: Call) -> web.StreamResponse:
    """List events that are told to this county's people."""
    asked = call.query_as(EscalationQuery)
    rows = await desk.gateway.store.read(
        lambda snapshot: snapshot.paging.escalations(live_only=asked.open, limit=asked.limit)
    )
    return reply(EscalationList(escalations=tuple(escalation_line(row) for row in rows)))


async def get_timeline(desk: Desk, call: Call) -> web.StreamResponse:
    """Show everything that was done to have one event answered."""
    key = call.path_as(EscalationPath).id
    people = desk.gateway.people
    found = await desk.gateway.store.read(lambda snapshot: timeline(snapshot, key, people.duty if people else None))
    return problem_of(found).response() if isinstance(found, Fault) else reply(found)


async def post_silence(desk: Desk, call: Call) -> web.StreamResponse:
    """Let nobody be told of an event for a while."""
    key, draft = call.path_as(EscalationPath).id, read_body(call.body, SilenceDraft, "request")
    if isinstance(draft, tuple):
        return Problem(status_of(draft[0].code), draft).response()
    people, now = _people(desk), desk.gateway.clock.now()
    made = await desk.gateway.store.write(
        lambda tx: order_silence(tx, key, draft, access=call.caller, duty=people.duty, now=now)
    )
    if isinstance(made, Fault):
        return problem_of(made).response()
    log.info("gateway.silenced", escalation=made.escalation, officer=made.officer, minutes=draft.minutes)
    return reply(silence_line(made), 202)


async def get_silences(desk: Desk, call: Call) -> web.StreamResponse:  # noqa: ARG001 - every handler has one shape
    """List silences in force."""
    now = desk.gateway.clock.now()
    rows = await desk.gateway.store.read(lambda snapshot: snapshot.paging.silences(now))
    return reply(SilenceList(silences=tuple(silence_line(row) for row in rows)))


async def post_silence_ending(desk: Desk, call: Call) -> web.StreamResponse:
    """End a silence now."""
    number, now = call.path_as(SilencePath).number, desk.gateway.clock.now()
    fault = await desk.gateway.store.write(lambda tx: end_silence(tx, number, now))
    return problem_of(fault).response() if fault else await get_silences(desk, call)


async def post_drill(desk: Desk, call: Call) -> web.StreamResponse:
    """Begin an exercise for this county's own people."""
    draft = read_body(call.body, DrillDraft, "request")
    if isinstance(draft, tuple):
        return Problem(status_of(draft[0].code), draft).response()
    people, gateway = _people(desk), desk.gateway
    now, number = gateway.clock.now(), number_of(call.key, call.caller.name, gateway.ids, _DRILL_BYTES)
    opened = await gateway.store.write(
        lambda tx: begin_drill(tx, draft, county=gateway.county, number=number, policy=people.policy(), now=now)
    )
    log.info("gateway.drilled", escalation=opened.key, level=draft.level, access=call.caller.name)
    return reply(escalation_line(opened), 202)


async def get_providers(desk: Desk, call: Call) -> web.StreamResponse:  # noqa: ARG001
    """List the configured ways to reach people, and how they are doing."""
    people = desk.gateway.people
    lines = [
        ProviderLine(
            name=name,
            medium=pager.medium,
            ready=(health := pager.health()).ready,
            since=health.since,
            problem=health.problem,
            last_heard_at=health.last_heard_at,
        )
        for name, pager in (people.pagers if people else {}).items()
    ]
    return reply(ProviderList(providers=tuple(lines)))


async def get_duty(desk: Desk, call: Call) -> web.StreamResponse:  # noqa: ARG001
    """Tell who is on duty now."""
    now = desk.gateway.clock.now()
    lines = [
        DutyLine(
            officer=one.officer,
            display=one.display,
            tier=one.tier,
            media=tuple(dict.fromkeys(medium for medium, _ in one.addresses)),
        )
        for one in _people(desk).duty.on_duty(now)
    ]
    return reply(DutyList(at=now, people=tuple(lines)))


def _people(desk: Desk) -> People:
    """Return roster and providers.

    Raises:
        NotFoundError: This node tells nobody.
    """
    return desk.gateway.people or _refuse()


def _refuse() -> NoReturn:
    mend = "this node has no roster, so it tells nobody; see `sihu roster`"
    raise NotFoundError(Fault("paging.off", "roster", mend))
