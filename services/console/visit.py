"""``Page``: what one address is. ``Visit``: one request of one visitor, with everything that a page works with."""

import asyncio
import hmac
import ipaddress
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web

from schemas.errors import Fault, RequestError
from schemas.officers import Role
from services.console.asking import Asking
from services.console.door import Door
from services.console.lobby import Caller
from services.console.rendering import Renderer
from services.console.uploads import Upload
from services.console.visitor import Entrance, Visitor
from services.gateway.desk import Desk

FIELDS_MAX: Final = 4000
_READ_AT_ONCE: Final = 2
CSRF_FIELD: Final = "csrf"
CSRF_HEADER: Final = "X-Sihu-Csrf"
SAID_COOKIE: Final = "sihu-said"
_SAID_SECONDS: Final = 30
_FORM: Final = "application/x-www-form-urlencoded"

Handler = Callable[["Visit"], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Hall:
    """What every page of one node shares.

    Attributes:
        entrance: Knows sessions; it is the door's own, but for tests.
        door: Lets people in, and puts on record what they do.
        origin: Scheme, host and port that browsers see, e.g. ``https://console.example``; empty for the Host they name.
        forwarded: A proxy on this machine tells the addresses of browsers.
        titles: What each page that acts is called, by its name: how the audit log says what was done there.
    """

    desk: Desk
    entrance: Entrance
    door: Door
    renderer: Renderer
    origin: str = ""
    titles: Mapping[str, str] = field(default_factory=dict)
    forwarded: bool = False
    reading: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_READ_AT_ONCE))
    """Forms with files that are read at once: each may be as large as a case, and all lie in memory."""

    @property
    def is_secure(self) -> bool:
        """Tell whether browsers come over TLS, so that cookies may say so."""
        return self.origin.startswith("https://")

    @property
    def cookie(self) -> str:
        """Name of the session's cookie; browsers hold ``__Host-`` to one host, TLS and the root path."""
        return "__Host-sihu" if self.is_secure else "sihu"


