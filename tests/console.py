"""Visit a county's console in one process: pages over a real socket, as an officer who is logged in."""

import re
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import aiohttp

from schemas.access import Access
from schemas.officers import Role
from services.bootstrap.console import console_mount
from services.console.visitor import Visitor
from services.domain.encoding import digest_of
from services.domain.roles import scopes_of
from services.gateway.app import serving
from tests import papers
from tests.world import OFFICER, County

_CSRF: Final = "the-token-of-this-session"


@dataclass
class OpenEntrance:
    """Satisfies ``services.console.visitor.Entrance``: whoever a test let in, by the secret of the cookie."""

    county: str
    visitors: dict[str, Visitor] = field(default_factory=dict)

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

    async def visitor_of(self, secret: str) -> Visitor | None:
        """Return whose session it is."""
        return self.visitors.get(secret)

    async def signed(self, secret: str, message: bytes) -> bytes | None:
        """Sign as the officer of the papers."""
        if secret not in self.visitors:
            return None
        return papers.officer_key(self.county).sign(message)


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

    def __init__(self, session: aiohttp.ClientSession, port: int) -> None:
        """Borrow an open session, whose cookie is set."""
        self.session, self.port = session, port

    async def get(self, path: str, **how: object) -> Shown:
        """Open a page; redirects are shown, not followed."""
        return await self.ask("GET", path, **how)

    async def post(self, path: str, fields: Iterable[tuple[str, str]] | Mapping[str, str] = (), **how: object) -> Shown:
        """Send a form with the token that its page would hold."""
        pairs = [("csrf", _CSRF), *(fields.items() if isinstance(fields, Mapping) else fields)]
        return await self.ask("POST", path, data=aiohttp.FormData(pairs)(), **how)

    csrf: Final = _CSRF
    """What the forms of this session hold."""

    async def ask(self, method: str, path: str, **how: object) -> Shown:
        """Send anything."""
        async with self.session.request(method, path, allow_redirects=False, **how) as reply:  # type: ignore[arg-type]
            return Shown(reply.status, reply.headers.copy(), await reply.text())


@asynccontextmanager
async def visiting(county: County, *roles: Role, officer: str = OFFICER) -> AsyncIterator[Browser]:
    """Serve a county's console and visit it as an officer with these roles."""
    entrance = OpenEntrance(county.code)
    secret = entrance.let_in(*roles, officer=officer)
    mount = console_mount(county.code, entrance, county.clock.now)
    async with (
        serving(county.gateway(), host="127.0.0.1", port=0, mounts=(mount,)) as port,
        aiohttp.ClientSession(
            f"http://127.0.0.1:{port}", cookies={"sihu": secret}, cookie_jar=aiohttp.CookieJar(unsafe=True)
        ) as session,
    ):
        yield Browser(session, port)


def links_in(text: str) -> list[str]:
    """Return every address that a page links to."""
    return re.findall(r'href="([^"]+)"', text)
