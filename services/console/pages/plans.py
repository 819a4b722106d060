"""联合应急: joint plans, drills over the live bus and of this county's own people, checks along the border."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Final

from aiohttp import web

from schemas.base import BEIJING, Status
from schemas.errors import Fault, InvariantError, RequestError
from schemas.governance.plans import DrillHeld
from schemas.information.alerts import AlertIssued
from schemas.officers import Role
from services.console.acting import Filled, audience_of_event, number, once, send
from services.console.asking import may_ask
from services.console.navigation import ANSWERERS, READERS
from services.console.visit import Page, Visit
from services.domain.drills import record_of
from services.gateway.answers import EventDetail
from services.gateway.exercises import exercise_of
from services.gateway.paging_answers import EscalationLine, EscalationList, Timeline
from services.gateway.search_answers import SearchPage
from services.gateway.shelf_answers import CheckList, DrillDetail, DrillLine, DrillList, PlanDetail, PlanList

_PLAN: Final = "{id:[0-9a-f]{32}}"
_DRILL: Final = "{id:drill-[0-9a-f]{16}}"
_LISTED: Final = 50
_EXERCISES: Final = 20
_DRILL_PREFIX: Final = "drill-"
_DRILLERS: Final = frozenset({Role.DUTY, Role.LIAISON})
_WHOLE: Final = 3
"""Drills of a plan that are shown with every step; older ones in figures."""


@dataclass(frozen=True, slots=True)
class DrillRow:
    """A drill of a list, with the title of its plan as far as that is here."""

    line: DrillLine
    title: str


async def overview(visit: Visit) -> web.StreamResponse:
    """Show plans, drills, exercise alerts and checks."""
    return await _overview(visit, Filled())


async def plan(visit: Visit) -> web.StreamResponse:
    """Show one plan."""
    return await _shown(visit, Filled())


async def record(visit: Visit) -> web.StreamResponse:
    """Make the record of a drill out of the signed answers to own exercise alerts, and send it."""
    form = visit.form
    detail = await _plan(visit)
    try:
        chosen = [
            exercise_of(await visit.api.ask("show_event", EventDetail, path={"id": one})) for one in form.all("alert")
        ]
        findings = [line.strip() for line in form.get("findings").split("\n") if line.strip()]
        held = _held(record_of(detail.plan_id, detail.version, chosen, findings))
        to = await audience_of_event(visit, detail.envelope_id)
        content = held.model_dump(mode="json", exclude_none=True)
        await send(visit, DrillHeld, content, to.agreement, to.counties)
    except RequestError as refusal:
        return await _shown(visit, Filled("record", form, refusal.faults), 422)
    return visit.see_other(f"/plans/{detail.plan_id}", said="drill_recorded")


async def begin(visit: Visit) -> web.StreamResponse:
    """Tell this county's own people of an exercise; nothing leaves the county."""
    try:
        level = number(visit.form.get("level"))
        begun = await visit.api.ask(
            "begin_drill", EscalationLine, body={"level": level}, key=visit.form.get("once") or None
        )
    except RequestError as refusal:
        return await _overview(visit, Filled("begin", visit.form, refusal.faults), 422)
    return visit.see_other(f"/plans/drills/{begun.key}", said="drill_begun")


async def drill(visit: Visit) -> web.StreamResponse:
    """Show how an exercise of own people went: who was told when and by what, and who answered."""
    found = await visit.api.ask("show_timeline", Timeline, path={"id": visit.path("id")})
    return visit.render("drill.html", {"timeline": found})


async def _overview(visit: Visit, filled: Filled, status: int = 200) -> web.Response:
    found = await visit.api.ask("list_joint_plans", PlanList)
    drills = await visit.api.ask("list_joint_drills", DrillList, query={"limit": _LISTED})
    checks = await visit.api.ask("list_hazard_checks", CheckList, query={"limit": _LISTED})
    query = {"status": Status.EXERCISE.value, "limit": _EXERCISES}
    exercises = await visit.api.ask("search_events", SearchPage, query=query)
    told = await visit.api.ask("list_escalations", EscalationList, query={"open": False, "limit": _LISTED})
    titles = {one.plan_id: one.title for one in found.plans}
    values = {
        "plans": found.plans,
        "complete": found.complete,
        "drills": [DrillRow(one, titles.get(one.plan_id, "（预案不在本县）")) for one in drills.drills],
        "checks": checks.checks,
        "more": bool(drills.next_since or checks.next_since),
        "unreadable": len(found.unreadable) + len(drills.unreadable) + len(checks.unreadable),
        "exercises": [one.event for one in exercises.found],
        "own_drills": [one for one in told.escalations if one.key.startswith(_DRILL_PREFIX)],
        "today": _today(visit),
        "may_begin": _may_write(visit),
        "once": once(visit),
        "may_drill": may_ask(visit.visitor.access, "begin_drill") and visit.visitor.is_any(_DRILLERS),
        "filled": filled,
    }
    return visit.render("plans.html", values, status)


async def _plan(visit: Visit) -> PlanDetail:
    return await visit.api.ask("show_joint_plan", PlanDetail, path={"id": visit.path("id")})


async def _shown(visit: Visit, filled: Filled, status: int = 200) -> web.Response:
    detail = await _plan(visit)
    if not isinstance(detail.plan, dict):
        raise InvariantError("a plan is an object")
    may = _may_write(visit)
    query = {
        "status": Status.EXERCISE.value,
        "type": AlertIssued.wire_type,
        "direction": "out",
        "limit": _EXERCISES,
    }
    alerts = (await visit.api.ask("search_events", SearchPage, query=query)).found if may else ()
    values = {
        "detail": detail,
        "plan": detail.plan,
        "drills": [(one, await _whole(visit, one)) for one in detail.drills[:_WHOLE]],
        "older": detail.drills[_WHOLE:],
        "today": _today(visit),
        "alerts": [one.event for one in alerts],
        "chosen": filled.values.all("alert"),
        "may_record": may,
        "filled": filled,
        "once": once(visit),
    }
    return visit.render("plan.html", values, status)


def _held(found: DrillHeld | tuple[Fault, ...]) -> DrillHeld:
    if isinstance(found, tuple):
        raise RequestError(*found)
    return found


async def _whole(visit: Visit, line: DrillLine) -> DrillHeld:
    """Read one drill whole: its steps and findings."""
    found = await visit.api.ask("show_joint_drill", DrillDetail, path={"id": line.envelope_id})
    return DrillHeld.model_validate_json(json.dumps(found.drill), extra="ignore")


def _may_write(visit: Visit) -> bool:
    return may_ask(visit.visitor.access, "submit_event") and visit.visitor.is_any(ANSWERERS)


def _today(visit: Visit) -> date:
    return visit.hall.desk.gateway.clock.now().astimezone(BEIJING).date()


PLANS: Final = (
    Page("GET", "/plans", "plans", "联合应急", overview, READERS, "plans"),
    Page("GET", f"/plans/{_PLAN}", "plan", "联合应急预案", plan, READERS, "plans"),
    Page("POST", f"/plans/{_PLAN}/drills", "record_drill", "登记演练", record, ANSWERERS, "plans"),
    Page("POST", "/plans/drills", "begin_drill", "本县人员演练", begin, _DRILLERS, "plans"),
    Page("GET", f"/plans/drills/{_DRILL}", "drill", "本县人员演练", drill, READERS, "plans"),
)
