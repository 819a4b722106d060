"""接口令牌: which programs may call the API."""

from collections.abc import Mapping, Sequence
from typing import Final

from aiohttp import web

from schemas.access import Scope
from schemas.errors import Fault, RequestError
from services.console.enrolling import NOT_YOURS
from services.console.navigation import KEEPERS
from services.console.pages.proving import doubted, shown
from services.console.tokens import DAYS_MAX, Issued
from services.console.visit import Page, Visit
from services.domain.tokens import BOARD, OF_THE_CONSOLE

_DAYS: Final = 365
_DIGITS_MAX: Final = 5
_OFFERED: Final = tuple(scope for scope in Scope if scope in OF_THE_CONSOLE)
_EMPTY: Final[Mapping[str, object]] = {"name": "", "scopes": (), "days": str(_DAYS)}


async def tokens(visit: Visit) -> web.StreamResponse:
    """List every token; never the tokens themselves."""
    return await _tokens(visit, _EMPTY)


async def issue(visit: Visit) -> web.StreamResponse:
    """Issue a token, and show it this once."""
    name, days, known = visit.form.get("name"), visit.form.get("days"), set(Scope)
    scopes = tuple(dict.fromkeys(Scope(one) for one in visit.form.all("scope") if one in known))
    number = int(days) if days.isascii() and days.isdecimal() and len(days) <= _DIGITS_MAX else 0
    doubt = await doubted(visit)
    made = (doubt,) if doubt else await visit.hall.door.tokens.issue(visit.visitor, name, scopes, number)
    if not isinstance(made, Issued):
        return await _tokens(visit, {"name": name, "scopes": scopes, "days": days}, made)
    origin = visit.hall.origin or f"{visit.request.scheme}://{visit.request.host}"
    address = f"{origin}/api/v1/calendar/{made.token}.ics" if Scope.CALENDAR_READ in scopes else ""
    return visit.render("token_issued.html", {"made": made, "address": address})


async def revoke(visit: Visit) -> web.StreamResponse:
    """Take a token out of force."""
    fault = await visit.hall.door.tokens.revoke(visit.visitor, visit.path("name"))
    return await _tokens(visit, _EMPTY, [fault]) if fault else visit.see_other("/system/tokens", said="token_revoked")


async def _tokens(visit: Visit, typed: Mapping[str, object], faults: Sequence[Fault] = ()) -> web.StreamResponse:
    found = await visit.hall.door.tokens.all(visit.visitor)
    left = await visit.hall.door.tokens.left_over(visit.visitor)
    if isinstance(found, Fault) or isinstance(left, Fault):
        raise RequestError(NOT_YOURS)
    now = visit.hall.desk.gateway.clock.now()
    values = {
        "in_force": [one for one in found if one.revoked_at is None and one.expires_at > now],
        "ended": [one for one in found if one.revoked_at is not None or one.expires_at <= now],
        "typed": typed,
        "left": left,
        "offered": _OFFERED,
        "board": BOARD,
        "days_max": DAYS_MAX,
    }
    return shown(visit, "tokens.html", values, faults)


TOKENS: Final = (
    Page("GET", "/system/tokens", "tokens", "接口令牌", tokens, KEEPERS, "system"),
    Page("POST", "/system/tokens", "issue_token", "签发令牌", issue, KEEPERS, "system", keeps_record=True),
    Page(
        "POST",
        "/system/tokens/{name:[a-z0-9][a-z0-9-]{0,47}}/revocation",
        "revoke_token",
        "收回令牌",
        revoke,
        KEEPERS,
        "system",
        keeps_record=True,
    ),
)
