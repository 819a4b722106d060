"""流动人口服务: counts that give nobody away, and one person's case for one office, opened only with a reason."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from schemas.catalogue import parse_new
from schemas.course_drafts import ReferralMove
from schemas.errors import Fault, NotFoundError, RequestError
from schemas.information.population import PopulationFlowReported, ServicePlan
from schemas.information.referrals import DeclineReason, ReferralOffered, ReferralOutcome, WithdrawnBy
from services.console.asking import may_ask
from services.console.contents import event_in, opened_sheet
from services.console.navigation import HANDLERS, READERS
from services.console.pages.erasing import may_erase
from services.console.small_forms import Ask, Kind, Refused, SmallForm, content_of, shown, words
from services.console.visit import Form, Page, Visit
from services.domain import course_words
from services.domain.encoding import compact_json, parse_strict
from services.domain.flow_shown import FlowGrid, grid_of
from services.domain.value_words import VALUES
from services.gateway.answers import Accepted, EventDetail, EventLine, EventPage, MemberList
from services.gateway.api.flow_routes import TABLE_MAX_BYTES, FlowDraftLine
from services.gateway.api.sendable_routes import SendableLine, SendableList
from services.gateway.course_answers import CourseAccepted, ReferralDetail, ReferralList

_ID: Final = "{id:[0-9a-f]{32}}"
_REPORT: Final = PopulationFlowReported.wire_type
_SHOWN: Final = 100
_GRIDS: Final = 8
_REPORT_BYTES: Final = 256 * 1024
_PLACE: Final = re.compile(r"table(?: sheet (?P<sheet>.{1,31}?))? row (?P<row>\d+)(?: column (?P<column>\d+))?")
"""Where in a table something is wrong; the API calls a file without a name ``table``."""
_ASKED: Final = ("period", "origin", "destination", "k", "round_to", "sheet")


@dataclass(frozen=True, slots=True)
class Report:
    """A report, newest of its source, laid out."""

    line: EventLine
    grid: FlowGrid


async def population(visit: Visit) -> web.StreamResponse:
    """Show the newest counts of each source, and the referrals without anything of their content."""
    every = visit.query("all") == "true"
    query = {"type": _REPORT, "newest": True, "limit": _SHOWN}
    events = (await visit.api.ask("list_events", EventPage, query=query)).events
    newest = list({one.source: one for one in reversed(events)}.values())[:_GRIDS]
    found = await visit.api.ask("list_referrals", ReferralList, query={"open": not every, "limit": _SHOWN})
    values = {
        "reports": [one for line in newest if (one := await _report(visit, line)) is not None],
        "earlier": [line for line in events if line not in newest],
        "referrals": found.referrals,
        "every": every,
        "now_is": visit.hall.desk.gateway.clock.now(),
        "cw": course_words,
        "may_write": _may_write(visit),
        "offers": ReferralOffered.wire_type,
    }
    return visit.render("population.html", values)


async def _report(visit: Visit, line: EventLine) -> Report | None:
    detail = await visit.api.ask("show_event", EventDetail, path={"id": line.envelope_id})
    event = event_in(detail)
    return Report(line, grid_of(event)) if isinstance(event, PopulationFlowReported) else None


# -- referrals -----------------------------------------------------------------------------------------------------


async def referral(visit: Visit) -> web.StreamResponse:
    """Show one referral; its content stays closed."""
    return await _referral_page(visit)


async def open_referral(visit: Visit) -> web.StreamResponse:
    """Show consent and content of a referral, once it is written down who opened it and why."""
    return await _referral_page(visit, why=visit.form.get("why"))


async def move(visit: Visit) -> web.StreamResponse:
    """Accept, decline, complete or withdraw."""
    asked, number = visit.path("move"), visit.path("id")
    form = next((one for one in _forms(tuple(ReferralMove)) if one.key == asked), None)
    if form is None:
        raise NotFoundError(Fault("request.not_found", "move", "no such step"))
    body = {"move": asked, "content": content_of(form, visit.form)}
    key = visit.form.get("once") or None
    try:
        await visit.api.ask("move_referral", CourseAccepted, path={"id": number}, body=body, key=key)
    except RequestError as refusal:
        return await _referral_page(visit, refused=Refused(asked, visit.form, refusal.faults))
    return visit.see_other(f"/population/referrals/{number}", said="referral_moved")


async def _referral_page(visit: Visit, *, why: str | None = None, refused: Refused | None = None) -> web.Response:
    detail = await visit.api.ask("show_referral", ReferralDetail, path={"id": visit.path("id")})
    event = await visit.api.ask("show_event", EventDetail, path={"id": detail.offer_id}, query={"why": why})
    moves = [one for one in ReferralMove if one in detail.moves or (refused and one == refused.key)]
    may_write, gateway = _may_write(visit), visit.hall.desk.gateway
    values = {
        "detail": detail,
        "event": event,
        "sheet": opened_sheet(event),
        "now_is": gateway.clock.now(),
        "cw": course_words,
        "forms": tuple(shown(one, gateway.ids.hex(16), refused) for one in _forms(moves)) if may_write else (),
        "may_open": visit.visitor.is_any(HANDLERS),
        "may_erase": may_erase(visit, event),
    }
    return visit.render("referral.html", values, 200 if refused is None else 422)


def _may_write(visit: Visit) -> bool:
    return visit.visitor.is_any(HANDLERS) and may_ask(visit.visitor.access, "move_referral")


def _forms(moves: Iterable[ReferralMove]) -> tuple[SmallForm, ...]:
    asks = {
        ReferralMove.ACCEPT: (
            Ask("handled_by_role", "经办岗位", Kind.TEXT, value="窗口经办员", length=60, hint="写岗位，不写姓名"),
        ),
        ReferralMove.DECLINE: (
            Ask("reason", "理由", Kind.CHOICE, words(DeclineReason, {**course_words.REASONS, "other": "其他"})),
        ),
        ReferralMove.COMPLETE: (Ask("outcome", "结果", Kind.CHOICE, words(ReferralOutcome, course_words.OUTCOMES)),),
        ReferralMove.WITHDRAW: (Ask("by", "谁撤回", Kind.CHOICE, words(WithdrawnBy, course_words.BY)),),
    }
    ends = "此后对接结束，两县都销毁内容。"
    return tuple(
        SmallForm(
            one.value,
            course_words.MOVES[one],
            asks[one],
            "" if one is ReferralMove.ACCEPT else ends,
            danger=one is not ReferralMove.ACCEPT,
        )
        for one in moves
    )


# -- reports out of a county's own table -----------------------------------------------------------------------------


async def table(visit: Visit) -> web.StreamResponse:
    """Ask for a county's own table of counts."""
    return await _table_page(visit, Form((("k", "10"), ("round_to", "1"))))


