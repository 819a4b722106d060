"""合作对接: offers and the negotiation with each partner, projects and their milestones."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from urllib.parse import urlencode

from aiohttp import web
from markupsafe import Markup
from pydantic import JsonValue

from schemas.base import BEIJING
from schemas.development.projects import (
    Decision,
    MilestoneState,
    ProjectClosed,
    ProjectJoined,
    ProjectOutcome,
    ProjectProgressed,
)
from schemas.development.resources import OfferAnswer, ResourceAnswered, ResourceWithdrawn
from schemas.errors import Fault, InvariantError, RequestError
from schemas.threads import Family
from services.console.acting import Audience, Filled, audience_of, given, number, once, send
from services.console.asking import may_ask
from services.console.charts import Part, progress, told
from services.console.navigation import ANSWERERS, READERS
from services.console.visit import Page, Visit
from services.domain.ledger_words import state_zh
from services.domain.offers import OPEN, TALKING, WITHDRAWN, answers_open
from services.domain.projects import ASKED, NEXT
from services.domain.value_words import VALUES
from services.gateway.thread_answers import (
    ActLine,
    MilestoneLine,
    NegotiationLine,
    OfferDetail,
    ProjectDetail,
    ThreadLine,
    ThreadList,
)

_KEY: Final = "{id:[1-9][0-9]{5}-[a-z0-9-]+}"
_LISTED: Final = 20
_LOOKED_AT: Final = 200
_OFFER_STATES: Final = (OPEN, WITHDRAWN)
_PROJECT_STATES: Final = (OPEN, *ProjectOutcome)
_MILESTONE: Final = "milestone-"


@dataclass(frozen=True, slots=True)
class Row:
    """A thread of a list; of a project also how far its milestones are."""

    line: ThreadLine
    picture: Markup | None = None
    done: int = 0
    all: int = 0
    late: int = 0


@dataclass(frozen=True, slots=True)
class Talk:
    """One negotiation as its page shows it.

    Attributes:
        answers: What we may say now, with Chinese words; empty if nothing.
    """

    line: NegotiationLine
    answers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One milestone, and what we may report of it."""

    line: MilestoneLine
    late: bool
    choices: tuple[tuple[str, str], ...]


async def overview(visit: Visit) -> web.StreamResponse:
    """Show what waits for this county, and the newest offers and projects."""
    own, now = _own(visit), _now(visit)
    query = {"state": OPEN, "limit": _LOOKED_AT}
    offers = (await visit.api.ask("list_offers", ThreadList, query=query)).threads
    projects = (await visit.api.ask("list_projects", ThreadList, query=query)).threads
    values = {
        "fresh_offers": [one for one in offers if _is_fresh(one, own, now)],
        "talked_offers": [one for one in offers if one.owner == own and _is_talked(one)],
        "asked_projects": [one for one in projects if _state_of(one, own) == ASKED],
        "offers": [Row(one) for one in offers[:_LISTED]],
        "projects": await _with_progress(visit, projects[:_LISTED]),
        "may_begin": _may_write(visit),
    }
    return visit.render("development.html", values)


async def offers(visit: Visit) -> web.StreamResponse:
    """List offers."""
    found, paging = await _list(visit, "list_offers")
    values = {"rows": [Row(one) for one in found], "family": "offer", "states": _OFFER_STATES}
    return visit.render("development_list.html", values | paging)


async def projects(visit: Visit) -> web.StreamResponse:
    """List projects."""
    found, paging = await _list(visit, "list_projects")
    rows = await _with_progress(visit, found)
    values = {"rows": rows, "family": "project", "states": _PROJECT_STATES}
    return visit.render("development_list.html", values | paging)


async def offer(visit: Visit) -> web.StreamResponse:
    """Show one offer."""
    return await _offer_shown(visit, Filled())


