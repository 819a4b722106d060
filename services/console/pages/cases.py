"""联合调解: the board, one case of two counties, its agreement, its entries opened one by one, and the next act."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from aiohttp import web

from schemas.base import BEIJING
from schemas.cases import CaseAct, CaseStage
from schemas.counties import name_of
from schemas.errors import Fault, NotFoundError, RequestError
from schemas.governance.mediation import CASE_PREFIX, CaseRegistered
from schemas.governance.mediation_parts import DisputeKind
from services.console.asking import may_ask
from services.console.navigation import CASE_OPENERS, MEDIATORS, READERS
from services.console.opening import opened_file
from services.console.pages.case_forms import AGREEMENT, Standing, form_of, name_of_type
from services.console.small_forms import Refused, ShownForm, content_of, is_fillable, shown
from services.console.visit import Page, Visit
from services.domain.case_lines import ACTS, BOARD, facts_line, law_of, why_not
from services.domain.case_sheets import content_rows
from services.domain.case_words import CONFIRMATIONS, DAYS, STAGES, VALUES, reason
from services.gateway.answers import Accepted, EventDetail
from services.gateway.case_answers import CaseDetail, CaseEntryLine, CaseLine, CaseList, CaseOptionLine

_ID: Final = "{id:[0-9a-f]{64}}"
_ENTRY: Final = "{entry:[0-9a-f]{64}}"
_SHOWN: Final = 200
_LATE: Final = "case.late"
_WORDS: Final[Mapping[str, object]] = {
    "stages": STAGES,
    "confirmations": CONFIRMATIONS,
    "day_words": DAYS,
    "kinds": {one.value: VALUES[one.value] for one in DisputeKind},
    "reason": reason,
    "facts_line": facts_line,
    "registered": CaseRegistered.wire_type,
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the board."""

    title: str
    cases: tuple[CaseLine, ...]


@dataclass(frozen=True, slots=True)
class Later:
    """An act that cannot come next, why not, and the rule that says so; empty where the co-operation's own does."""

    title: str
    why: str
    law: str


@dataclass(frozen=True, slots=True)
class Signature:
    """Who has to sign the agreement, and when he did."""

    who: str
    entry: CaseEntryLine | None


async def cases(visit: Visit) -> web.StreamResponse:
    """Show every case in the column of its stage."""
    every = visit.query("all") == "true"
    found = (await visit.api.ask("list_cases", CaseList, query={"open": not every, "limit": _SHOWN})).cases
    columns = tuple(
        Column(title, tuple(sorted((one for one in found if one.stage in stages), key=_soonest)))
        for title, stages in BOARD
        if every or stages[-1] is not CaseStage.ARCHIVED
    )
    values = {
        "columns": columns,
        "found": found,
        "every": every,
        "cut": len(found) == _SHOWN,
        "today": _today(visit),
        "may_write": _may_write(visit),
    }
    return visit.render("cases.html", {**_WORDS, **values})


def _soonest(line: CaseLine) -> tuple[date, str]:
    return line.due_on or date.max, line.case_id


async def case(visit: Visit) -> web.StreamResponse:
    """Show one case."""
    return _page(visit, "case.html", await _detail(visit))


async def agreement(visit: Visit) -> web.StreamResponse:
    """Show what of the agreement is about nobody: its digest, who has signed, who has not."""
    return _page(visit, "case_agreement.html", await _detail(visit))


async def write(visit: Visit) -> web.StreamResponse:
    """Write the next entry; whoever has not seen the newest one sees it, and finds what was typed."""
    detail, name = await _detail(visit), visit.path("act")
    option = next((one for one in detail.options if name_of_type(one.type) == name), None)
    form = form_of(_standing(visit, detail), name, option.title) if option else None
    if form is None:
        raise NotFoundError(Fault("case.type", "type", "no small form writes this act: choose one on the case's page"))
    body = {
        "type": f"{CASE_PREFIX}{name}.v1",
        "last_seen": list(visit.form.all("seen")),
        "content": content_of(form, visit.form),
    }
    case_id, key = detail.case.case_id, visit.form.get("once") or None
    try:
        await visit.api.ask("write_case_entry", Accepted, path={"id": case_id}, body=body, key=key)
    except RequestError as refusal:
        refused = Refused(name, visit.form, refusal.faults)
        template = "case_agreement.html" if name in AGREEMENT else "case.html"
        return _page(visit, template, await _detail(visit), refused)
    back = f"/cases/{case_id}/agreement" if name in AGREEMENT else f"/cases/{case_id}"
    return visit.see_other(back, said="case_written")


