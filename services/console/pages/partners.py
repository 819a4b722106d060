"""协作方: the members, by which keys they sign, what agreements allow, how links are, and what they owe us."""

from typing import Final

from aiohttp import web

from schemas.errors import Fault, NotFoundError
from schemas.records import Direction
from services.console.asking import may_ask
from services.console.navigation import EVERYBODY, READERS
from services.console.pages.services import Due, due_of
from services.console.visit import Page, Visit
from services.domain.form_words import PURPOSES
from services.domain.referrals import ReferralState
from services.domain.trust_words import KEY_ENDS, KEY_USES
from services.gateway.answers import EventDetail, MemberLine, MemberList, NoticeLine, NoticeList
from services.gateway.api.trust_routes import AgreementList, AgreementText, KeyList
from services.gateway.course_answers import ReferralLine, ReferralList, ServiceLine, ServiceList
from services.gateway.standing import AlertLine, AlertList, LinkLine, LinkList

_AGREEMENT: Final = "/partners/agreements/{agreement:[a-z0-9-]{1,64}}"
_MOST: Final = 200
_LOOKED_AT: Final = 20
"""Own alerts in force whose board is read: more at once are a storm, and the hand-over page counts them all."""
_GROUP: Final = 8
_TEXT_MOST_BYTES: Final = 16 * 1024
"""A longer text is not repeated word for word below its terms: it is in the document to download."""
_CLOCK_SECONDS: Final = 2
"""A partner's clock that is ahead by more than that is told as wrong."""


async def partners(visit: Visit) -> web.StreamResponse:
    """List the members with their offices, telephones and links, and the agreements."""
    members = await visit.api.ask("list_members", MemberList)
    links = await visit.api.ask("list_links", LinkList)
    agreements = (await visit.api.ask("list_agreements", AgreementList)).agreements
    values = {
        "members": members,
        "links": {one.county: one for one in links.links},
        "hub": links.hub,
        "agreements": agreements,
        "clock_seconds": _CLOCK_SECONDS,
        "grouped": grouped,
    }
    return visit.render("partners.html", values)


def grouped(digest: str) -> str:
    """Spell a digest for two people who compare it by telephone."""
    return " ".join(digest[start : start + _GROUP] for start in range(0, len(digest), _GROUP))


async def partner(visit: Visit) -> web.StreamResponse:
    """Show one member: whom to call, its keys, its link, its agreements, and what it owes us."""
    county = visit.path("county")
    member = await _member(visit, county)
    link = next((one for one in (await visit.api.ask("list_links", LinkList)).links if one.county == county), None)
    keys = (await visit.api.ask("list_keys", KeyList)).keys
    agreements = (await visit.api.ask("list_agreements", AgreementList)).agreements
    works = visit.visitor.is_any(READERS)
    values = {
        "member": member,
        "link": link,
        "keys": [one for one in keys if one.county == county],
        "uses": KEY_USES,
        "ends": KEY_ENDS,
        "agreements": [one for one in agreements if county in one.agreement.parties],
        "unanswered": await _unanswered(visit, county) if works else (),
        "services": await _services(visit, county) if works else (),
        "referrals": await _referrals(visit, county) if works else (),
        "notices": await _notices(visit, county),
        "works": works,
        "clock_seconds": _CLOCK_SECONDS,
        "owes": _owes(link),
    }
    return visit.render("partner.html", values)


def _owes(link: LinkLine | None) -> bool:
    return link is not None and link.owes_since is not None


async def _member(visit: Visit, county: str) -> MemberLine:
    members = (await visit.api.ask("list_members", MemberList)).members
    found = next((one for one in members if one.county == county), None)
    if found is None:
        mend = "this county is no member of the registry in force; the partners' page lists the members"
        raise NotFoundError(Fault("request.not_found", "county", mend))
    return found


async def _unanswered(visit: Visit, county: str) -> list[AlertLine]:
    """Return own alerts in force that the partner has not taken."""
    query = {"standing": True, "limit": _MOST, "direction": Direction.OUTGOING.value}
    alerts = (await visit.api.ask("list_alerts", AlertList, query=query)).alerts
    found = []
    for one in [line for line in alerts if line.in_force and county in line.event.audience][:_LOOKED_AT]:
        detail = await visit.api.ask("show_event", EventDetail, path={"id": one.event.envelope_id})
        board = next((row for row in detail.deliveries if row.recipient == county), None)
        if board is None or board.acknowledged_at is None:
            found.append(one)
    return found


async def _services(visit: Visit, county: str) -> list[tuple[ServiceLine, Due]]:
    now = visit.hall.desk.gateway.clock.now()
    services = (await visit.api.ask("list_services", ServiceList, query={"limit": _MOST})).services
    return [(one, due_of(one, now)) for one in services if one.turn is not None and one.turn.adcode == county]


async def _referrals(visit: Visit, county: str) -> list[ReferralLine]:
    referrals = (await visit.api.ask("list_referrals", ReferralList, query={"limit": _MOST})).referrals
    return [one for one in referrals if one.state is ReferralState.OFFERED and one.to_office.adcode == county]


async def _notices(visit: Visit, county: str) -> list[NoticeLine]:
    if not may_ask(visit.visitor.access, "list_notices"):
        return []
    notices = (await visit.api.ask("list_notices", NoticeList, query={"limit": _MOST})).notices
    return [one for one in notices if one.county == county]


async def agreement(visit: Visit) -> web.StreamResponse:
    """Show one agreement: what it permits, its deadlines and quotas, and how it is changed or suspended."""
    path = {"agreement": visit.path("agreement")}
    kept = await visit.api.ask("show_agreement", AgreementText, path=path)
    values = {
        "kept": kept,
        "line": kept.line,
        "one": kept.line.agreement,
        "purposes": PURPOSES,
        "grouped": grouped,
        "shown_whole": kept.text_bytes <= _TEXT_MOST_BYTES,
    }
    return visit.render("agreement.html", values)


async def agreement_document(visit: Visit) -> web.StreamResponse:
    """Give the signed document, as it is kept."""
    return await visit.api.fetch("export_agreement", path={"agreement": visit.path("agreement")})


PARTNERS: Final = (
    Page("GET", "/partners", "partners", "协作方", partners, EVERYBODY, "partners"),
    Page("GET", "/partners/{county:[0-9]{6}}", "partner", "协作方", partner, EVERYBODY, "partners"),
    Page("GET", _AGREEMENT, "agreement", "协作协议", agreement, EVERYBODY, "partners"),
    Page("GET", f"{_AGREEMENT}/document", "agreement_document", "协议文件", agreement_document, EVERYBODY, "partners"),
)
