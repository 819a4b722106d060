"""收件、已发 and one event: who sent it, whether it verifies, what it says, how far it came, and who answered."""

import json
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from schemas.catalogue import TYPES, parse_received
from schemas.control import CallOutcome
from schemas.counties import COUNTIES
from schemas.custody import OpeningReason
from schemas.errors import Fault, NotFoundError, RequestError
from schemas.records import Direction
from services.console.asking import may_ask
from services.console.navigation import ANSWERERS, READERS, WORKERS, openers_of
from services.console.opening import judge_opener, opened_file
from services.console.pages.erasing import may_erase
from services.console.visit import Page, Visit
from services.domain.printing import Sheet, sheet_of
from services.domain.search_text import QUERY_MOST
from services.gateway.answers import CallLine, EventDetail, EventPage, MemberList
from services.gateway.paging_answers import Timeline
from services.gateway.search_answers import FoundLine, SearchPage

_ID: Final = "{id:[0-9a-f]{64}}"
_PAGE: Final = 25
"""A page with so many rows and the search's script stays below 100 KB, however long the headlines are."""
_SEARCHES: Final = 3
"""One after the other for one page, as long as nothing is found; each takes some 30 ms at most."""
_FILTERS: Final = ("q", "mutual", "type", "county", "level", "status", "from", "to", "unacknowledged")
_LISTED: Final = frozenset({"type", "unacknowledged"})
"""By these alone events are listed, however far they lie apart; with any other they are searched."""
_DATES: Final = ("from", "to")
_CALL: Final = ("county", "office", "outcome")

Looked = tuple[tuple[FoundLine, ...], int | None]
"""What was found, and where to go on; None if everything was looked through."""
_NOTHING: Final[Looked] = ((), None)


async def inbox(visit: Visit) -> web.StreamResponse:
    """List what came in."""
    return await _listing(visit, Direction.INCOMING)


async def sent(visit: Visit) -> web.StreamResponse:
    """List what went out."""
    return await _listing(visit, Direction.OUTGOING)


async def _listing(visit: Visit, direction: Direction) -> web.StreamResponse:
    names = _FILTERS if direction is Direction.INCOMING else _FILTERS[:-1]
    asked = {name: visit.query(name) for name in names}
    query = {**asked, "direction": direction.value, "limit": _PAGE, "before": visit.query("before")}
    query |= {name: _beijing(asked[name], late=name == "to") for name in _DATES}
    kept = {name: value for name, value in asked.items() if value}
    looked, faults = _NOTHING, tuple[Fault, ...]()
    try:
        looked = await (_searched(visit, query) if kept.keys() - _LISTED else _listed(visit, query))
    except RequestError as refusal:
        if not kept and query["before"] is None:
            raise
        faults = refusal.faults
    found, more = looked
    values = {
        "faults": faults,
        "query_most": QUERY_MOST,
        "found": found,
        "asked": asked,
        "counties": [one for one in COUNTIES.values() if one.code != visit.hall.desk.gateway.county],
        "types": TYPES,
        "incoming": direction is Direction.INCOMING,
        "filtered": bool(kept),
        "next_path": f"?{urlencode({**kept, 'before': more})}" if more else None,
        "first_path": f"?{urlencode(kept)}" if visit.query("before") else None,
    }
    return visit.render("events.html", values, 422 if faults else 200)


async def _listed(visit: Visit, query: Mapping[str, object]) -> Looked:
    """Return a page of all events, or of one type, or of those that wait for this county's acknowledgement."""
    wanted = {name: query.get(name) for name in ("direction", "type", "unacknowledged", "limit")}
    page = await visit.api.ask("list_events", EventPage, query={**wanted, "newest": True, "since": query["before"]})
    lines = tuple(FoundLine(event=one, hit=None) for one in page.events)
    return lines, page.next_since if len(lines) == _PAGE else None


async def _searched(visit: Visit, query: Mapping[str, object]) -> Looked:
    """Search as far back as one page may take; a search ends early where much lies between what it finds."""
    before, looked = query["before"], SearchPage(found=(), next_before=None, indexed=0, blocks=0)
    for _ in range(_SEARCHES):
        looked = await visit.api.ask("search_events", SearchPage, query={**query, "before": before})
        if looked.found or looked.next_before is None:
            break
        before = looked.next_before
    return looked.found, looked.next_before


def _beijing(day: str | None, *, late: bool) -> str | None:
    """Spell a day as the API wants a time; what is no day goes on as it is, for the API to name the mend."""
    if day is None or len(day) != len("2026-01-01"):
        return day
    return f"{day}T23:59:59.999+08:00" if late else f"{day}T00:00:00.000+08:00"


async def event(visit: Visit) -> web.StreamResponse:
    """Show one event; personal content stays closed."""
    return await _shown(visit, None)


async def opening(visit: Visit) -> web.StreamResponse:
    """Show the personal content of an event, once it is written down who opened it and why."""
    await judge_opener(visit, visit.path("id"))
    return await _shown(visit, visit.form.get("why"))


