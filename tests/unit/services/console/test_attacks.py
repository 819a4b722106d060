"""Attacks on the console: forged forms, foreign sockets, ways out of a folder, bytes that are no request."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from typing import Final
from urllib.parse import unquote, urlsplit

import aiohttp
import pytest

from schemas.errors import RequestError
from schemas.officers import Role
from services.console.nowhere import HEADERS
from services.console.pages import OPEN_PAGES
from services.console.threshold import own_path
from services.console.visit import Page
from tests import papers
from tests.console import Browser, at_the_door, everybody, house_of, visiting
from tests.filing import FileRooms, content_of, file_draft
from tests.pages import ACTS, SHOWN, address, named
from tests.sockets import spoken
from tests.world import County, World, alert_draft

FOREIGN: Final = "https://elsewhere.example"
WORKERS: Final = (Role.DUTY, Role.LIAISON, Role.REVIEWER, Role.MEDIATOR)
FORM: Final = "application/x-www-form-urlencoded"
_EVERYWHERE: Final = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}


@pytest.fixture
async def county() -> AsyncIterator[County]:
    """A county with an alert, that must be as it was and alive behind every attack."""
    world = World()
    await world[papers.LIBO].send(alert_draft())
    await world.carry()
    county = world[papers.HUANJIANG]
    before = await county.counts()
    yield county
    assert county.crashes == []
    assert await county.counts() == before


@pytest.fixture
async def browser(county: County) -> AsyncIterator[Browser]:
    """An officer who may do everything that officers at work may do."""
    async with visiting(county, *WORKERS) as opened:
        yield opened


def role_of(page: Page) -> Role:
    """Return a role that may."""
    return min(page.roles)


# -- forged forms ----------------------------------------------------------------------------------------------------

_FORGED: Final[Mapping[str, tuple[dict[str, str], str, str]]] = {
    "no token": ({"Content-Type": FORM}, "answer=received", ""),
    "a guessed token": ({"Content-Type": FORM}, "csrf=guessed&answer=received", ""),
    "an empty token": ({"Content-Type": FORM}, "csrf=&answer=received", ""),
    "our token from another site": ({"Content-Type": FORM, "Origin": FOREIGN}, "answer=received&csrf=", "token"),
    "our token from nowhere": ({"Content-Type": FORM, "Origin": "null"}, "answer=received&csrf=", "token"),
    "our token, said to be cross-site": (
        {"Content-Type": FORM, "Sec-Fetch-Site": "cross-site"},
        "answer=received&csrf=",
        "token",
    ),
    "our token from a neighbour host": (
        {"Content-Type": FORM, "Sec-Fetch-Site": "same-site"},
        "answer=received&csrf=",
        "token",
    ),
    "text that looks like a form": ({"Content-Type": "text/plain"}, "csrf=&answer=received", ""),
    "JSON": ({"Content-Type": "application/json"}, '{"answer": "received"}', ""),
    "parts without a token": (
        {"Content-Type": "multipart/form-data; boundary=x"},
        '--x\r\nContent-Disposition: form-data; name="answer"\r\n\r\nreceived\r\n--x--\r\n',
        "",
    ),
    "nothing": ({}, "", ""),
}


@pytest.mark.parametrize("how", _FORGED)
async def test_a_forged_form_is_obeyed(county: County, how: str) -> None:
    """Another site's page sends a form along with the officer's cookie: no act of the table must take it."""
    headers, body, with_token = _FORGED[how]
    taken = []
    async with everybody(county) as browsers:
        for page in ACTS:
            browser = browsers[role_of(page)]
            data = body + browser.csrf if with_token else body
            shown = await browser.ask(page.method, address(page), data=data.encode(), headers=headers)
            # A file that is streamed: its form is shown again, and nothing of what came was read.
            if shown.status != (422 if page.streams and "parts" in how else 403):
                taken.append((named(page), shown.status))
    assert taken == []


async def test_the_token_of_another_session_opens_anything(county: County) -> None:
    """An officer's own token in a form that somebody else sends along with their cookie."""
    taken = []
    async with everybody(county) as browsers:
        for page in ACTS:
            shown = await browsers[role_of(page)].ask(
                page.method, address(page), data=b"csrf=of-another-session", headers={"Content-Type": FORM}
            )
            if shown.status != 403:
                taken.append(named(page))
    assert taken == []


