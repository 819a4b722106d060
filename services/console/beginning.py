"""What a form begins with: what the node knows already, and what stands in the event that the new one follows."""

import json
from collections.abc import Mapping

from pydantic import JsonValue

from schemas.information.alerts import AlertCancelled, AlertUpdated
from services.console.visit import Visit
from services.domain.compose_defaults import Desk, defaults_of
from services.gateway.answers import EventDetail, MemberList

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
    given = dict(defaults_of(wire_type, desk, gateway.clock.now()))
    before = visit.query("alert")
    if before is not None and wire_type in {AlertUpdated.wire_type, AlertCancelled.wire_type}:
        given |= await _following(visit, before)
    after = visit.query("after")
    if after is not None:
        given |= await _content_of(visit, after)
    return given


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
