"""活动日历: the month with its festivals and campaigns, one campaign and who comes, material for publicity."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote, urlencode

from aiohttp import web

from schemas.base import BEIJING, Event
from schemas.errors import Fault, InvariantError, RequestError
from schemas.outreach.campaigns import (
    CampaignAnnounced,
    CampaignAnswered,
    CampaignChanged,
    CampaignClosed,
    CampaignOutcome,
    Reply,
)
from schemas.outreach.materials import Licence, MaterialKind
from schemas.threads import Family
from services.console.acting import Filled, audience_of, given, number, once, send
from services.console.asking import may_ask
from services.console.month import cells_of, month_of
from services.console.navigation import ANSWERERS, READERS
from services.console.visit import Page, Visit
from services.domain.campaign_calendar import BANDS, REPLIES
from services.domain.campaigns import ASKED, OPEN
from services.domain.ledger_words import state_zh
from services.domain.value_words import VALUES
from services.gateway.month import CalendarDays
from services.gateway.shelf_answers import MaterialList
from services.gateway.thread_answers import CampaignDetail, ThreadLine, ThreadList

_UID: Final = "{id:[1-9][0-9]{5}-[a-z0-9-]{1,48}@sihu}"
_LISTED: Final = 50
_LOOKED_AT: Final = 200
_SOON: Final = timedelta(days=30)
_STATES: Final = (OPEN, *CampaignOutcome)


async def month(visit: Visit) -> web.StreamResponse:
    """Show a month, and what waits for this county's answer."""
    gateway = visit.hall.desk.gateway
    today = gateway.clock.now().astimezone(BEIJING).date()
    shown = month_of(visit.query("month"), today)
    span = {"first": shown.weeks[0][0], "last": shown.weeks[-1][-1]}
    found = await visit.api.ask("list_calendar", CalendarDays, query=span)
    query = {"state": OPEN, "limit": _LOOKED_AT}
    running = (await visit.api.ask("list_campaigns", ThreadList, query=query)).threads
    values = {
        "month": shown,
        "weeks": cells_of(shown, found, today),
        "complete": found.complete,
        "waiting": [one for one in running if _is_asked(one, gateway.county)],
        "may_begin": _may_write(visit),
    }
    return visit.render("campaigns.html", values)


async def listing(visit: Visit) -> web.StreamResponse:
    """List campaigns, those with the newest acts first."""
    state = visit.query("state")
    query = {"state": state, "since": visit.query("since"), "limit": _LISTED}
    found = await visit.api.ask("list_campaigns", ThreadList, query=query)
    kept = {"state": state} if state else {}
    values = {
        "threads": found.threads,
        "state": state,
        "states": _STATES,
        "next_path": f"?{urlencode({**kept, 'since': str(found.next_since)})}" if found.next_since else None,
        "first_path": f"?{urlencode(kept)}" if visit.query("since") else None,
    }
    return visit.render("campaign_list.html", values)


async def campaign(visit: Visit) -> web.StreamResponse:
    """Show one campaign."""
    return await _shown(visit, Filled())


async def answer(visit: Visit) -> web.StreamResponse:
    """Answer an invitation: to the lead, and to whoever else was invited."""
    return await _written(visit, CampaignAnswered, "answer", ("reply", "office", "note"), said="replied")


async def close(visit: Visit) -> web.StreamResponse:
    """Say that our campaign was held, or will not be."""
    fields = ("outcome", "attendance_band", "summary")
    return await _written(visit, CampaignClosed, "close", fields, said="thread_closed")


async def ics(visit: Visit) -> web.StreamResponse:
    """Give the calendar as a file for a calendar program."""
    response = await visit.api.fetch("calendar")
    response.headers["Content-Disposition"] = 'attachment; filename="sihu.ics"'
    return response


async def materials(visit: Visit) -> web.StreamResponse:
    """List material that may be used, with its licence and its end."""
    asked = {name: visit.query(name) for name in ("kind", "licence", "usable")}
    query = {**asked, "since": visit.query("since"), "limit": _LISTED}
    found = await visit.api.ask("list_materials", MaterialList, query=query)
    kept = {name: value for name, value in asked.items() if value}
    values = {
        "materials": found.materials,
        "unreadable": found.unreadable,
        "soon": visit.hall.desk.gateway.clock.now() + _SOON,
        "asked": asked,
        "kinds": [(one.value, VALUES["kind"][one]) for one in MaterialKind],
        "licences": [(one.value, f"{one.value}（{VALUES['licence'][one]}）") for one in Licence],
        "filtered": bool(kept),
        "next_path": f"?{urlencode({**kept, 'since': str(found.next_since)})}" if found.next_since else None,
        "first_path": f"?{urlencode(kept)}" if visit.query("since") else None,
        "may_begin": _may_write(visit),
    }
    return visit.render("materials.html", values)