async def test_whoever_is_not_let_in_logs_somebody_in(county: County) -> None:
    """Pages without a session: their forms are held to the browser that was shown them."""
    taken = []
    async with visiting(county, Role.DUTY) as browser:
        for page in OPEN_PAGES:
            if page.method == "GET" or page.of_session:
                continue
            browser.session.cookie_jar.clear()
            shown = await browser.ask(page.method, page.path, data={"csrf": "guessed", "officer": "duty-a"})
            foreign = await browser.ask(page.method, page.path, data={"officer": "duty-a"}, headers={"Origin": FOREIGN})
            if (shown.status, foreign.status) != (403, 403):
                taken.append((page.name, shown.status, foreign.status))
    assert taken == []


# -- foreign sockets -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": FOREIGN}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://127.0.0.1"}],
)
async def test_a_foreign_page_listens(browser: Browser, headers: dict[str, str]) -> None:
    """A WebSocket is opened from any page, and the browser sends the cookie along: it must name our origin."""
    if "Sec-Fetch-Site" in headers:
        headers = headers | {"Origin": f"http://127.0.0.1:{browser.port}"}
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await browser.session.ws_connect("/live", headers=headers)
    assert caught.value.status == 403


async def test_our_own_page_does_not_listen(browser: Browser) -> None:
    """What keeps others out must let ours in; without a session it ends at once, and says why."""
    own = {"Origin": f"http://127.0.0.1:{browser.port}"}
    async with browser.session.ws_connect("/live?after=0", headers=own) as socket:
        assert json.loads(await socket.receive_str(timeout=5))["event"]["level"] == 1
    browser.session.cookie_jar.clear()
    async with browser.session.ws_connect("/live", headers=own) as socket:
        assert (await socket.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE
        assert socket.close_code == 4401


# -- ways elsewhere --------------------------------------------------------------------------------------------------

_AWAY: Final = (
    "https://elsewhere.example/",
    "//elsewhere.example",
    "/\\elsewhere.example",
    "\\\\elsewhere.example",
    "javascript:alert(1)",
    "/%0d%0aSet-Cookie: a=b",
    "/ok\r\nSet-Cookie: a=b",
    "https:elsewhere.example",
    "\t//elsewhere.example",
)


def is_here(location: str) -> bool:
    """Tell whether a browser would stay at our site."""
    parts = urlsplit(location)
    is_path = location.startswith("/") and not location.startswith(("//", "/\\"))
    return is_path and not parts.scheme and not parts.netloc and not {"\r", "\n"} & set(location)


@pytest.mark.parametrize("target", _AWAY)
async def test_a_form_leads_to_another_site(county: County, target: str) -> None:
    """Every field that could name a way back, in every act: whoever sent the link must not choose where it ends."""
    away = []
    names = ("back", "next", "to", "return", "location", "path", "url")
    async with everybody(county) as browsers:
        for page in ACTS:
            browser = browsers[role_of(page)]
            data = aiohttp.FormData([("csrf", browser.csrf), *((name, target) for name in names)])()
            shown = await browser.ask(page.method, address(page), data=data)
            if shown.location and not is_here(shown.location):
                away.append((named(page), shown.location))
    assert away == []


@pytest.mark.parametrize("target", _AWAY)
async def test_the_log_in_leads_to_another_site(browser: Browser, target: str) -> None:
    """``next`` is made of where somebody came from, and taken from an address that anybody may have written."""
    assert own_path(target) == "" or is_here(own_path(target))
    browser.session.cookie_jar.clear()
    shown = await browser.ask("GET", "/inbox", params={"q": target})
    assert is_here(shown.location)
    assert is_here(unquote(shown.location.partition("next=")[2]) or "/")
    form = await browser.get("/login", params={"next": target})
    assert "elsewhere.example" not in form.text


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/..%2f..%2fapp.py",
        "/static/%2e%2e/%2e%2e/app.py",
        "/static/..%5c..%5capp.py",
        "/static//etc/passwd",
        "/static/%00",
        "/static/app.css",
        "/static/",
        "/static/%2fetc%2fpasswd",
        "/events/../../etc/passwd",
        "/events/%2e%2e%2f/content",
    ],
)
async def test_an_address_leads_out_of_its_folder(browser: Browser, path: str) -> None:
    """Nothing but the files by their digests exists below /static, and nothing but ids below the rest."""
    reader, writer = await asyncio.open_connection("127.0.0.1", browser.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: sihu=x\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"root:" not in answer
    assert b"import" not in answer


# -- files -----------------------------------------------------------------------------------------------------------

_PAGE: Final = b"<!doctype html><script>document.title = 'owned'</script>" + b"<p>x</p>" * 3000
_NAMES: Final = ("方案.html", '"; filename=evil.html', "..%2f..%2fx.html", "a\u202egpj.html", "<img src=x>.pdf")


@pytest.mark.parametrize("name", _NAMES)
async def test_a_file_is_shown_as_a_page_of_ours(name: str) -> None:
    """A neighbour's file is HTML under a kind name: the browser must save it, and never run it at our address."""
    world = World()
    county = world[papers.HUANJIANG]
    rooms = FileRooms(county)
    upload = await rooms.uploaded(_PAGE)
    said = content_of(_PAGE) | {"name": name}
    try:
        posted = await county.send(file_draft(upload, _PAGE, content=said))
    except RequestError:
        assert name != _NAMES[0]  # such a name does not even travel
        return
    async with visiting(county, *WORKERS) as browser:
        shown = await browser.get(f"/events/{posted.envelope_id}/content")
        page = await browser.get(f"/events/{posted.envelope_id}")
    assert shown.status == 200
    assert shown.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''")
    assert not set(shown.headers["Content-Disposition"]) & set('"<>\\\r\n')
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    assert "script" not in shown.headers["Content-Security-Policy"].replace("default-src 'none'", "")
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert shown.headers["Content-Type"] != "text/html"
    assert "<img src=x>" not in page.text


# -- headers ---------------------------------------------------------------------------------------------------------


def _lacking(shown: Mapping[str, str], wanted: Mapping[str, str]) -> list[str]:
    return [name for name in wanted if name not in shown]


async def test_an_answer_lacks_its_headers(county: County) -> None:
    """Every page, to whoever asks: let in, refused, not logged in, and where there is nothing at all."""
    lacking = []
    async with everybody(county) as browsers, visiting(county, Role.DUTY) as stranger:
        stranger.session.cookie_jar.clear()
        for page in (*SHOWN, *ACTS):
            for browser in (browsers[role_of(page)], stranger):
                shown = await browser.ask(page.method, address(page))
                lacking += [(named(page), shown.status, one) for one in _lacking(shown.headers, HEADERS | _EVERYWHERE)]
    assert lacking == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/events/short", 404),
        ("GET", "/login", 303),
        ("DELETE", "/inbox", 405),
        ("GET", "/static/none.css", 404),
        ("GET", "/live", 403),
        ("POST", "/nowhere", 404),
    ],
)
async def test_an_address_that_is_none_answers_bare(browser: Browser, method: str, path: str, status: int) -> None:
    """An error page is a page of ours, too: with the same headers, and for people if a browser asks."""
    shown = await browser.ask(method, path, headers={"Accept": "text/html,*/*;q=0.8"})
    assert shown.status == status
    assert _lacking(shown.headers, HEADERS | {"X-Content-Type-Options": ""}) == []
    if status in {404, 405} and not path.startswith("/static"):
        assert shown.headers["Content-Type"] == "text/html; charset=utf-8"
        assert shown.has("<!doctype html>", "值班台")
    if status == 405:
        assert "GET" in shown.headers["Allow"]


