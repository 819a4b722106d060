"""销毁: an officer destroys the content of an own event, here and at every recipient; nothing brings it back.

Two steps that work without script: first what goes, who is told, and why; then the word, typed, and the password: an
open session alone destroys nothing.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from schemas.control import ErasureReason
from schemas.errors import Fault, RequestError
from schemas.records import Direction
from services.console.asking import may_ask
from services.console.navigation import ERASERS, openers_of
from services.console.pages.proving import doubted, shown
from services.console.visit import Page, Visit
from services.domain.course_words import ERASURES
from services.gateway.answers import Erasure, EventDetail

WORD: Final = "销毁"
"""What is typed before anything is destroyed."""
_ID: Final = "{id:[0-9a-f]{64}}"
_GO: Final = "erase"
_REFERRAL: Final = re.compile(r"[0-9a-f]{32}")
_CONTROL: Final = "cn.sihu.control."
_NOT_OURS: Final = Fault("erasure.not_ours", "id", "ask the county that sent it to erase it")
_NO_REASON: Final = Fault("erasure.no_reason", "reason", "choose one of the reasons")
_NOT_TYPED: Final = Fault("erasure.not_typed", "typed", f"type {WORD}, nothing else")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the form says.

    Attributes:
        reason: None if none was chosen that there is.
        undelivered: Also where it has not been stored, which will lack it for good.
        referral: Of whose page the officer came, to go back to; empty if of none.
    """

    reason: ErasureReason | None = None
    undelivered: bool = False
    referral: str = ""


def may_erase(visit: Visit, detail: EventDetail) -> bool:
    """Tell whether a page offers to destroy the content of an event: an own one, which is there and not in force."""
    own, now = visit.hall.desk.gateway.county, visit.hall.desk.gateway.clock.now()
    header = detail.header
    in_force = detail.level is not None and header.expires is not None and now < header.expires
    return (
        detail.direction is Direction.OUTGOING
        and not in_force
        and not header.type.startswith(_CONTROL)
        and all(one.county != own for one in detail.erasures)
        and visit.visitor.is_any(ERASERS & openers_of(header.purpose))
        and may_ask(visit.visitor.access, "erase_event")
    )


async def asked(visit: Visit) -> web.StreamResponse:
    """Say what would be destroyed, and ask why."""
    return await _step(visit, await _detail(visit), Wanted(referral=_referral(visit.query("referral") or "")))


async def erase(visit: Visit) -> web.StreamResponse:
    """Ask once more, or destroy."""
    detail, wanted = await _detail(visit), _wanted(visit)
    if wanted.reason is None:
        return await _step(visit, detail, wanted, [_NO_REASON])
    if visit.form.get("go") != _GO:
        lacking = _lacking(detail)
        if lacking and not wanted.undelivered:
            mend = f"{lacking[0]} has not stored it yet and would wait for it for ever; wait, or say `undelivered`"
            return await _step(visit, detail, wanted, [Fault("erasure.undelivered", "undelivered", mend)])
        return await _step(visit, detail, wanted, last=True)
    fault = _NOT_TYPED if visit.form.get("typed") != WORD else await doubted(visit)
    if fault is not None:
        return await _step(visit, detail, wanted, [fault], last=True)
    body = {"reason": wanted.reason.value, "undelivered": wanted.undelivered}
    try:
        await visit.api.ask("erase_event", Erasure, path={"id": detail.envelope_id}, body=body)
    except RequestError as refusal:
        return await _step(visit, detail, wanted, refusal.faults, last=True)
    await visit.hall.door.audit.note(visit.visitor, "content.erased", detail.envelope_id, wanted.reason.value)
    back = f"/population/referrals/{wanted.referral}" if wanted.referral else f"/events/{detail.envelope_id}"
    return visit.see_other(back, said="content_erased")


async def _detail(visit: Visit) -> EventDetail:
    """Return the event, without what is personal in it: nobody has to read what is to be destroyed.

    Raises:
        RequestError: It is not ours, or not for the visitor's roles.
    """
    detail = await visit.api.ask("show_event", EventDetail, path={"id": visit.path("id")})
    if detail.direction is not Direction.OUTGOING:
        raise RequestError(_NOT_OURS)
    if not visit.visitor.is_any(ERASERS & openers_of(detail.header.purpose)):
        raise RequestError(Fault("access.role", "", "your roles do not erase what travels for this purpose"))
    return detail


def _wanted(visit: Visit) -> Wanted:
    reason = visit.form.get("reason")
    return Wanted(
        ErasureReason(reason) if reason in set(ErasureReason) else None,
        visit.form.get("undelivered") == "true",
        _referral(visit.form.get("referral")),
    )


def _referral(text: str) -> str:
    return text if _REFERRAL.fullmatch(text) else ""


def _lacking(detail: EventDetail) -> list[str]:
    return [one.recipient for one in detail.deliveries if one.stored_at is None and one.refused_code is None]


async def _step(
    visit: Visit, detail: EventDetail, wanted: Wanted, faults: Sequence[Fault] = (), *, last: bool = False
) -> web.Response:
    values: Mapping[str, object] = {
        "detail": detail,
        "wanted": wanted,
        "lacking": _lacking(detail),
        "is_gone": any(one.county == visit.hall.desk.gateway.county for one in detail.erasures),
        "reasons": ERASURES,
        "word": WORD,
    }
    return shown(visit, "erasing_last.html" if last else "erasing.html", values, faults)


ERASING: Final = (
    Page("GET", f"/events/{_ID}/erasure", "erasing", "销毁内容", asked, ERASERS, "sent"),
    Page("POST", f"/events/{_ID}/erasure", "erase", "销毁内容", erase, ERASERS, "sent", keeps_record=True),
)