@dataclass(frozen=True, slots=True)
class Form:
    """What was filled in, in order; a name may stand more than once."""

    pairs: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str:
        """Return the first value of a name, stripped; empty if there is none."""
        return next((value.strip() for key, value in self.pairs if key == name), "")

    def typed(self, name: str) -> str:
        """Return the first value of a name as it was typed: blanks at the ends of a password belong to it."""
        return next((value for key, value in self.pairs if key == name), "")

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of a name."""
        return tuple(value for key, value in self.pairs if key == name)


@dataclass(frozen=True, slots=True)
class Page:
    """One address.

    Attributes:
        method: GET shows, POST acts; an act needs the token of its session's forms.
        path: With aiohttp's ``{name}`` for parameters.
        name: Unique; the label in logs and tests.
        title: Chinese; of the window, and in the navigation.
        handler: Answers a visit.
        roles: Who may; any one of them is enough.
        nav: Key of the entry of the navigation that it belongs to.
        upload_max: Bytes of files that a form may bring, read before its handler is called; 0 if it brings none.
        streams: Its handler reads a form with a file off the request itself, and judges whose form it is.
        keeps_record: What it does stands in the audit log already: it is written down with the act itself.
    """

    method: str
    path: str
    name: str
    title: str
    handler: Handler
    roles: frozenset[Role]
    nav: str = ""
    upload_max: int = 0
    streams: bool = False
    keeps_record: bool = False


@dataclass(slots=True)
class Visit:
    """One request.

    Attributes:
        secret: Of the session's cookie: opens the officer's own key for this request.
        form: What was posted; empty for GET.
        files: What came with it, by the field's name.
        uploads: The same in order, also several files of one field.
    """

    hall: Hall
    page: Page
    request: web.Request
    visitor: Visitor
    secret: str = field(repr=False)
    form: Form = field(default_factory=Form)
    files: Mapping[str, Upload] = field(default_factory=dict)
    uploads: tuple[tuple[str, Upload], ...] = ()
    live_start: int = 0
    """Sequence of the journal before anything of this page was read: what comes behind it, the live stream tells."""

    @property
    def came(self) -> Caller:
        """From where the browser comes."""
        return caller_of(self.hall, self.request)

    @property
    def api(self) -> Asking:
        """The API, as this visitor may use it."""
        return Asking(self.hall.desk, self.request, self.visitor.access)

    def path(self, name: str) -> str:
        """Return a parameter of the address."""
        return self.request.match_info[name]

    def query(self, name: str) -> str | None:
        """Return a query parameter, stripped; None if it is missing or empty."""
        return self.request.query.get(name, "").strip() or None

    def render(self, template: str, values: Mapping[str, object], status: int = 200) -> web.Response:
        """Answer with a page."""
        said = self.request.cookies.get(SAID_COOKIE, "")
        body = self.hall.renderer.render(template, {"visit": self, "said": said, **values})
        response = web.Response(text=body, status=status, content_type="text/html")
        if said:
            response.del_cookie(SAID_COOKIE, path="/")
        return response

    def see_other(self, path: str, said: str = "") -> web.Response:
        """Send the browser on behind an act (303), so that a reload repeats nothing.

        Args:
            path: Of this console; never made of what was sent.
            said: A word of ``services.console.words.SAID`` that the next page shows.
        """
        return see_other(self.hall, path, said)


def see_other(hall: Hall, path: str, said: str = "") -> web.Response:
    """Send a browser on (303) to a path of this console, where a word of ``SAID`` is said."""
    response = web.Response(status=303, headers={"Location": path})
    if said:
        response.set_cookie(
            SAID_COOKIE, said, max_age=_SAID_SECONDS, httponly=True, samesite="Strict", secure=hall.is_secure
        )
    return response


def caller_of(hall: Hall, request: web.Request) -> Caller:
    """Return from where a browser comes, and what it calls itself, whatever bytes that may be."""
    agent = request.headers.get("User-Agent", "")
    near = request.remote or ""
    far = _forwarded(request) if hall.forwarded and _is_here(near) else ""
    return Caller(far or near, agent.encode("utf-8", "replace").decode())


def _is_here(address: str) -> bool:
    return address in {"::1", "127.0.0.1"}


def _forwarded(request: web.Request) -> str:
    """Return the address that the nearest proxy has seen: what stands before it, anybody may have written."""
    last = ",".join(request.headers.getall("X-Forwarded-For", ())).rpartition(",")[2].strip()
    try:
        return str(ipaddress.ip_address(last))
    except ValueError:
        return ""


async def read_form(request: web.Request) -> Form:
    """Read a posted form.

    Raises:
        RequestError: It is none, or holds too much.
    """
    if request.content_type != _FORM:
        raise RequestError(Fault("http.media_type", "Content-Type", f"send the form as {_FORM}"))
    try:
        text = (await request.read()).decode()
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MAX)
    except (ValueError, web.RequestPayloadError):
        mend = f"send it once more: it did not arrive whole, is no UTF-8, or has more than {FIELDS_MAX} fields"
        raise RequestError(Fault("http.bad_request", "body", mend)) from None
    return Form(tuple((name, value.replace("\r\n", "\n")) for name, value in pairs))


def judge_sender(hall: Hall, request: web.Request, form: Form, csrf: str) -> Fault | None:
    """Decide whether an act comes from a page of ours: by its origin, and by what only this session's pages know."""
    if not is_own_origin(hall, request):
        return Fault(
            "http.origin", "Origin", "this was sent from another site's page: open the console and do it there"
        )
    given = form.get(CSRF_FIELD) or request.headers.get(CSRF_HEADER, "")
    if not hmac.compare_digest(given.encode("utf-8", "replace"), csrf.encode()):
        return Fault("http.csrf", CSRF_FIELD, "the page is of an earlier session: load it again, then press once more")
    return None


def is_own_origin(hall: Hall, request: web.Request) -> bool:
    """Tell whether the browser says that one of our own pages asks; one that says nothing is judged by its token."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    return origin == (hall.origin or f"{request.scheme}://{request.host}")
