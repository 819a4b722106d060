"""跨省通办: requests with the one office that answers for each, whose turn it is, and the next step."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from aiohttp import web
from pydantic import JsonValue

from schemas.course_drafts import ServiceMove
from schemas.errors import Fault, NotFoundError, RequestError
from schemas.governance.services import (
    ClosingOutcome,
    Decision,
    DecisionReason,
    DeliveryWay,
    MaterialKind,
    ServiceRequested,
    TransferReason,
)
from services.console.asking import may_ask
from services.console.navigation import HANDLERS, READERS
from services.console.opening import opened_file
from services.console.small_forms import Ask, Choices, Kind, Refused, SmallForm, content_of, shown, words
from services.console.visit import Form, Page, Visit
from services.domain import course_words
from services.domain.service_requests import TAKEN_WITHIN, Stage
from services.gateway.answers import MemberList
from services.gateway.course_answers import CourseAccepted, ServiceDetail, ServiceLine, ServiceList

_ID: Final = "{id:[0-9a-f]{32}}"
_EVENT: Final = "{event:[0-9a-f]{64}}"
_SHOWN: Final = 200
_PAPERS: Final = 3
_ROW: Final = re.compile(r"content\.materials\.(?P<row>\d{1,3})\.(?P<name>\w+)")
_ALONG: Final = re.compile(r"evidence(?:\.\d+)?")
_HINTS: Final = {
    ServiceMove.RECEIVE: "受理后由本单位负责；办结期限按承诺的工作日从现在算起。",
    ServiceMove.ASK: "等补正期间，承诺的时限暂停。",
    ServiceMove.SUPPLEMENT: "材料以摘要登记；文件随附件事件发送。材料不会来的，不填直接提交。",
    ServiceMove.TRANSFER: "对方受理之前，仍由现在的单位负责。换了单位，申请人信息须另行取得同意。",
    ServiceMove.DECIDE: "不予办理须写明依据，申请人可以据此复议。",
    ServiceMove.CLOSE: "送达后以“办结”归档；申请人撤回的随时可以归档。",
}


@dataclass(frozen=True, slots=True)
class Due:
    """What must happen by when; ``at`` None: nothing must."""

    what: str
    at: datetime | None
    over: bool


async def services(visit: Visit) -> web.StreamResponse:
    """List requests: what is over time first, then ours, then the rest."""
    every = visit.query("all") == "true"
    found = (await visit.api.ask("list_services", ServiceList, query={"open": not every, "limit": _SHOWN})).services
    now = visit.hall.desk.gateway.clock.now()
    lines = sorted(((one, due_of(one, now)) for one in found), key=lambda pair: (not pair[1].over, not pair[0].ours))
    values = {
        "lines": lines,
        "every": every,
        "cut": len(found) == _SHOWN,
        "cw": course_words,
        "may_write": _may_write(visit),
        "begins": ServiceRequested.wire_type,
    }
    return visit.render("services.html", values)


def due_of(line: ServiceLine, now: datetime) -> Due:
    """Return what is awaited of a request, and whether its time is over."""
    what, at = {
        Stage.HANDED_OVER: ("受理", line.moved_at + TAKEN_WITHIN),
        Stage.AT_WORK: ("办结", line.due_at),
        Stage.SUPPLEMENT: ("补正", line.answer_by),
    }.get(line.stage, ("", None))
    return Due(what, at, at is not None and at < now)


async def service(visit: Visit) -> web.StreamResponse:
    """Show one request."""
    return await _page(visit)


async def move(visit: Visit) -> web.StreamResponse:
    """Take the next step of a request."""
    detail, asked = await _detail(visit), visit.path("move")
    form = next((one for one in await _forms(visit, tuple(ServiceMove), detail) if one.key == asked), None)
    if form is None:
        raise NotFoundError(Fault("request.not_found", "move", "no such step"))
    content = content_of(form, visit.form)
    body: dict[str, object] = {"move": asked, "evidence": content.pop("evidence", [])}
    body["content"] = _with_papers(content) if asked == ServiceMove.SUPPLEMENT else content
    path, key = {"id": detail.request_id}, visit.form.get("once") or None
    try:
        await visit.api.ask("move_service", CourseAccepted, path=path, body=body, key=key)
    except RequestError as refusal:
        return await _page(visit, Refused(asked, visit.form, _at_rows(refusal.faults, visit.form)))
    return visit.see_other(f"/services/{detail.request_id}", said="service_moved")


async def paper(visit: Visit) -> web.StreamResponse:
    """Give a file of a request, once it is written down who opened it and why."""
    detail, wanted = await _detail(visit), visit.path("event")
    if not any(wanted == file.envelope_id for one in detail.steps for file in one.evidence):
        raise NotFoundError(Fault("request.not_found", "event", "no step of this request names this file"))
    return await opened_file(visit, wanted)


async def _detail(visit: Visit) -> ServiceDetail:
    return await visit.api.ask("show_service", ServiceDetail, path={"id": visit.path("id")})


async def _page(visit: Visit, refused: Refused | None = None) -> web.Response:
    detail = await _detail(visit)
    gateway, may_write = visit.hall.desk.gateway, _may_write(visit)
    moves = [one for one in ServiceMove if one in detail.moves or (refused and one == refused.key)]
    forms = await _forms(visit, tuple(moves), detail) if may_write else ()
    values = {
        "detail": detail,
        "due": due_of(detail, gateway.clock.now()),
        "cw": course_words,
        "forms": tuple(shown(one, gateway.ids.hex(16), refused) for one in forms),
        "may_write": may_write,
        "may_open": visit.visitor.is_any(HANDLERS),
    }
    return visit.render("service.html", values, 200 if refused is None else 422)


def _may_write(visit: Visit) -> bool:
    return visit.visitor.is_any(HANDLERS) and may_ask(visit.visitor.access, "move_service")


async def _forms(visit: Visit, moves: tuple[ServiceMove, ...], detail: ServiceDetail) -> tuple[SmallForm, ...]:
    counties: Choices = ()
    if ServiceMove.TRANSFER in moves:
        members = (await visit.api.ask("list_members", MemberList)).members
        counties = tuple((one.county, one.name) for one in members)
    return tuple(
        SmallForm(
            one.value,
            course_words.MOVES[one],
            _asks(one, counties, detail),
            _HINTS.get(one, ""),
            danger=one is ServiceMove.CLOSE,
        )
        for one in moves
    )


def _asks(move: ServiceMove, counties: Choices, detail: ServiceDetail) -> tuple[Ask, ...]:
    return {
        ServiceMove.RECEIVE: (),
        ServiceMove.ASK: (
            Ask("wanted", "缺哪些材料", Kind.CHOICES, words(MaterialKind, course_words.MATERIALS)),
            Ask("answer_by", "补正期限", Kind.MOMENT),
        ),
        ServiceMove.SUPPLEMENT: _paper_asks(detail),
        ServiceMove.TRANSFER: (
            Ask("to_office.adcode", "转往哪个县", Kind.CHOICE, counties),
            Ask("to_office.name", "单位", Kind.TEXT, length=60, hint="如：县公安局户政窗口"),
            Ask("reason", "理由", Kind.CHOICE, words(TransferReason, course_words.REASONS)),
            Ask("applicant_ref", "申请人信息对接单编号", Kind.TEXT, required=False, length=32),
        ),
        ServiceMove.DECIDE: (
            Ask("decision", "决定", Kind.CHOICE, words(Decision, course_words.DECISIONS)),
            Ask("reason", "理由", Kind.CHOICE, words(DecisionReason, course_words.REASONS)),
            Ask("legal_basis", "依据", Kind.TEXT, required=False, hint="不予办理时必填：法规名称和条款"),
        ),
        ServiceMove.DELIVER: (Ask("way", "送达方式", Kind.CHOICE, words(DeliveryWay, course_words.WAYS)),),
        ServiceMove.CLOSE: (Ask("outcome", "结果", Kind.CHOICE, words(ClosingOutcome, course_words.OUTCOMES)),),
    }[move]


def _paper_asks(detail: ServiceDetail) -> tuple[Ask, ...]:
    wanted = [kind.value for kind in detail.wanted] + [""] * _PAPERS
    kinds = words(MaterialKind, course_words.MATERIALS)
    rows = tuple(
        ask
        for number in range(1, _PAPERS + 1)
        for ask in (
            Ask(f"paper{number}.kind", f"材料 {number}", Kind.CHOICE, kinds, wanted[number - 1], required=False),
            Ask(f"paper{number}.sha256", f"材料 {number} 的摘要", Kind.TEXT, required=False, length=64),
        )
    )
    files = Ask("evidence", "随附的附件事件编号", Kind.LINES, required=False, hint="一行一个，64 位", length=600)
    return (*rows, files)


def _with_papers(content: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the content with its papers as a list; a row without a digest names no paper."""
    papers = [content.pop(f"paper{number}", None) for number in range(1, _PAPERS + 1)]
    return {**content, "materials": [one for one in papers if isinstance(one, dict) and "sha256" in one]}


def _at_rows(faults: Iterable[Fault], typed: Form) -> tuple[Fault, ...]:
    """Return faults of the list of papers and of what goes along at the rows and the field where those were typed."""
    rows = [number for number in range(1, _PAPERS + 1) if typed.get(f"paper{number}.sha256")]

    def placed(fault: Fault) -> Fault:
        found = _ROW.fullmatch(fault.field)
        if found is not None and int(found["row"]) < len(rows):
            return replace(fault, field=f"content.paper{rows[int(found['row'])]}.{found['name']}")
        return replace(fault, field=f"content.{fault.field}") if _ALONG.fullmatch(fault.field) else fault

    return tuple(map(placed, faults))


SERVICES: Final = (
    Page("GET", "/services", "services", "跨省通办", services, READERS, "services"),
    Page("GET", f"/services/{_ID}", "service", "通办件", service, READERS, "services"),
    Page("POST", f"/services/{_ID}/steps/{{move:[a-z]{{1,20}}}}", "move_service", "下一步", move, HANDLERS, "services"),
    Page("POST", f"/services/{_ID}/papers/{_EVENT}", "service_paper", "下载材料", paper, HANDLERS, "services"),
)
