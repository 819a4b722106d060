"""系统: how the node is doing, what it refused, what the duty officer was told, and CAP documents that wait."""

import json
from collections.abc import Mapping
from typing import Final

from aiohttp import web
from pydantic import JsonValue

from schemas.base import Status
from schemas.cap_records import CapState
from schemas.catalogue import parse_new
from schemas.errors import Fault, RequestError
from schemas.notices import SELF_ENDING
from schemas.officers import Role
from services.console.asking import may_ask
from services.console.navigation import EVERYBODY, KEEPERS
from services.console.sheets import cut
from services.console.visit import Page, Visit
from services.domain.encoding import compact_json
from services.domain.printing import Sheet, preview_sheet
from services.gateway.answers import NoticeLine, NoticeList, QuarantineList
from services.gateway.api.state_routes import NodeState
from services.gateway.cap_answers import CapDocumentDetail, CapDocumentLine, CapDocumentList
from services.gateway.paging_answers import ProviderList

_MOST: Final = 200
_NOTICES_SHOWN: Final = 50
_REFUSED_SHOWN: Final = 50
"""Rows of a page that stays light however long their texts are."""
_NUMBER: Final = "{number:[0-9]{1,16}}"
_LOW_MIB: Final = 2048
"""Less than that on the disk is told: a node stops taking in long before it is full."""
OPERATORS: Final = frozenset({Role.DUTY, Role.LIAISON, Role.ADMINISTRATOR})
"""Whose scopes open what concerns the node itself."""
_DEALERS: Final = frozenset({Role.DUTY, Role.LIAISON})
"""What the guards found in a document stands in it: whoever only keeps the system does not read it."""
CHECKS: Final[Mapping[str, str]] = {"hub": "枢纽", "store": "数据库"}
CAP_STATES: Final[Mapping[CapState, str]] = {
    CapState.SENT: "已发",
    CapState.HELD: "待办",
    CapState.CLOSED: "已关闭",
}


async def system(visit: Visit) -> web.StreamResponse:
    """Show how the node is doing, and where to go on."""
    operates, keeps = may_ask(visit.visitor.access, "show_node"), visit.visitor.is_any(KEEPERS)
    left = await visit.hall.door.tokens.left_over(visit.visitor) if keeps else ()
    values = {
        "state": await visit.api.ask("show_node", NodeState) if operates else None,
        "providers": (await visit.api.ask("list_providers", ProviderList)).providers if operates else (),
        "checks": CHECKS,
        "low_mib": _LOW_MIB,
        "operates": operates,
        "keeps": keeps,
        "left": () if isinstance(left, Fault) else left,
    }
    return visit.render("system.html", values)


async def quarantine(visit: Visit) -> web.StreamResponse:
    """List what was refused, and why."""
    found = await visit.api.ask("list_quarantine", QuarantineList, query={"limit": _REFUSED_SHOWN})
    rows = [(one, Fault(one.code, one.field, one.reason)) for one in found.quarantined]
    return visit.render("quarantine.html", {"rows": rows, "most": _REFUSED_SHOWN})


async def notices(visit: Visit) -> web.StreamResponse:
    """List what the duty officer was told: what is open, or everything."""
    every = visit.query("all") == "true"
    query = {"open": not every, "limit": _MOST}
    found = await visit.api.ask("list_notices", NoticeList, query=query)
    values = {
        "found": cut(found.notices, _NOTICES_SHOWN),
        "every": every,
        "may_close": visit.visitor.is_any(_DEALERS),
        "self_ending": SELF_ENDING,
    }
    return visit.render("notices.html", values)


async def close_notice(visit: Visit) -> web.StreamResponse:
    """Say that a notice has been dealt with; what ends by itself says so."""
    await visit.api.ask("close_notice", NoticeLine, path={"number": visit.path("number")})
    return visit.see_other("/system/notices", said="closed")


async def cap_documents(visit: Visit) -> web.StreamResponse:
    """List CAP documents: those that wait for an officer, or all."""
    every = visit.query("all") == "true"
    query = {"held": not every, "limit": _MOST}
    found = await visit.api.ask("list_cap_documents", CapDocumentList, query=query)
    values = {
        "found": found.documents,
        "every": every,
        "states": CAP_STATES,
        "may_read": visit.visitor.is_any(_DEALERS),
    }
    return visit.render("cap_documents.html", values)


async def cap_document(visit: Visit) -> web.StreamResponse:
    """Show one document and the draft that waits."""
    return await _document(visit)


async def _document(visit: Visit, faults: tuple[Fault, ...] = ()) -> web.StreamResponse:
    number = visit.path("number")
    detail = await visit.api.ask("show_cap_document", CapDocumentDetail, path={"number": number})
    draft = detail.draft if isinstance(detail.draft, dict) else None
    wire_type = draft.get("type") if draft is not None else None
    values = {
        "detail": detail,
        "sheet": _sheet(visit, draft) if draft is not None else None,
        "line": detail.document,
        "draft": json.dumps(draft, ensure_ascii=False, indent=1) if draft is not None else "",
        "wire_type": wire_type if isinstance(wire_type, str) else "",
        "states": CAP_STATES,
        "faults": faults,
        "typed": visit.form.get("event"),
    }
    return visit.render("cap_document.html", values, 422 if faults else 200)


def _sheet(visit: Visit, draft: Mapping[str, JsonValue]) -> Sheet | None:
    """Describe what would be sent, as it would be printed; None while it breaks a rule of its type."""
    wire_type, content, status = draft.get("type"), draft.get("content"), draft.get("status", Status.ACTUAL.value)
    if not isinstance(content, dict) or status not in set(Status):
        return None
    parsed = parse_new(str(wire_type), compact_json(content))
    if isinstance(parsed, tuple):
        return None
    return preview_sheet(parsed, source=visit.hall.desk.gateway.county, status=Status(str(status)), at=None)


async def cap_original(visit: Visit) -> web.StreamResponse:
    """Give the bytes of a document as they came."""
    return await visit.api.fetch("read_cap_original", path={"number": visit.path("number")})


async def close_cap(visit: Visit) -> web.StreamResponse:
    """Close a document: dropped, or an alert was sent for it."""
    event = visit.form.get("event")
    body = {"event": event} if event else {}
    path = {"number": visit.path("number")}
    try:
        await visit.api.ask("close_cap_document", CapDocumentLine, path=path, body=body)
    except RequestError as refusal:
        return await _document(visit, refusal.faults)
    return visit.see_other("/system/cap", said="cap_closed")


SYSTEM: Final = (
    Page("GET", "/system", "system", "系统", system, EVERYBODY, "system"),
    Page("GET", "/system/quarantine", "quarantine", "隔离的消息", quarantine, OPERATORS, "system"),
    Page("GET", "/system/notices", "notices", "待办提醒", notices, OPERATORS, "system"),
    Page("POST", f"/system/notices/{_NUMBER}/closing", "close_listed", "办结", close_notice, _DEALERS, "system"),
    Page("GET", "/system/cap", "cap_documents", "预警文件", cap_documents, OPERATORS, "system"),
    Page("GET", f"/system/cap/{_NUMBER}", "cap_document", "预警文件", cap_document, _DEALERS, "system"),
    Page("GET", f"/system/cap/{_NUMBER}/original", "cap_original", "原文", cap_original, _DEALERS, "system"),
    Page("POST", f"/system/cap/{_NUMBER}/closing", "close_cap", "关闭", close_cap, _DEALERS, "system"),
)