async def test_the_api_answers_with_a_page(browser: Browser) -> None:
    """A program reads problems, whatever it says it accepts."""
    shown = await browser.get("/api/v1/nowhere", headers={"Accept": "text/html"})
    assert (shown.status, shown.headers["Content-Type"]) == (404, "application/problem+json")


async def test_a_cookie_can_be_taken(browser: Browser, county: County) -> None:
    """What is said behind an act must be readable by no script, and go to no other site."""
    async with visiting(county, Role.DUTY) as other:
        answer = await other.post("/notices/1/closing")
    for shown in (answer, await browser.get("/login")):
        for cookie in [value for name, value in shown.headers.items() if name == "Set-Cookie"]:
            assert "HttpOnly" in cookie
            assert "SameSite=" in cookie


# -- too much, and broken --------------------------------------------------------------------------------------------

_BROKEN: Final[Mapping[str, bytes]] = {
    "too many fields": b"&".join(b"a=1" for _ in range(4_100)),
    "too large": b"note=" + b"a" * 400_000,
    "no UTF-8": b"csrf=\xff\xfe&answer=received",
    "percent signs that are none": b"csrf=%zz&%%%=%",
    "half a character": b"answer=%ed%a0%80&csrf=",
    "NUL": b"answer=rec%00eived&csrf=",
    "a name of a kilometre": b"a" * 100_000 + b"=1",
    "equal signs": b"=" * 10_000,
    "a deep name": b"content" + b".a" * 20_000 + b"=1",
}


