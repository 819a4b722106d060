"""Campaigns, offers and projects of a few counties, as content, as acts, and as a world of four counties."""

# ruff: noqa: ANN401 - changes of any field
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from schemas.agreements import Grant
from schemas.base import Event, format_time
from schemas.catalogue import TYPES, parse_new
from schemas.control import CONTROL_PURPOSE
from schemas.development.projects import ProjectClosed, ProjectJoined, ProjectProgressed, ProjectProposed
from schemas.development.resources import ResourceAnswered, ResourceOffered, ResourceWithdrawn
from schemas.information.briefs import SituationBriefPublished
from schemas.outreach.campaigns import CampaignAnnounced, CampaignAnswered, CampaignChanged, CampaignClosed
from services.domain.acts import Act
from services.domain.encoding import digest_of
from tests import papers
from tests.papers import HUANJIANG, LIBO, NANDAN, NOW, TIANE
from tests.world import World

LEAD: Final = HUANJIANG
FOUR: Final = (NANDAN, TIANE, HUANJIANG, LIBO)
UID: Final = "451226-fenlong-2027@sihu"
OFFER: Final = "451226-oranges-2027"
PROJECT: Final = "451226-road-2027"
STARTS: Final = datetime.fromisoformat("2027-06-30T09:00:00.000+08:00")


def campaign(sequence: int = 0, **changes: Any) -> dict[str, Any]:
    """Content of a plan: 分龙节 2027 at 环江, three neighbours invited."""
    given: dict[str, Any] = {
        "ics_uid": UID,
        "sequence": sequence,
        "kind": "festival",
        "name": "毛南族分龙节联办",
        "starts": format_time(STARTS),
        "ends": format_time(STARTS + timedelta(hours=8)),
        "places": [{"desc": "下南乡文化广场", "adcode": "451226", "point": "25.08,108.01"}],
        "lead_office": "环江县联络办",
        "partners": [
            {"county": NANDAN, "office": "南丹县联络办", "role": "co_host"},
            {"county": TIANE, "office": "天峨县联络办", "role": "support"},
            {"county": LIBO, "office": "荔波县联络办", "role": "guest"},
        ],
        "attendance_band": "1000-4999",
        "contact_office": {"office": "环江县文化广电体育和旅游局", "phone": "0778-8821234"},
    }
    if sequence:
        given["what_changed"] = "改到下午"
    return given | changes


def answer(reply: str = "accepted", sequence: int = 0, **changes: Any) -> dict[str, Any]:
    """Content of an answer to a campaign."""
    return {"ics_uid": UID, "sequence": sequence, "reply": reply, "office": "文化馆"} | changes


def closing(sequence: int = 1, outcome: str = "held", **changes: Any) -> dict[str, Any]:
    """Content of a closing."""
    return {"ics_uid": UID, "sequence": sequence, "outcome": outcome, "summary": "如期举办，秩序良好。"} | changes


def offer(**changes: Any) -> dict[str, Any]:
    """Content of an offer."""
    given: dict[str, Any] = {
        "offer_id": OFFER,
        "kind": "supply",
        "title": "沙糖桔一百吨",
        "text": "十一月起可供，产地装车。",
        "quantity": 100,
        "unit": "吨",
        "valid_until": "2027-12-31T00:00:00.000+08:00",
        "contact_office": {"office": "环江县农业农村局", "phone": "0778-8825678"},
    }
    return given | changes


def turn(number: int, said: str, county: str = LIBO, **changes: Any) -> dict[str, Any]:
    """Content of one act of a negotiation."""
    given: dict[str, Any] = {"offer_id": OFFER, "county": county, "number": number, "answer": said, "office": "商务局"}
    if said == "counter":
        given["quantity"] = 40
    if said in {"question", "reply"}:
        given["text"] = "包装规格是多少？"
    return given | changes


def withdrawal(**seen: int) -> dict[str, Any]:
    """Content of a withdrawal; ``seen`` by county, the code behind a ``c``."""
    named = [{"county": county.removeprefix("c"), "number": number} for county, number in seen.items()]
    return {"offer_id": OFFER, "seen": named, "reason": "已售罄。"}


def project(**changes: Any) -> dict[str, Any]:
    """Content of a proposal."""
    given: dict[str, Any] = {
        "project_id": PROJECT,
        "title": "界河便桥",
        "goal": "两县群众过河不再绕行二十公里。",
        "lead_office": "环江县交通运输局",
        "parties": [
            {"county": LIBO, "office": "荔波县交通运输局", "task": "北岸引道"},
            {"county": NANDAN, "office": "南丹县交通运输局", "task": "材料运输"},
        ],
        "milestones": [
            {"number": 1, "name": "选址", "due": "2027-03-01", "county": LEAD},
            {"number": 2, "name": "北岸引道", "due": "2027-08-01", "county": LIBO},
        ],
        "budget_band": "1m_to_10m",
        "contact_office": {"office": "环江县交通运输局"},
    }
    return given | changes


def joined(decision: str = "join", **changes: Any) -> dict[str, Any]:
    """Content of a decision."""
    return {"project_id": PROJECT, "decision": decision, "office": "交通运输局"} | changes


def progress(report_no: int, *milestones: tuple[int, str], **changes: Any) -> dict[str, Any]:
    """Content of a report on milestones, each by number and state."""
    states = [{"number": number, "state": state} for number, state in milestones]
    return {"project_id": PROJECT, "report_no": report_no, "milestones": states, "text": "按计划进行。"} | changes


def ending(outcome: str = "achieved", **changes: Any) -> dict[str, Any]:
    """Content of the end of a project."""
    return {"project_id": PROJECT, "outcome": outcome, "summary": "通车。"} | changes


def event(model: type[Event], content: dict[str, Any]) -> Event:
    """Content as the event that it is."""
    made = parse_new(model.wire_type, content)
    assert not isinstance(made, tuple), made
    return made


def act(model: type[Event], content: dict[str, Any], source: str, minutes: float = 0) -> Act:
    """Content as an act of a county; the id follows from what it says."""
    name = f"{model.wire_type} {source} {minutes} {content}"
    return Act(event(model, content), source, NOW + timedelta(minutes=minutes), digest_of(name.encode()))


MODELS: Final[dict[str, type[Event]]] = {
    "announced": CampaignAnnounced,
    "changed": CampaignChanged,
    "answered": CampaignAnswered,
    "closed": CampaignClosed,
    "offered": ResourceOffered,
    "turn": ResourceAnswered,
    "withdrawn": ResourceWithdrawn,
    "proposed": ProjectProposed,
    "joined": ProjectJoined,
    "progressed": ProjectProgressed,
    "ended": ProjectClosed,
    "brief": SituationBriefPublished,
}


def draft(model: type[Event], content: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A draft as an officer sends it, to every partner unless told otherwise."""
    return {"type": model.wire_type, "agreement": papers.AGREEMENT, "content": content} | changes


def world_of_four() -> World:
    """Four counties under one agreement that grants everything."""
    models = [model for model in TYPES if CONTROL_PURPOSE not in model.purposes]
    in_force = papers.in_force(
        parties=FOUR,
        grants=(Grant(types=tuple(model.wire_type for model in models)),),
        purposes=tuple(sorted({purpose for model in models for purpose in model.purposes})),
    )
    members: Iterable[Any] = (papers.member(county) for county in sorted(FOUR))
    return World(sorted(FOUR), trust=papers.trust(in_force, members=tuple(members)))