async def make(visit: Visit) -> web.StreamResponse:
    """Make a report of a table and show it before anything is sent; the table is not kept."""
    sent = visit.files.get("table")
    if sent is None or not sent.data:
        missing = Fault("request.missing_field", "table", "choose the file with the table")
        return await _table_page(visit, visit.form, (missing,))
    query: dict[str, object] = {name: visit.form.get(name) or None for name in _ASKED}
    query["plan"] = ",".join(visit.form.all("plan"))
    try:
        made = await visit.api.ask("make_flow", FlowDraftLine, query=query, body=sent.data)
    except RequestError as refusal:
        return await _table_page(visit, visit.form, refusal.faults)
    return await _previewed(visit, made.content, made=made)


async def send(visit: Visit) -> web.StreamResponse:
    """Send a report as it was shown; the node judges it once more beside all it has sent."""
    content = parse_strict(visit.form.get("content").encode(), max_bytes=_REPORT_BYTES, what="content")
    if isinstance(content, Fault):
        raise RequestError(content)
    body = {"type": _REPORT, "agreement": visit.form.get("agreement"), "content": content}
    try:
        await visit.api.ask("submit_event", Accepted, body=body, key=visit.form.get("once") or None)
    except RequestError as refusal:
        report = parse_new(_REPORT, compact_json(content))
        if not isinstance(report, PopulationFlowReported):
            raise  # it is not what a page of ours has shown
        return await _previewed(visit, report, refusal=refusal)
    return visit.see_other("/population", said="flow_sent")


async def _table_page(visit: Visit, typed: Form, faults: tuple[Fault, ...] = ()) -> web.Response:
    members = (await visit.api.ask("list_members", MemberList)).members
    values = {
        "counties": [(one.county, one.name) for one in members],
        "typed": typed,
        "faults": [(place_of(one.field), one) for one in faults],
        "plans": [(one.value, VALUES["service_plan"][one]) for one in ServicePlan],
    }
    return visit.render("flow_table.html", values, 422 if faults else 200)


def place_of(field: str) -> str:
    """Say in Chinese where in a table something is wrong; empty for what stands at no place of it."""
    found = _PLACE.fullmatch(field)
    if found is None:
        return ""
    sheet = f"工作表“{found['sheet']}”" if found["sheet"] else ""
    column = f"第 {found['column']} 列" if found["column"] else ""
    return f"{sheet}第 {found['row']} 行{column}"


async def _previewed(
    visit: Visit,
    report: PopulationFlowReported,
    *,
    made: FlowDraftLine | None = None,
    refusal: RequestError | None = None,
) -> web.Response:
    """Show a report before it is sent; one that was refused stands there still, for the table was not kept."""
    types = (await visit.api.ask("list_sendable", SendableList)).types
    agreements: list[SendableLine] = [one for one in types if one.wire_type == _REPORT]
    content = report.model_dump(mode="json", by_alias=True, exclude_none=True)
    for cell, told in zip(content["cells"], report.cells, strict=True):
        cell["value"] = told.value  # null is what says that a count is hidden
    values = {
        "made": made,
        "grid": grid_of(report),
        "content": compact_json(content).decode(),
        "agreements": agreements,
        "once": visit.form.get("once") or visit.hall.desk.gateway.ids.hex(16),
        "agreement": visit.form.get("agreement"),
        "faults": refusal.faults if refusal else (),
    }
    return visit.render("flow_preview.html", values, 422 if refusal else 200)


POPULATION: Final = (
    Page("GET", "/population", "population", "流动人口服务", population, READERS, "population"),
    Page("GET", f"/population/referrals/{_ID}", "referral", "服务对接单", referral, READERS, "population"),
    Page("POST", f"/population/referrals/{_ID}", "open_referral", "打开对接单", open_referral, HANDLERS, "population"),
    Page(
        "POST",
        f"/population/referrals/{_ID}/steps/{{move:[a-z]{{1,20}}}}",
        "move_referral",
        "下一步",
        move,
        HANDLERS,
        "population",
    ),
    Page("GET", "/population/table", "flow_table", "由本县表格生成通报", table, HANDLERS, "population"),
    Page("POST", "/population/table", "make_flow", "核对通报", make, HANDLERS, "population", TABLE_MAX_BYTES),
    Page("POST", "/population/reports", "send_flow", "签发通报", send, HANDLERS, "population"),
)