async def entry(visit: Visit) -> web.StreamResponse:
    """Show one entry without its content."""
    return await _entry_page(visit, None)


async def open_entry(visit: Visit) -> web.StreamResponse:
    """Show what an entry says, once it is written down who opened it and why."""
    return await _entry_page(visit, visit.form.get("why"))


async def _entry_page(visit: Visit, why: str | None) -> web.StreamResponse:
    detail, wanted = await _detail(visit), visit.path("entry")
    line = next((one for one in detail.entries if one.envelope_id == wanted), None)
    if line is None:
        raise NotFoundError(Fault("request.not_found", "entry", "no such entry is in this case"))
    event = await visit.api.ask("show_event", EventDetail, path={"id": wanted}, query={"why": why})
    values = {
        "detail": detail,
        "line": line,
        "event": event,
        "rows": tuple(content_rows(event.content)),
        "may_open": visit.visitor.is_any(CASE_OPENERS),
    }
    return visit.render("case_entry.html", {**_WORDS, **values})


async def attachment(visit: Visit) -> web.StreamResponse:
    """Give a file that belongs to an entry, once it is written down who opened it and why."""
    detail, wanted = await _detail(visit), visit.path("entry")
    if not any(wanted in one.evidence for one in detail.entries):
        raise NotFoundError(Fault("request.not_found", "entry", "no entry of this case names this file"))
    return await opened_file(visit, wanted)


async def evidence(visit: Visit) -> web.StreamResponse:
    """Give the case as evidence whose contents stay closed."""
    return await visit.api.fetch("export_case", path={"id": visit.path("id")})


async def opened_evidence(visit: Visit) -> web.StreamResponse:
    """Give the case as evidence with what opens its contents; each opening is written down."""
    why = visit.form.get("why")
    return await visit.api.fetch("export_case", path={"id": visit.path("id")}, query={"why": why})


async def paper(visit: Visit) -> web.StreamResponse:
    """Give the agreement, or the whole file, to print."""
    query = {"what": visit.form.get("what"), "why": visit.form.get("why")}
    return await visit.api.fetch("print_case", path={"id": visit.path("id")}, query=query)


async def _detail(visit: Visit) -> CaseDetail:
    return await visit.api.ask("show_case", CaseDetail, path={"id": visit.path("id")})


def _page(visit: Visit, template: str, detail: CaseDetail, refused: Refused | None = None) -> web.Response:
    may_write = _may_write(visit)
    late = refused is not None and any(fault.code == _LATE for fault in refused.faults)
    values = {
        "detail": detail,
        "today": _today(visit),
        "forms": _forms(visit, detail, refused) if may_write else (),
        "composed": _composed(detail) if may_write else (),
        "later": _later(visit, detail),
        "signatures": _signatures(detail),
        "draft": _draft(detail),
        "seen_pairs": tuple(("seen", one) for one in detail.heads),
        "fresh": _unseen(detail, refused.typed.all("seen")) if refused is not None else frozenset(),
        "late": late,
        "agreement_acts": AGREEMENT,
        "may_write": may_write,
        "may_open": visit.visitor.is_any(CASE_OPENERS),
        "number_of": {one.envelope_id: number for number, one in enumerate(detail.entries, 1)},
    }
    status = 200 if refused is None else 409 if late else 422
    return visit.render(template, {**_WORDS, **values}, status)


def _may_write(visit: Visit) -> bool:
    return visit.visitor.is_any(MEDIATORS) and may_ask(visit.visitor.access, "write_case_entry")


def _today(visit: Visit) -> date:
    return visit.hall.desk.gateway.clock.now().astimezone(BEIJING).date()


def _standing(visit: Visit, detail: CaseDetail) -> Standing:
    return Standing(detail, visit.hall.desk.gateway.county, _today(visit))


def _forms(visit: Visit, detail: CaseDetail, refused: Refused | None) -> tuple[ShownForm, ...]:
    """Return a form for each type that may come next, and for the one that was just refused."""
    again = refused.key if refused is not None else ""
    named = [(name_of_type(one.type), one) for one in detail.options]
    wanted = {name: one.title for name, one in named if one.allowed or name == again}
    standing, ids = _standing(visit, detail), visit.hall.desk.gateway.ids
    made = (form_of(standing, name, title) for name, title in wanted.items())
    return tuple(shown(one, ids.hex(16), refused) for one in made if one is not None and is_fillable(one))


def _composed(detail: CaseDetail) -> tuple[CaseOptionLine, ...]:
    """Return what may come next and has more content than a small form."""
    standing = Standing(detail, detail.case.lead, date.min)
    allowed = {one.type: one for one in detail.options if one.allowed}
    return tuple(one for kind, one in allowed.items() if form_of(standing, name_of_type(kind), "") is None)


