"""Answer at the addresses that need no session: whose form it is, and what a browser keeps of them."""

import hmac
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from aiohttp import web

from schemas.errors import Fault, RequestError, UnavailableError
from services.console.threshold import OpenPage, OpenVisit
from services.console.visit import CSRF_FIELD, CSRF_HEADER, Hall, is_own_origin, read_form
from services.domain.sessions import SECRET_BYTES
from services.gateway.problems import problem_of_error

log = structlog.get_logger()

_FORM: Final = "application/x-www-form-urlencoded"
_FORBIDDEN: Final = frozenset({"http.origin", "http.csrf"})


def open_endpoint(page: OpenPage, hall: Hall) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return what answers at one open page."""
    name = f"{hall.cookie}-open"

    async def handle(request: web.Request) -> web.StreamResponse:
        kept = request.cookies.get(name, "")
        planted = kept if _is_ours(kept) else hall.desk.gateway.ids.hex(SECRET_BYTES)
        visit = OpenVisit(hall, page, request, planted)
        try:
            response = await _answer(visit)
        except RequestError as refusal:
            response = _refused(visit, refusal)
        except UnavailableError as refusal:
            fault = Fault(refusal.code, "", "the node cannot do this now: wait a moment, then press once more")
            response = visit.render("open_refused.html", {"faults": (fault,)}, 503)
        if planted != kept:
            response.set_cookie(name, planted, httponly=True, samesite="Lax", secure=hall.is_secure)
        return response

    return handle


def _is_ours(kept: str) -> bool:
    return len(kept) == 2 * SECRET_BYTES and kept.isascii() and kept.isalnum()


async def _answer(visit: OpenVisit) -> web.StreamResponse:
    request = visit.request
    if visit.page.of_session and not visit.secret:
        return visit.see_other("/login")  # it ended by itself
    if visit.page.method != "GET":
        if request.content_type == _FORM:
            visit.form = await read_form(request)
        fault = _judge_sender(visit)
        if fault is not None:
            raise RequestError(fault)
    return await visit.page.handler(visit)


def _judge_sender(visit: OpenVisit) -> Fault | None:
    if not is_own_origin(visit.hall, visit.request):
        mend = "this was sent from another site's page: open the console and do it there"
        return Fault("http.origin", "Origin", mend)
    given = visit.form.get(CSRF_FIELD) or visit.request.headers.get(CSRF_HEADER, "")
    if not hmac.compare_digest(given.encode("utf-8", "replace"), visit.csrf.encode()):
        return Fault("http.csrf", CSRF_FIELD, "the page is of an earlier session: load it again, then press once more")
    return None


def _refused(visit: OpenVisit, refusal: RequestError) -> web.Response:
    status = 403 if refusal.fault.code in _FORBIDDEN else problem_of_error(refusal).status
    log.warning("console.refused", page=visit.page.name, status=status, code=refusal.fault.code, officer="")
    return visit.render("open_refused.html", {"faults": refusal.faults}, status)