async def answer(visit: Visit) -> web.StreamResponse:
    """Say the next thing in one negotiation; only the other side of it is told."""
    form = visit.form
    detail = await _offer(visit)
    owner, own, partner = detail.line.owner, _own(visit), form.get("county")
    try:
        to = await audience_of(visit, detail.acts, owner)
        other = _one_of(to, partner if own == owner else owner)
        content: dict[str, JsonValue] = {
            "offer_id": detail.line.key,
            "county": partner if own == owner else own,
            "number": number(form.get("number")),
            **given(form, "answer", "terms", "text", "office"),
        }
        if form.get("quantity"):
            content["quantity"] = number(form.get("quantity"))
        await send(visit, ResourceAnswered, content, to.agreement, (other,))
    except RequestError as refusal:
        return await _offer_shown(visit, Filled(f"answer-{partner}", form, refusal.faults), 422)
    return visit.see_other(f"/development/offers/{detail.line.key}", said="replied")


async def withdraw(visit: Visit) -> web.StreamResponse:
    """Take an own offer back; what was agreed on stays."""
    form = visit.form
    detail = await _offer(visit)
    try:
        to = await audience_of(visit, detail.acts, detail.line.owner)
        content: dict[str, JsonValue] = {
            "offer_id": detail.line.key,
            "seen": [_seen(one) for one in form.all("seen")],
            **given(form, "reason"),
        }
        await send(visit, ResourceWithdrawn, content, to.agreement, to.counties)
    except RequestError as refusal:
        return await _offer_shown(visit, Filled("withdraw", form, refusal.faults), 422)
    return visit.see_other(f"/development/offers/{detail.line.key}", said="offer_withdrawn")


async def project(visit: Visit) -> web.StreamResponse:
    """Show one project."""
    return await _project_shown(visit, Filled())


async def decide(visit: Visit) -> web.StreamResponse:
    """Take part in a project, or not."""
    form = visit.form
    detail = await _project(visit)
    try:
        to = await audience_of(visit, detail.acts, detail.line.owner)
        content = {"project_id": detail.line.key, **given(form, "decision", "office", "note")}
        await send(visit, ProjectJoined, content, to.agreement, to.counties)
    except RequestError as refusal:
        return await _project_shown(visit, Filled("decide", form, refusal.faults), 422)
    return visit.see_other(f"/development/projects/{detail.line.key}", said="replied")


async def report(visit: Visit) -> web.StreamResponse:
    """Report on own milestones."""
    form = visit.form
    detail = await _project(visit)
    steps: list[JsonValue] = [
        {"number": one.number, "state": state}
        for one in detail.milestones
        if (state := form.get(f"{_MILESTONE}{one.number}"))
    ]
    try:
        to = await audience_of(visit, detail.acts, detail.line.owner)
        content = {
            "project_id": detail.line.key,
            "report_no": number(form.get("report_no")),
            "milestones": steps,
            **given(form, "text"),
        }
        await send(visit, ProjectProgressed, content, to.agreement, to.counties)
    except RequestError as refusal:
        return await _project_shown(visit, Filled("report", form, refusal.faults), 422)
    return visit.see_other(f"/development/projects/{detail.line.key}", said="reported")


async def end(visit: Visit) -> web.StreamResponse:
    """Close an own project."""
    form = visit.form
    detail = await _project(visit)
    try:
        to = await audience_of(visit, detail.acts, detail.line.owner)
        content = {"project_id": detail.line.key, **given(form, "outcome", "summary")}
        await send(visit, ProjectClosed, content, to.agreement, to.counties)
    except RequestError as refusal:
        return await _project_shown(visit, Filled("end", form, refusal.faults), 422)
    return visit.see_other(f"/development/projects/{detail.line.key}", said="thread_closed")


async def _offer(visit: Visit) -> OfferDetail:
    return await visit.api.ask("show_offer", OfferDetail, path={"id": visit.path("id")})


async def _project(visit: Visit) -> ProjectDetail:
    return await visit.api.ask("show_project", ProjectDetail, path={"id": visit.path("id")})