def _later(visit: Visit, detail: CaseDetail) -> tuple[Later, ...]:
    today = _today(visit)
    found = []
    for one in detail.options:
        if one.fault is None:
            continue
        law = law_of(one.fault.code, today)
        lacking = "、".join(_named_in(detail, one)) if one.fault.code != "case.not_now" else ""
        why = why_not(one.fault.code, one.act, detail.case.stage, lacking)
        found.append(Later(ACTS.get(one.act, one.title), why, f"{law.source}：{law.text}" if law else ""))
    return tuple(found)


def _named_in(detail: CaseDetail, option: CaseOptionLine) -> list[str]:
    """Return the references of this case that a refusal names."""
    named = (option.fault.mend if option.fault else "").replace(",", " ").split()
    return [_who(one) for one in _refs(detail) if one in named]


def _refs(detail: CaseDetail) -> list[str]:
    people = [one.ref for one in (*detail.parties, *detail.mediators)]
    return [*people, *(f"county:{one}" for one in detail.case.counties), "stamp"]


def _who(ref: str) -> str:
    from_county = ref.removeprefix("county:")
    return "委员会印章" if ref == "stamp" else f"{name_of(from_county)}县联络办" if from_county != ref else ref


def _signatures(detail: CaseDetail) -> tuple[Signature, ...]:
    signed: dict[str, CaseEntryLine] = {}
    for one in detail.entries:
        facts = one.facts
        if not one.counts or facts.sha256 is None or facts.sha256 != detail.agreement_digest:
            continue
        if facts.act is CaseAct.AGREEMENT_SIGNED:
            signed[facts.party or facts.mediator or f"county:{one.county}"] = one
        elif facts.act is CaseAct.STAMPED:
            signed["stamp"] = one
        elif facts.act is CaseAct.DRAFTED_ORAL:
            signed |= dict.fromkeys(facts.refs, one)
    counties = {one.ref: name_of(one.county) for one in (*detail.parties, *detail.mediators)}
    return tuple(
        Signature(f"{_who(ref)}（{counties[ref]}）" if ref in counties else _who(ref), signed.get(ref))
        for ref in _refs(detail)
        if ref in signed or ref in detail.signatures_missing
    )


def _draft(detail: CaseDetail) -> CaseEntryLine | None:
    """Return the entry that brought the text that everybody signs."""
    drafted = (CaseAct.DRAFTED_ORAL, CaseAct.DRAFTED_WRITTEN)
    found = [one for one in detail.entries if one.counts and one.facts.act in drafted]
    return next((one for one in reversed(found) if one.facts.sha256 == detail.agreement_digest), None)


def _unseen(detail: CaseDetail, seen: tuple[str, ...]) -> frozenset[str]:
    """Return the entries that a writer had not seen who named these as the newest."""
    before = {one.envelope_id: one.seen for one in detail.entries}
    known, left = set[str](), list(seen)
    while left:
        one = left.pop()
        if one not in known:
            known.add(one)
            left += before.get(one, ())
    return frozenset(before) - known


CASES: Final = (
    Page("GET", "/cases", "cases", "联合调解", cases, READERS, "cases"),
    Page("GET", f"/cases/{_ID}", "case", "调解案卷", case, READERS, "cases"),
    Page("GET", f"/cases/{_ID}/agreement", "case_agreement", "调解协议", agreement, READERS, "cases"),
    Page("POST", f"/cases/{_ID}/acts/{{act:[a-z_]{{1,40}}}}", "write_case", "记入案卷", write, MEDIATORS, "cases"),
    Page("GET", f"/cases/{_ID}/entries/{_ENTRY}", "case_entry", "案卷材料", entry, READERS, "cases"),
    Page("POST", f"/cases/{_ID}/entries/{_ENTRY}", "open_case_entry", "打开材料", open_entry, CASE_OPENERS, "cases"),
    Page("POST", f"/cases/{_ID}/files/{_ENTRY}", "case_file", "下载附件", attachment, CASE_OPENERS, "cases"),
    Page("GET", f"/cases/{_ID}/evidence", "case_evidence", "案卷证据", evidence, READERS, "cases"),
    Page("POST", f"/cases/{_ID}/evidence", "open_case_evidence", "案卷证据", opened_evidence, CASE_OPENERS, "cases"),
    Page("POST", f"/cases/{_ID}/paper", "case_paper", "打印", paper, CASE_OPENERS, "cases"),
)
