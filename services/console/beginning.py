"""What a form begins with: what the node knows already, and what stands in the event that the new one follows."""

import json
from collections.abc import Mapping

from pydantic import JsonValue

from schemas.development.projects import ProjectProposed
from schemas.development.resources import ResourceOffered
from schemas.governance.plans import PlanPublished
from schemas.information.alerts import AlertCancelled, AlertUpdated
from schemas.information.briefs import SituationBriefPublished
from schemas.outreach.campaigns import CampaignAnnounced
from services.console.visit import Visit
from services.domain.compose_defaults import Desk, defaults_of
from services.gateway.answers import EventDetail, MemberList
from services.gateway.thread_answers import LedgerAnswer

_THREADS = {
    CampaignAnnounced.wire_type: ("ics_uid", "@sihu"),
    ResourceOffered.wire_type: ("offer_id", ""),
    ProjectProposed.wire_type: ("project_id", ""),
}
"""What opens a thread, the field of its key, and how the key ends."""
_TAKEN_OVER = (
    "class",
    "event_code",
    "event_name",
    "warning_level",
    "event_grade",
    "response_level",
    "urgency",
    "severity",
    "certainty",
    "headline",
    "description",
    "instruction",
    "areas",
    "neighbour_risk",
    "duty_contact",
)


async def begun_with(visit: Visit, wire_type: str) -> Mapping[str, JsonValue]:
    """Return the content that a new event of a type begins with."""
    gateway = visit.hall.desk.gateway
    members = (await visit.api.ask("list_members", MemberList)).members
    own = next((one for one in members if one.own), None)
    desk = Desk(
        county=gateway.county,
        office=own.office if own else "",
        phone=own.duty_phone if own else "",
        role=visit.visitor.display_name,
    )
    given = {**defaults_of(wire_type, desk, gateway.clock.now()), **_numbered(visit, wire_type)}
    if wire_type == SituationBriefPublished.wire_type:
        given |= await _counted(visit)
    before = visit.query("alert")
    if before is not None and wire_type in {AlertUpdated.wire_type, AlertCancelled.wire_type}:
        given |= await _following(visit, before)
    after = visit.query("after")
    if after is not None:
        given |= await _content_of(visit, after)
    return given


def _numbered(visit: Visit, wire_type: str) -> dict[str, JsonValue]:
    """Return the number that a new plan or thread gets: nobody types 32 digits."""
    gateway = visit.hall.desk.gateway
    if wire_type == PlanPublished.wire_type:
        return {"plan_id": gateway.ids.hex(16), "version": 1}
    if wire_type not in _THREADS:
        return {}
    name, ending = _THREADS[wire_type]
    return {name: f"{gateway.county}-n{gateway.ids.hex(4)}{ending}"}


async def _counted(visit: Visit) -> dict[str, JsonValue]:
    """Return a brief with the ledger's figures of the days that were asked for; none if no days were."""
    days = {"first": visit.query("first"), "last": visit.query("last")}
    if None in days.values():
        return {}
    brief = (await visit.api.ask("ledger", LedgerAnswer, query=days)).brief
    return brief if isinstance(brief, dict) else {}


async def _following(visit: Visit, envelope_id: str) -> dict[str, JsonValue]:
    """Take over from the alert that is updated or ended what mostly stays, and name it."""
    old = await _content_of(visit, envelope_id)
    taken = {name: old[name] for name in _TAKEN_OVER if name in old}
    number = old.get("report_no")
    taken["report_no"] = number + 1 if isinstance(number, int) else 2
    taken["predecessors"] = [{"alert_id": old.get("alert_id", "")}]
    return taken


async def _content_of(visit: Visit, envelope_id: str) -> dict[str, JsonValue]:
    detail = await visit.api.ask("show_event", EventDetail, path={"id": envelope_id})
    return dict(json.loads(json.dumps(detail.content))) if isinstance(detail.content, dict) else {}