async def _shown(visit: Visit, why: str | None, faults: tuple[Fault, ...] = ()) -> web.StreamResponse:
    envelope_id = visit.path("id")
    detail = await visit.api.ask("show_event", EventDetail, path={"id": envelope_id}, query={"why": why})
    members = (await visit.api.ask("list_members", MemberList)).members
    values = {
        "detail": detail,
        "sheet": _sheet(detail),
        "raw": _raw(detail),
        "timeline": await _timeline(visit, envelope_id),
        "members": {one.county: one for one in members},
        "incoming": detail.direction is Direction.INCOMING,
        "may_answer": may_ask(visit.visitor.access, "acknowledge_event") and visit.visitor.is_any(ANSWERERS),
        "may_call": may_ask(visit.visitor.access, "record_call") and visit.visitor.is_any(WORKERS),
        "may_open": visit.visitor.is_any(openers_of(detail.header.purpose)),
        "may_countersign": detail.awaits_second
        and detail.direction is Direction.OUTGOING
        and visit.visitor.is_any(ANSWERERS),
        "may_follow": detail.direction is Direction.OUTGOING
        and "alert_" in detail.header.type
        and visit.visitor.is_any(WORKERS),
        "reasons": OpeningReason,
        "may_erase": may_erase(visit, detail),
        "not_erased": _not_erased(detail),
        "call": {name: visit.form.get(name) for name in _CALL},
        "call_faults": faults,
    }
    return visit.render("event.html", values, 422 if faults else 200)


def _not_erased(detail: EventDetail) -> tuple[str, ...]:
    """Return the counties that have not said yet that they erased what we, who sent it, have erased."""
    if detail.direction is not Direction.OUTGOING or not detail.erasures:
        return ()
    done = {one.county for one in detail.erasures}
    return tuple(one for one in detail.header.to if one not in done)


async def board(visit: Visit) -> web.StreamResponse:
    """Show how far an own event came, for a page that is open already."""
    detail = await visit.api.ask("show_event", EventDetail, path={"id": visit.path("id")})
    members = (await visit.api.ask("list_members", MemberList)).members
    return visit.render("event_board.html", {"detail": detail, "members": {one.county: one for one in members}})


def _sheet(detail: EventDetail) -> Sheet | None:
    """Describe the content as it is printed; None where it is closed, erased, or newer than this version."""
    if not isinstance(detail.content, dict):
        return None
    header = detail.header
    content = json.dumps(detail.content, ensure_ascii=False).encode()
    parsed = parse_received(header.type, content, header.schema_ref.digest)
    return None if isinstance(parsed, tuple) else sheet_of(parsed.event, header, detail.envelope_id)


def _raw(detail: EventDetail) -> str:
    return "" if detail.content is None else json.dumps(detail.content, ensure_ascii=False, indent=1)


async def _timeline(visit: Visit, envelope_id: str) -> Timeline | None:
    try:
        return await visit.api.ask("show_timeline", Timeline, path={"id": envelope_id})
    except NotFoundError:
        return None


async def record_call(visit: Visit) -> web.StreamResponse:
    """Put on record that a neighbour was told of an own event by telephone; what was typed stays if it is refused."""
    form = visit.form
    body = {
        "county": form.get("county"),
        "office": form.get("office"),
        "outcome": form.get("outcome") or CallOutcome.TOLD.value,
    }
    try:
        await visit.api.ask("record_call", CallLine, path={"id": visit.path("id")}, body=body)
    except RequestError as refusal:
        return await _shown(visit, None, refusal.faults)
    return visit.see_other(f"/events/{visit.path('id')}", said="called")


async def evidence(visit: Visit) -> web.StreamResponse:
    """Give everything that proves an event, as one file."""
    return await visit.api.fetch("export_evidence", path={"id": visit.path("id")})


async def content(visit: Visit) -> web.StreamResponse:
    """Give the file that goes with an event; a personal one is asked for by ``open_content``."""
    return await visit.api.fetch("read_content", path={"id": visit.path("id")})


async def open_content(visit: Visit) -> web.StreamResponse:
    """Give a personal file, once it is written down who opened it and why."""
    return await opened_file(visit, visit.path("id"))


EVENTS: Final = (
    Page("GET", "/inbox", "inbox", "收件", inbox, READERS, "inbox"),
    Page("GET", "/sent", "sent", "已发", sent, READERS, "sent"),
    Page("GET", f"/events/{_ID}", "event", "事件", event, READERS, "inbox"),
    Page("GET", f"/events/{_ID}/board", "board", "送达情况", board, READERS, "sent"),
    Page("POST", f"/events/{_ID}/opening", "open_event", "打开个人内容", opening, WORKERS, "inbox"),
    Page("POST", f"/events/{_ID}/calls", "record_call", "电话告知", record_call, WORKERS, "sent"),
    Page("GET", f"/events/{_ID}/evidence", "evidence", "证据", evidence, READERS, "inbox"),
    Page("GET", f"/events/{_ID}/content", "content", "附件", content, READERS, "inbox"),
    Page("POST", f"/events/{_ID}/content", "open_content", "下载个人附件", open_content, WORKERS, "inbox"),
)