@pytest.mark.parametrize("how", _BROKEN)
async def test_a_broken_form_breaks_the_node(county: County, how: str) -> None:
    """Each act with a form that is too much or none: refused with a page, never an error of our own."""
    wrong = []
    async with everybody(county) as browsers:
        for page in ACTS:
            browser = browsers[role_of(page)]
            data = _BROKEN[how] + b"&csrf=" + browser.csrf.encode()
            shown = await browser.ask(page.method, address(page), data=data, headers={"Content-Type": FORM})
            if not 300 <= shown.status < 500:
                wrong.append((named(page), shown.status))
    assert wrong == []


_HOSTILE: Final = (
    b"Cookie: sihu=\xff\xfe\x80\r\n",
    b"Cookie: sihu=%ff; sihu-said=\xff\r\n",
    b"Cookie: sihu=a; sihu=b; =; ;;\r\n",
    b"X-Sihu-Csrf: \xff\xfe\r\n",
    b"Origin: \xff\r\n",
    b"Sec-Fetch-Site: \xe4\xbd\xa0\r\n",
    b"User-Agent: \xff\xff\r\nReferer: \xff\r\n",
    b"Accept: \xff/\xff\r\nAccept-Language: \xff\r\n",
    b"Content-Type: multipart/form-data; boundary=\xff\r\n",
    b"Content-Type: multipart/form-data\r\n",
    b"Content-Type: \xff\r\n",
    b"Range: bytes=\xff-\r\n",
    b"If-Match: \xff\r\nIdempotency-Key: \xff\r\n",
    b"X-Forwarded-For: \xff\r\nForwarded: \xff\r\n",
)
_TARGETS: Final = (
    b"/",
    b"/inbox?q=\xff&from=\xff",
    b"/\xff\xfe",
    b"/events/\xff",
    b"/login?next=\xff",
    b"/inbox?%ff=%ff",
    *(path.encode() for path in sorted({one.path for one in OPEN_PAGES})),
)


@pytest.mark.parametrize("target", _TARGETS)
@pytest.mark.parametrize("door", ["ours", "a test's"])
async def test_bytes_that_are_no_text_break_the_node(county: County, target: bytes, door: str) -> None:
    """Headers and addresses hold any byte: whatever they are taken for, the node answers and goes on."""
    real = at_the_door(county, house_of(county))
    async with real if door == "ours" else visiting(county, *WORKERS) as browser:
        cookie = f"Cookie: sihu={browser.secret or 'a' * 43}\r\n".encode()
        for method in (b"GET", b"POST"):
            for header in _HOSTILE:
                length = b"Content-Length: 0\r\n" if method == b"POST" else b""
                head = method + b" " + target + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
                own = b"" if header.startswith(b"Cookie") else cookie
                answer = await spoken(browser.port, head + own + header + length + b"\r\n")
                assert answer.startswith(b"HTTP/1."), (method, target, header)
                assert answer[9:10] != b"5", (method, target, header, answer[:200])


_BROKEN_FORMS: Final = (
    b"--x\r\nno header at all\r\n\r\n1\r\n--x--\r\n",
    b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n',
    b"--y\r\n",
    b"",
    (
        b'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\nCSRF\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="\xff\xfe.pdf"\r\n\r\nabc\r\n--x--\r\n'
    ),
    b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 200 + b"--x--\r\n",
)


@pytest.mark.parametrize("path", ["/files/new", "/audit/verification", "/roster/import"])
@pytest.mark.parametrize("body", _BROKEN_FORMS)
async def test_a_broken_form_with_a_file_breaks_the_node(county: County, path: str, body: bytes) -> None:
    """Every logged-in browser can send one: it is refused, and alerts go on."""
    async with visiting(county, Role.LIAISON) as browser:
        shown = await browser.get("/compose")
        token = re.findall(r'name="csrf" value="([^"]+)"', shown.text)[0].encode()
        head = {"Content-Type": "multipart/form-data; boundary=x", "X-Sihu-Csrf": token.decode()}
        answer = await browser.session.post(
            path, data=body.replace(b"CSRF", token), headers=head, allow_redirects=False
        )
        assert answer.status < 500
    assert county.crashes == []