async def _offer_shown(visit: Visit, filled: Filled, status: int = 200) -> web.Response:
    detail = await _offer(visit)
    line, own, now = detail.line, _own(visit), _now(visit)
    if not isinstance(detail.offer, dict):
        raise InvariantError("an offer is an object")
    expired = line.ends_at is not None and line.ends_at <= now
    going_on = line.state == OPEN and not expired and _may_write(visit)
    owner = line.owner == own
    talks = list(detail.negotiations)
    if not owner and all(one.county != own for one in talks):
        talks.append(_unbegun(detail, own))
    shown = [Talk(one, _answers(one, own) if going_on and own in {line.owner, one.county} else ()) for one in talks]
    values = {
        "detail": detail,
        "offer": detail.offer,
        "expired": expired,
        "talks": shown,
        "acts": _acts(detail.acts),
        "may_withdraw": line.state == OPEN and owner and _may_write(visit),
        "office": "",
        "filled": filled,
        "once": once(visit),
    }
    return visit.render("offer.html", values, status)


async def _project_shown(visit: Visit, filled: Filled, status: int = 200) -> web.Response:
    detail = await _project(visit)
    own, today = _own(visit), _now(visit).astimezone(BEIJING).date()
    mine = next((one for one in detail.parties if one.county == own), None)
    leads = detail.line.owner == own
    going_on = detail.line.state == OPEN and _may_write(visit)
    works = leads or (mine is not None and mine.decision is Decision.JOIN)
    steps = [_step(one, today, own if going_on and works else "") for one in detail.milestones]
    values = {
        "detail": detail,
        "budget": VALUES["budget_band"].get(detail.budget_band, detail.budget_band),
        "steps": steps,
        "picture": progress(_parts(detail), "milestones"),
        "told": told(_parts(detail)),
        "acts": _acts(detail.acts),
        "mine": mine,
        "may_decide": going_on and mine is not None,
        "may_report": going_on and works,
        "may_end": going_on and leads,
        "report_no": next((one.number for one in detail.reports if one.county == own), 0) + 1,
        "decision_options": [(one.value, state_zh(Family.PROJECT, one)) for one in Decision],
        "outcome_options": [(one.value, state_zh(Family.PROJECT, one)) for one in ProjectOutcome],
        "filled": filled,
        "once": once(visit),
    }
    return visit.render("project.html", values, status)


async def _list(visit: Visit, name: str) -> tuple[tuple[ThreadLine, ...], dict[str, object]]:
    state = visit.query("state")
    query = {"state": state, "since": visit.query("since"), "limit": _LISTED}
    found = await visit.api.ask(name, ThreadList, query=query)
    kept = {"state": state} if state else {}
    return found.threads, {
        "state": state,
        "next_path": f"?{urlencode({**kept, 'since': str(found.next_since)})}" if found.next_since else None,
        "first_path": f"?{urlencode(kept)}" if visit.query("since") else None,
    }


async def _with_progress(visit: Visit, lines: Iterable[ThreadLine]) -> list[Row]:
    today = _now(visit).astimezone(BEIJING).date()
    rows = []
    for place, line in enumerate(lines):
        detail = await visit.api.ask("show_project", ProjectDetail, path={"id": line.key})
        done = sum(one.state is MilestoneState.DONE for one in detail.milestones)
        late = sum(_is_late(one, today) for one in detail.milestones)
        rows.append(Row(line, progress(_parts(detail), f"project{place}"), done, len(detail.milestones), late))
    return rows


def _parts(detail: ProjectDetail) -> list[Part]:
    order = (MilestoneState.DONE, MilestoneState.STARTED, MilestoneState.PLANNED, MilestoneState.DROPPED)
    return [Part(VALUES["state"][state], sum(one.state is state for one in detail.milestones)) for state in order]


def _step(line: MilestoneLine, today: date, own: str) -> Step:
    following = NEXT[line.state] if line.county == own else frozenset()
    choices = tuple((state.value, VALUES["state"][state]) for state in MilestoneState if state in following)
    return Step(line, _is_late(line, today), choices)


