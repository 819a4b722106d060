"""``OpenPage``, ``OpenVisit``: pages for who has not entered yet. They know nobody, and ask the API nothing.

A form of theirs is held to the browser that was shown it: its token follows from a cookie that no other site can read,
so nobody else's page logs somebody in, as another one, say, without being noticed.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from pydantic import JsonValue

from schemas.errors import Fault, RequestError
from services.console.entering import csrf_of
from services.console.lobby import Caller
from services.console.visit import SAID_COOKIE, Form, Hall, caller_of, see_other
from services.domain.fault_words import sentence_of

JSON_MAX_BYTES: Final = 64 * 1024
"""Of what a security key answers by script."""
NEXT_MAX: Final = 1024

OpenHandler = Callable[["OpenVisit"], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class OpenPage:
    """One address that needs no session.

    Attributes:
        method: GET shows, POST acts.
        name: Unique; the label in logs and tests.
        title: Chinese; of the window.
        of_session: Its form stands in the pages of a session and carries their token.
    """

    method: str
    path: str
    name: str
    title: str
    handler: OpenHandler
    of_session: bool = False


@dataclass(slots=True)
class OpenVisit:
    """One request of a browser that is not let in, or only half-way.

    Attributes:
        planted: What the cookie of these pages holds; its forms' token follows from it.
        form: What was posted; empty for GET and for what a script sends.
    """

    hall: Hall
    page: OpenPage
    request: web.Request
    planted: str = field(repr=False)
    form: Form = field(default_factory=Form)

    @property
    def csrf(self) -> str:
        """What stands in every form of these pages in this browser."""
        return csrf_of(self.secret if self.page.of_session else self.planted)

    @property
    def secret(self) -> str:
        """Of the session's cookie, a half one too; empty if there is none."""
        return self.request.cookies.get(self.hall.cookie, "")

    @property
    def came(self) -> Caller:
        """From where the browser comes."""
        return caller_of(self.hall, self.request)

    @property
    def next_path(self) -> str:
        """Where to after the log-in, as the form or the address asks; empty unless it is a page of ours."""
        return own_path(self.form.get("next") or self.request.query.get("next", ""))

    def render(self, template: str, values: Mapping[str, object], status: int = 200) -> web.Response:
        """Answer with a page."""
        said = self.request.cookies.get(SAID_COOKIE, "")
        body = self.hall.renderer.render(template, {"visit": self, "said": said, "faults": (), **values})
        response = web.Response(text=body, status=status, content_type="text/html")
        if said:
            response.del_cookie(SAID_COOKIE, path="/")
        return response

    def see_other(self, path: str, said: str = "") -> web.Response:
        """Send the browser on (303); see ``Visit.see_other``."""
        return see_other(self.hall, path, said)

    def hold(self, response: web.Response, secret: str, lasts: timedelta) -> web.Response:
        """Put a session's secret into the browser; a link in a mail brings it along, another site's form does not."""
        response.set_cookie(
            self.hall.cookie,
            secret,
            max_age=int(lasts.total_seconds()),
            httponly=True,
            samesite="Lax",
            secure=self.hall.is_secure,
        )
        return response

    def let_go(self, response: web.Response) -> web.Response:
        """Take the session's secret out of the browser."""
        response.del_cookie(self.hall.cookie, httponly=True, samesite="Lax", secure=self.hall.is_secure)
        return response


def own_path(text: str) -> str:
    """Return an address if a browser can only understand it as a page of this console, and empty if not."""
    if not text.startswith("/") or len(text) > NEXT_MAX or "\\" in text or not text.isprintable() or " " in text:
        return ""
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    is_ours = not parts.scheme and not parts.netloc and not text.startswith("//")
    return text if is_ours and parts.path not in {"/login", "/logout"} else ""


async def read_json(request: web.Request) -> dict[str, JsonValue]:
    """Read what a script of ours has sent.

    Raises:
        RequestError: It is no JSON object, or too large.
    """
    if request.content_type != "application/json":
        raise RequestError(Fault("http.media_type", "Content-Type", "send it as application/json"))
    data = await request.read()
    try:
        found = json.loads(data) if len(data) <= JSON_MAX_BYTES else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise RequestError(Fault("http.bad_request", "body", f"send one JSON object of at most {JSON_MAX_BYTES} bytes"))
    return found


def told(body: Mapping[str, JsonValue], status: int = 200) -> web.Response:
    """Answer a script of ours."""
    return web.Response(text=json.dumps(body, ensure_ascii=False), status=status, content_type="application/json")


def told_fault(fault: Fault) -> web.Response:
    """Tell a script of ours in Chinese what is wrong."""
    return told({"code": fault.code, "problem": sentence_of(fault)}, 422)
