"""What a form begins with: what the node knows already, and what stands in the event that the new one follows."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

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
from services.gateway.cap_answers import CapDocumentDetail
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


@dataclass(slots=True)
class Begun:
    """What a form begins with.

    Attributes:
        agreement: Of the event that the new one follows; empty if it follows none.
        to: Who hears of it now as then; empty for everybody under the agreement.
        status: An exercise is updated and ended as one.
    """

    content: dict[str, JsonValue]
    agreement: str = ""
    to: tuple[str, ...] = ()
    status: str = ""


async def begun_with(visit: Visit, wire_type: str) -> Begun:
    """Return what a new event of a type begins with; one that follows another goes to the same counties as that."""
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
    begun = Begun(given)
    before = visit.query("alert")
    if before is not None and wire_type in {AlertUpdated.wire_type, AlertCancelled.wire_type}:
        old = await _shown(visit, before)
        begun.content |= _following(_content_of(old))
        _go_where(begun, old, gateway.county)
    held = visit.query("cap")
    if held is not None:
        await _take_draft(visit, held, begun)
    after = visit.query("after")
    if after is not None:
        old = await _shown(visit, after)
        begun.content |= _content_of(old)
        _go_where(begun, old, gateway.county)
    return begun


async def _take_draft(visit: Visit, number: str, begun: Begun) -> None:
    """Take over what could be read of a CAP document that waits for an officer."""
    draft = (await visit.api.ask("show_cap_document", CapDocumentDetail, path={"number": number})).draft
    if not isinstance(draft, dict):
        return
    content, to = draft.get("content"), draft.get("to")
    begun.content |= content if isinstance(content, dict) else {}
    begun.to = tuple(map(str, to)) if isinstance(to, list) else ()
    begun.agreement, begun.status = str(draft.get("agreement") or ""), str(draft.get("status") or "")


def _go_where(begun: Begun, old: EventDetail, county: str) -> None:
    header = old.header
    begun.agreement, begun.status = header.agreement_id, header.status.value
    begun.to = tuple(one for one in sorted({header.source, *header.to}) if one != county)


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


def _following(old: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Take over from the alert that is updated or ended what mostly stays, and name it."""
    taken = {name: old[name] for name in _TAKEN_OVER if name in old}
    number = old.get("report_no")
    taken["report_no"] = number + 1 if isinstance(number, int) else 2
    taken["predecessors"] = [{"alert_id": old.get("alert_id", "")}]
    return taken


async def _shown(visit: Visit, envelope_id: str) -> EventDetail:
    return await visit.api.ask("show_event", EventDetail, path={"id": envelope_id})


def _content_of(detail: EventDetail) -> dict[str, JsonValue]:
    return dict(json.loads(json.dumps(detail.content))) if isinstance(detail.content, dict) else {}