def _is_late(line: MilestoneLine, today: date) -> bool:
    return line.due < today and line.state in {MilestoneState.PLANNED, MilestoneState.STARTED}


def _answers(line: NegotiationLine, own: str) -> tuple[tuple[str, str], ...]:
    found = answers_open(line.state, own=own, terms_by=line.terms_by, asked_by=line.asked_by)
    return tuple((one.value, VALUES["answer"][one]) for one in OfferAnswer if one in found)


def _unbegun(detail: OfferDetail, own: str) -> NegotiationLine:
    """Return the talk in which this county has not said anything yet: the terms are the offer's own."""
    offer = detail.offer if isinstance(detail.offer, dict) else {}
    quantity, terms = offer.get("quantity"), offer.get("terms")
    return NegotiationLine.model_validate(
        {
            "county": own,
            "state": TALKING,
            "number": 0,
            "quantity": quantity if isinstance(quantity, int) else 0,
            "terms": terms if isinstance(terms, str) else "",
            "terms_by": detail.line.owner,
            "asked_by": None,
            "last_answer": None,
        }
    )


def _one_of(to: Audience, county: str) -> str:
    if county not in to.counties:
        raise RequestError(Fault("offer.partner_left_out", "county", "name a county that the offer went to"))
    return county


def _acts(acts: Iterable[ActLine]) -> list[tuple[ActLine, Fault | None]]:
    return [(one, Fault(one.void, "", one.mend) if one.void else None) for one in acts]


def _seen(text: str) -> JsonValue:
    county, _, reached = text.partition(" ")
    return {"county": county, "number": number(reached)}


def _state_of(line: ThreadLine, county: str) -> str:
    return next((one.state for one in line.parties if one.county == county), "")


def _is_fresh(line: ThreadLine, own: str, now: datetime) -> bool:
    """Tell whether a neighbour offers something that this county has said nothing to."""
    return line.owner != own and not _state_of(line, own) and (line.ends_at is None or line.ends_at > now)


def _is_talked(line: ThreadLine) -> bool:
    return any(one.state not in {"agreed", "declined"} for one in line.parties)


def _may_write(visit: Visit) -> bool:
    return may_ask(visit.visitor.access, "submit_event") and visit.visitor.is_any(ANSWERERS)


def _own(visit: Visit) -> str:
    return visit.hall.desk.gateway.county


def _now(visit: Visit) -> datetime:
    return visit.hall.desk.gateway.clock.now()


_NAV: Final = "development"
_OFFERS: Final = "/development/offers"
_PROJECTS: Final = "/development/projects"

DEVELOPMENT: Final = (
    Page("GET", "/development", "development", "合作对接", overview, READERS, _NAV),
    Page("GET", _OFFERS, "offers", "全部供给", offers, READERS, _NAV),
    Page("GET", f"{_OFFERS}/{_KEY}", "offer", "资源供给", offer, READERS, _NAV),
    Page("POST", f"{_OFFERS}/{_KEY}/answer", "answer_offer", "答复", answer, ANSWERERS, _NAV),
    Page("POST", f"{_OFFERS}/{_KEY}/withdrawal", "withdraw_offer", "撤回供给", withdraw, ANSWERERS, _NAV),
    Page("GET", _PROJECTS, "projects", "全部项目", projects, READERS, _NAV),
    Page("GET", f"{_PROJECTS}/{_KEY}", "project", "合作项目", project, READERS, _NAV),
    Page("POST", f"{_PROJECTS}/{_KEY}/decision", "decide_project", "答复", decide, ANSWERERS, _NAV),
    Page("POST", f"{_PROJECTS}/{_KEY}/report", "report_project", "报告进展", report, ANSWERERS, _NAV),
    Page("POST", f"{_PROJECTS}/{_KEY}/closing", "close_project", "结束项目", end, ANSWERERS, _NAV),
)
