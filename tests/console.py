"""Visit a county's console in one process: pages over a real socket, as an officer who is logged in."""

import re
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import aiohttp
from yarl import URL

from adapters.memory.signer import MemorySigner
from schemas.access import Access
from schemas.officers import Role
from services.bootstrap.console import console_mount
from services.console.visitor import Visitor
from services.domain.encoding import digest_of
from services.domain.roles import scopes_of
from services.gateway.app import serving
from tests import papers
from tests.entering import PASSWORD, House, Officer
from tests.world import OFFICER, County

_CSRF: Final = "the-token-of-this-session"
_TOKEN: Final = re.compile(r'data-csrf="([^"]+)"')


@dataclass
class OpenEntrance:
    """Satisfies ``services.console.visitor.Entrance``: whoever a test let in, by the secret of the cookie."""

    county: str
    visitors: dict[str, Visitor] = field(default_factory=dict)
    key: MemorySigner | None = None
    """What a session of any other officer than that of the papers opens; None opens none."""

    def let_in(self, *roles: Role, officer: str = OFFICER, name: str = "值班员甲") -> str:
        """Log an officer in and return the cookie's secret."""
        secret = f"{officer}-{'-'.join(roles)}"
        access = Access(
            name=f"console-{officer}",
            digest=digest_of(secret.encode()),
            scopes=scopes_of(roles),
            officer=officer,
            issued_at=papers.LONG_AGO,
            expires_at=papers.FAR_AHEAD,
        )
        self.visitors[secret] = Visitor(officer, name, frozenset(roles), access, _CSRF)
        return secret

    async def visitor_of(self, secret: str, *, at_work: bool = True) -> Visitor | None:  # noqa: ARG002 - it never ends
        """Return whose session it is."""
        return self.visitors.get(secret)

    async def signed(self, secret: str, message: bytes) -> bytes | None:
        """Sign as the officer whose session it is."""
        visitor = self.visitors.get(secret)
        if visitor is None:
            return None
        key = papers.officer_key(self.county) if visitor.officer == OFFICER else self.key
        return None if key is None else key.sign(message)


@dataclass(frozen=True, slots=True)
class Shown:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def location(self) -> str:
        """Where the browser is sent on to."""
        return self.headers.get("Location", "")

    @property
    def forms(self) -> list[str]:
        """Where its forms that change something go."""
        return re.findall(r'<form[^>]*method="post"[^>]*action="([^"]*)"', self.text)

    def has(self, *texts: str) -> bool:
        """Tell whether every one of these texts stands in the page."""
        return all(one in self.text for one in texts)


class Browser:
    """One officer's browser without script."""

    def __init__(self, session: aiohttp.ClientSession, port: int, csrf: str = _CSRF) -> None:
        """Borrow an open session, whose cookie is set; an empty token is learnt from each page."""
        self.session, self.port = session, port
        self.csrf, self._learns = csrf, not csrf

    async def get(self, path: str, **how: object) -> Shown:
        """Open a page; redirects are shown, not followed."""
        return await self.ask("GET", path, **how)

    async def post(self, path: str, fields: Iterable[tuple[str, str]] | Mapping[str, str] = (), **how: object) -> Shown:
        """Send a form with the token that its page would hold."""
        pairs = [("csrf", self.csrf), *(fields.items() if isinstance(fields, Mapping) else fields)]
        return await self.ask("POST", path, data=aiohttp.FormData(pairs)(), **how)

    async def ask(self, method: str, path: str, **how: object) -> Shown:
        """Send anything."""
        async with self.session.request(method, path, allow_redirects=False, **how) as reply:  # type: ignore[arg-type]
            shown = Shown(reply.status, reply.headers.copy(), await reply.text())
        token = _TOKEN.search(shown.text) if self._learns else None
        if token is not None:
            self.csrf = token[1]
        return shown

    @property
    def secret(self) -> str:
        """What the cookie of the session holds; empty if there is none."""
        return next((one.value for one in self.session.cookie_jar if one.key == "sihu"), "")

    def plant(self, secret: str) -> None:
        """Put a session's secret into the cookie."""
        self.session.cookie_jar.update_cookies({"sihu": secret}, URL(f"http://127.0.0.1:{self.port}"))

    async def log_in(self, officer: Officer, password: str = PASSWORD) -> Shown:
        """Show both factors by the forms; return what the last one answers."""
        await self.get("/login")
        await self.post("/login", {"officer": officer.name, "password": password})
        await self.get("/login/second")
        answer = await self.post("/login/second", {"by": "totp", "code": officer.telephone.code()})
        if answer.location:
            await self.get(answer.location)
        return answer


@asynccontextmanager
async def visiting(
    county: County, *roles: Role, officer: str = OFFICER, key: MemorySigner | None = None
) -> AsyncIterator[Browser]:
    """Serve a county's console and visit it as an officer with these roles, whose session opens a key or none."""
    entrance = OpenEntrance(county.code, key=key)
    secret = entrance.let_in(*roles, officer=officer)
    mount = console_mount(county.code, house_of(county).door, county.clock.now, entrance=entrance)
    async with (
        serving(county.gateway(), host="127.0.0.1", port=0, mounts=(mount,)) as port,
        aiohttp.ClientSession(
            f"http://127.0.0.1:{port}", cookies={"sihu": secret}, cookie_jar=aiohttp.CookieJar(unsafe=True)
        ) as session,
    ):
        yield Browser(session, port)


@asynccontextmanager
async def everybody(county: County) -> AsyncIterator[dict[Role, Browser]]:
    """Visit a county's console once as each role."""
    async with AsyncExitStack() as stack:
        yield {role: await stack.enter_async_context(visiting(county, role)) for role in Role}


def house_of(county: County, **how: str) -> House:
    """Return a county's door with cheap passwords: over its store, its clock and its credentials."""
    return House(county.store, county.clock, county.directory, county.code, **how)


@asynccontextmanager
async def at_the_door(
    county: County, house: House, origin: str = "", *, forwarded: bool = False
) -> AsyncIterator[Browser]:
    """Serve a county's console and stand before it with a browser that nobody has logged in with."""
    async with console_of(county, house, origin, forwarded=forwarded) as port, browser_at(port) as browser:
        yield browser


@asynccontextmanager
async def console_of(county: County, house: House, origin: str = "", *, forwarded: bool = False) -> AsyncIterator[int]:
    """Serve a county's console as a node does; for several browsers."""
    mount = console_mount(county.code, house.door, county.clock.now, origin, forwarded=forwarded)
    async with serving(county.gateway(), host="127.0.0.1", port=0, mounts=(mount,)) as port:
        yield port


@asynccontextmanager
async def browser_at(port: int) -> AsyncIterator[Browser]:
    """Open one more browser."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", cookie_jar=jar) as session:
        yield Browser(session, port, csrf="")


@asynccontextmanager
async def entered(county: County, *roles: Role, officer: str = OFFICER) -> AsyncIterator[Browser]:
    """Visit a county's console as an officer who has enrolled and logged in with password and telephone."""
    house = house_of(county)
    who = await house.enrolled(officer, *roles)
    async with at_the_door(county, house) as browser:
        answer = await browser.log_in(who)
        assert answer.status == 303, answer.text
        yield browser


def links_in(text: str) -> list[str]:
    """Return every address that a page links to."""
    return re.findall(r'href="([^"]+)"', text)