async def _detail(visit: Visit) -> CampaignDetail:
    return await visit.api.ask("show_campaign", CampaignDetail, path={"id": visit.path("id")})


async def _written(
    visit: Visit, model: type[Event], form: str, fields: Sequence[str], *, said: str
) -> web.StreamResponse:
    """Send what was filled in about a campaign; ``form`` names it on the page, should it come back with faults."""
    detail = await _detail(visit)
    try:
        to = await audience_of(visit, detail.acts, detail.line.owner)
        content = {
            "ics_uid": detail.line.key,
            "sequence": number(visit.form.get("sequence")),
            **given(visit.form, *fields),
        }
        await send(visit, model, content, to.agreement, to.counties)
    except RequestError as refusal:
        return await _shown(visit, Filled(form, visit.form, refusal.faults), 422)
    return visit.see_other(_address(detail.line.key), said=said)


async def _shown(visit: Visit, filled: Filled, status: int = 200) -> web.Response:
    detail = await _detail(visit)
    plan = detail.plan
    if not isinstance(plan, dict):
        raise InvariantError("a plan is an object")
    own = visit.hall.desk.gateway.county
    mine = next((one for one in detail.answers if one.county == own), None)
    open_ = detail.line.state == OPEN
    may = open_ and _may_write(visit)
    values = {
        "detail": detail,
        "plan": plan,
        "reply_by": _time(plan.get("reply_by")),
        "acts": [(one, Fault(one.void, "", one.mend) if one.void else None) for one in detail.acts],
        "mine": mine,
        "starts": (detail.line.starts_at or detail.line.opened_at).astimezone(BEIJING),
        "reply_options": [(one.value, REPLIES[one]) for one in Reply],
        "outcome_options": [(one.value, state_zh(Family.CAMPAIGN, one)) for one in CampaignOutcome],
        "band_options": [("", "未统计"), *((one.value, words) for one, words in BANDS.items())],
        "may_answer": may and mine is not None,
        "may_close": may and detail.line.owner == own,
        "change": _change_address(detail),
        "filled": filled,
        "once": once(visit),
    }
    return visit.render("campaign.html", values, status)


def _change_address(detail: CampaignDetail) -> str:
    """Return where the plan is changed: a form that begins with the newest one."""
    plans = {CampaignAnnounced.wire_type, CampaignChanged.wire_type}
    said = [one for one in detail.acts if one.type in plans and one.source == detail.line.owner and not one.void]
    newest = max(said, key=lambda one: one.at, default=None)
    after = {"after": newest.envelope_id} if newest else {}
    asked = {"type": CampaignChanged.wire_type, **after, "content.sequence": str(detail.sequence + 1)}
    return f"/compose?{urlencode(asked)}"


def _is_asked(line: ThreadLine, own: str) -> bool:
    return any(one.county == own and one.state == ASKED for one in line.parties)


def _may_write(visit: Visit) -> bool:
    return may_ask(visit.visitor.access, "submit_event") and visit.visitor.is_any(ANSWERERS)


def _address(key: str) -> str:
    return f"/campaigns/{quote(key, safe='@')}"


def _time(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None  # of a newer version, and spelled in another way: the event's own page shows it as it came


CAMPAIGNS: Final = (
    Page("GET", "/campaigns", "campaigns", "活动日历", month, READERS, "campaigns"),
    Page("GET", "/campaigns/all", "campaign_list", "全部活动", listing, READERS, "campaigns"),
    Page("GET", "/campaigns/calendar.ics", "campaigns_ics", "日历文件", ics, READERS, "campaigns"),
    Page("GET", "/campaigns/materials", "materials", "宣传素材", materials, READERS, "campaigns"),
    Page("GET", f"/campaigns/{_UID}", "campaign", "联合活动", campaign, READERS, "campaigns"),
    Page("POST", f"/campaigns/{_UID}/answer", "answer_campaign", "答复", answer, ANSWERERS, "campaigns"),
    Page("POST", f"/campaigns/{_UID}/closing", "close_campaign", "结束活动", close, ANSWERERS, "campaigns"),
)
