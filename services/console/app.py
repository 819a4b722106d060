"""Mount the console beside the API: every page behind its session, its roles and the same headers."""

from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import quote

import structlog
from aiohttp import web

from schemas.errors import Fault, NotFoundError, RequestError, UnavailableError
from services.console.door import Door
from services.console.doorway import open_endpoint
from services.console.live import live_endpoint
from services.console.navigation import home_of
from services.console.nowhere import for_people, mark
from services.console.pages import OPEN_PAGES, PAGES
from services.console.rendering import Renderer
from services.console.statics import Statics
from services.console.uploads import MULTIPART, read_upload
from services.console.visit import Form, Hall, Page, Visit, judge_sender, read_form
from services.console.visitor import Entrance
from services.gateway.app import Mount
from services.gateway.desk import Desk
from services.gateway.problems import problem_of_error, unavailable

log = structlog.get_logger()

FRAGMENT_HEADER: Final = "X-Fragment"
_LOGIN: Final = "/login"
_DONE: Final = 303


def mounting(
    entrance: Entrance, door: Door, renderer: Renderer, statics: Statics, origin: str, *, forwarded: bool = False
) -> Mount:
    """Return what adds the console's addresses to the API's application.

    Args:
        entrance: Knows sessions.
        door: Lets people in.
        renderer: Has the templates.
        statics: Has styles, scripts and sounds.
        origin: Scheme, host and port that browsers see; empty for the Host they name.
        forwarded: A proxy on this machine tells the addresses of browsers.
    """

    def mount(app: web.Application, desk: Desk) -> None:
        titles = {page.name: page.title for page in PAGES if page.method != "GET" and not page.keeps_record}
        hall = Hall(desk, entrance, door, renderer, origin, titles, forwarded)
        for one in OPEN_PAGES:
            app.router.add_route(one.method, one.path, open_endpoint(one, hall), name=f"console.{one.name}")
        for page in PAGES:
            app.router.add_route(page.method, page.path, _endpoint(page, hall), name=f"console.{page.name}")
        app.router.add_get("/live", live_endpoint(hall), name="console.live")
        app.router.add_get("/static/{name}", statics.serve, name="console.static")
        app.middlewares.append(for_people(renderer))
        app.on_response_prepare.append(mark)

    return mount


def _endpoint(page: Page, hall: Hall) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        secret = request.cookies.get(hall.cookie, "")
        at_work = FRAGMENT_HEADER not in request.headers  # an open page that brings itself up to date is nobody at work
        visitor = await hall.entrance.visitor_of(secret, at_work=at_work) if secret else None
        if visitor is None:
            return _to_login(page, request)
        visit = Visit(hall, page, request, visitor, secret)
        visit.live_start = await _end_of_journal(hall)
        if page.path == "/" and not visitor.is_any(page.roles):
            return web.Response(status=303, headers={"Location": home_of(visitor.roles)})
        if not visitor.is_any(page.roles):
            return _refused(visit, RequestError(Fault("access.role", "", "your roles do not open this page")))
        try:
            return await _answer(visit)
        except RequestError as refusal:
            return _refused(visit, refusal)
        except UnavailableError as refusal:
            return _unavailable(visit, refusal)

    return handle


async def _end_of_journal(hall: Hall) -> int:
    try:
        end = await hall.desk.live.start_of(None)
    except UnavailableError:
        return 0  # the page itself will say that nothing can be read
    return end if isinstance(end, int) else 0


async def _answer(visit: Visit) -> web.StreamResponse:
    request, page = visit.request, visit.page
    if page.method != "GET":
        if request.content_type == "application/x-www-form-urlencoded":
            visit.form = await read_form(request)
        elif request.content_type == MULTIPART and page.upload_max:
            if visit.hall.reading.locked():
                raise UnavailableError("other files are being read")
            async with visit.hall.reading:
                sent = await read_upload(request, page.upload_max)
            visit.form, visit.files, visit.uploads = Form(sent.pairs), sent.files, sent.uploads
        # The token of a form whose file is streamed stands in it: ``services.console.files`` judges it.
        is_streamed = page.streams and request.content_type == MULTIPART
        fault = None if is_streamed else judge_sender(visit.hall, request, visit.form, visit.visitor.csrf)
        if fault is not None:
            raise RequestError(fault)
    response = await page.handler(visit)
    if page.method != "GET" and response.status == _DONE and not page.keeps_record:
        await _put_on_record(visit, response.headers.get("Location", ""))
    return response


async def _put_on_record(visit: Visit, led_to: str) -> None:
    """Write down that a visitor has done what a page is for: who, what, on what; never what was typed.

    It comes behind the act: a node that is killed between the two leaves the act in its own book and not in this one.
    """
    about = "/".join(visit.request.match_info.values()) or led_to.partition("?")[0]
    await visit.hall.door.audit.note(visit.visitor, f"console.{visit.page.name}", about)


def _to_login(page: Page, request: web.Request) -> web.StreamResponse:
    # Only to where it came from, as we route it: an address of another site cannot be smuggled in.
    wanted = (
        quote(request.path_qs, safe="/?=&", errors="replace") if page.method == "GET" and request.path != "/" else ""
    )
    return web.Response(status=303, headers={"Location": f"{_LOGIN}?next={quote(wanted)}" if wanted else _LOGIN})


def _refused(visit: Visit, refusal: RequestError) -> web.StreamResponse:
    problem = problem_of_error(refusal)
    status = 404 if isinstance(refusal, NotFoundError) else problem.status
    status = 403 if refusal.fault.code in {"access.role", "http.origin", "http.csrf"} else status
    log.warning(
        "console.refused",
        page=visit.page.name,
        status=status,
        code=refusal.fault.code,
        officer=visit.visitor.officer,
    )
    return visit.render("refused.html", {"faults": refusal.faults}, status)


def _unavailable(visit: Visit, refusal: UnavailableError) -> web.StreamResponse:
    problem = unavailable(refusal.code, visit.hall.desk.gateway.limits.retry_after_seconds)
    fault = Fault(problem.code, "", "the node cannot do this now: wait a moment, then press once more")
    return visit.render("refused.html", {"faults": (fault,)}, 503)
