"""值班台: what is open, who is there, and 签收 in one press."""

from collections.abc import Iterable

from aiohttp import web

from schemas.control import TAKING_STAGES
from schemas.errors import ConflictError, RequestError
from schemas.notices import SELF_ENDING, NoticeKind
from schemas.officers import AnswerWord
from schemas.pages import Tier
from services.console.asking import may_ask
from services.console.map import Tile, picture
from services.console.navigation import ANSWERERS, CLOSERS, READERS
from services.console.sheets import cut
from services.console.signing import signed_answer
from services.console.visit import Page, Visit
from services.gateway.answers import Acknowledged, MemberLine, MemberList, NoticeLine, NoticeList
from services.gateway.paging_answers import DutyLine, DutyList
from services.gateway.standing import COUNTED_MOST, AlertLine, AlertList, LinkList

_SHOWN = 200
_WITH_BUTTONS = 16
_AS_LINES = 50
_BESIDE = 8
"""So many of the gravest are answered here; the next stand as lines, and what is beyond is counted, with the way to it:
so the page stays light in a flood. As one is answered, the next comes up."""
_CALLS_FOR = frozenset({NoticeKind.NOT_STORED, NoticeKind.NOT_ACKNOWLEDGED, NoticeKind.SILENT})
"""Notices that somebody has to telephone a neighbour for: who is on duty there stands beside."""
_OFFICES = frozenset({Tier.OFFICE, Tier.SUPERIOR})


async def desk(visit: Visit) -> web.StreamResponse:
    """Show the whole desk."""
    found = await _newest(visit)
    return visit.render("desk.html", _alerts(visit, found) | await _side(visit, found.alerts))


async def desk_alerts(visit: Visit) -> web.StreamResponse:
    """Show the alerts alone, for a page that is open already."""
    return visit.render("desk_alerts.html", _alerts(visit, await _newest(visit)))


async def desk_side(visit: Visit) -> web.StreamResponse:
    """Show the neighbours, the links and what waits, for a page that is open already."""
    return visit.render("desk_side.html", await _side(visit, (await _newest(visit)).alerts))


async def acknowledge(visit: Visit) -> web.StreamResponse:
    """Answer an event, signed with the officer's own key; pressed twice, or by two officers, it is said once."""
    envelope_id = visit.path("id")
    word = visit.form.get("answer") or AnswerWord.RECEIVED.value
    body = await signed_answer(visit, envelope_id, word, visit.form.get("note"))
    try:
        done = await visit.api.ask("acknowledge_event", Acknowledged, path={"id": envelope_id}, body=body)
    except ConflictError as standing:
        if standing.fault.code != "acknowledgement.already":
            raise
        return visit.see_other(f"/events/{envelope_id}", said="already")  # by whom and how stands there
    said = "acknowledged" if done.stage in TAKING_STAGES else "answered"
    return visit.see_other("/" if visit.form.get("back") == "desk" else f"/events/{envelope_id}", said=said)


async def close_notice(visit: Visit) -> web.StreamResponse:
    """Say that a notice has been dealt with."""
    await visit.api.ask("close_notice", NoticeLine, path={"number": visit.path("number")})
    return visit.see_other("/", said="closed")


async def _newest(visit: Visit) -> AlertList:
    return await visit.api.ask("list_alerts", AlertList, query={"standing": True, "limit": _SHOWN})


def _alerts(visit: Visit, found: AlertList) -> dict[str, object]:
    alerts = found.alerts
    standing = [line for line in alerts if line.in_force]
    incoming = [line for line in standing if line.event.direction == "in"]
    waiting = sorted((line for line in incoming if not line.taken), key=_gravest)
    return {
        "open_alerts": waiting[:_WITH_BUTTONS],
        "more_alerts": cut(waiting[_WITH_BUTTONS:], _AS_LINES),
        "taken_alerts": cut([line for line in incoming if line.taken and line.answer], _BESIDE),
        "own_alerts": cut(sorted((line for line in standing if line.event.direction == "out"), key=_missing), _BESIDE),
        "unacknowledged": found.unacknowledged,
        "counted_most": COUNTED_MOST,
        "shown_most": _SHOWN if len(alerts) == _SHOWN else 0,
        "may_answer": may_ask(visit.visitor.access, "acknowledge_event") and visit.visitor.is_any(ANSWERERS),
    }


def _missing(line: AlertLine) -> tuple[bool, int]:
    """Those that some county has not taken first, the newest of them before."""
    return (line.event.acknowledged_count >= len(line.event.audience), -line.event.position)


def _gravest(line: AlertLine) -> tuple[int, int]:
    return (line.event.level or 5, -line.event.position)


async def _side(visit: Visit, alerts: tuple[AlertLine, ...]) -> dict[str, object]:
    links = await visit.api.ask("list_links", LinkList)
    members = (await visit.api.ask("list_members", MemberList)).members
    duty = await _on_duty(visit)
    may_see = may_ask(visit.visitor.access, "list_notices")
    notices = (
        (await visit.api.ask("list_notices", NoticeList, query={"open": True, "limit": _SHOWN})).notices
        if may_see
        else None
    )
    return {
        "links": links,
        "phones": {one.county: one.duty_phone for one in members},
        "duty": [one for one in duty if one.tier not in _OFFICES],
        "notices": None if notices is None else cut(notices, _BESIDE),
        "may_close": may_see and visit.visitor.is_any(CLOSERS),
        "self_ending": SELF_ENDING,
        "calls_for": _CALLS_FOR,
        "duties": {one.county: one.duty for one in links.links if one.duty is not None},
        "picture": picture(_tiles(members, links, alerts)),
    }


async def _on_duty(visit: Visit) -> tuple[DutyLine, ...]:
    try:
        return (await visit.api.ask("show_duty", DutyList)).people
    except RequestError as refusal:
        if refusal.fault.code != "paging.off":
            raise
        return ()  # no roster yet: the desk says so


def _tiles(members: Iterable[MemberLine], links: LinkList, alerts: tuple[AlertLine, ...]) -> list[Tile]:
    silent = {link.county for link in links.links if link.silent}
    waiting = [line.event for line in alerts if line.event.direction == "in" and line.in_force and not line.taken]
    tiles = []
    for member in members:
        levels = [event.level or 4 for event in waiting if event.source == member.county]
        tiles.append(Tile(member.county, member.own, member.county in silent, min(levels, default=None), len(levels)))
    return tiles


DESK = (
    Page("GET", "/", "desk", "值班台", desk, READERS, "desk"),
    Page("GET", "/desk/alerts", "desk_alerts", "值班台", desk_alerts, READERS, "desk"),
    Page("GET", "/desk/side", "desk_side", "值班台", desk_side, READERS, "desk"),
    Page("POST", "/events/{id:[0-9a-f]{64}}/acknowledgement", "acknowledge", "签收", acknowledge, ANSWERERS, "inbox"),
    Page("POST", "/notices/{number:[0-9]{1,16}}/closing", "close_notice", "办结", close_notice, CLOSERS, "desk"),
)
