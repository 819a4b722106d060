"""Officers of the play who enter the console: each enrols over the forms of the running node, as a person would."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from schemas.errors import Fault, RequestError
from schemas.officers import Role
from services.bootstrap.client import FormClient, FormPage, open_forms
from services.domain.one_time import shown_code
from services.ports import Clock

_TOKEN: Final = re.compile(r'data-csrf="([0-9a-f]+)"')
_SECRET: Final = re.compile(r'data-secret="([A-Z2-7]+)"')
_CODE: Final = re.compile(r'data-code="([0-9A-Z-]+)"')
_SAID: Final = re.compile(r'role="alert"[^>]*><ul><li>([^<]*)<')
_SENT_ON: Final = 303


@dataclass(frozen=True, slots=True)
class Seat:
    """One officer of the play at a console."""

    officer: str
    display_name: str
    role: Role


SEATS: Final[Mapping[str, tuple[Seat, ...]]] = {
    "451226": (
        Seat("desk-duty", "值班员丙", Role.DUTY),
        Seat("desk-liaison", "联络员甲", Role.LIAISON),
        Seat("desk-reviewer", "审核员甲", Role.REVIEWER),
        Seat("desk-mediator", "调解员甲", Role.MEDIATOR),
        Seat("desk-auditor", "审计员甲", Role.AUDITOR),
        Seat("desk-admin", "管理员甲", Role.ADMINISTRATOR),
    ),
    "522722": (
        Seat("desk-duty", "值班员丙", Role.DUTY),
        Seat("desk-liaison", "联络员甲", Role.LIAISON),
    ),
}
"""Who sits at a console, by county: every role at 环江, and who answers at 荔波.

None of them is an officer who answers by key file in the play: whoever enrols has a new key from then on.
"""


@dataclass(frozen=True, slots=True)
class HandedOut:
    """What an officer takes home.

    Attributes:
        totp_secret: Base32, for an authenticator app.
        recovery_codes: Each counts once.
    """

    totp_secret: str = field(repr=False)
    recovery_codes: tuple[str, ...] = field(repr=False)


async def enrol(address: str, link: str, password: str, *, clock: Clock) -> HandedOut:
    """Make the account of an invitation on a running node, to the end.

    Args:
        address: Scheme, host and port of the node, e.g. ``http://127.0.0.1:8640``.
        link: As ``sihu officer invite`` prints it, or the secret alone.
        password: Of the new account.
        clock: Its time is the telephone's.

    Raises:
        RequestError: The node refuses a step; carries what its page says.
        UnavailableError: The node is not there.
    """
    secret = link.rpartition("#")[2]
    async with open_forms(address) as browser:
        first = _found(_TOKEN, await browser.get("/enrol"))
        fields = {"csrf": first, "invitation": secret, "password": password, "again": password, "go": "make"}
        await _sent(browser, "/enrol", fields)
        page = await browser.get("/enrol/second")
        totp = _found(_SECRET, page)
        code = shown_code(totp, clock.now())
        done = await browser.post("/enrol/second", {"csrf": _found(_TOKEN, page), "code": code})
        _found(_CODE, done)
        return HandedOut(totp, tuple(_CODE.findall(done.text)))


async def enrol_all(
    address: str, county: str, invite: Callable[[Seat], str], password: str, *, clock: Clock
) -> dict[Seat, HandedOut]:
    """Let everybody of a county enrol on its running node, one after another.

    Args:
        address: Of the node.
        county: One of ``SEATS``.
        invite: Runs ``sihu officer invite`` for a seat and returns the link.
        password: The same for all: it is a play.
        clock: Its time is the telephones'.

    Raises:
        RequestError: The node refuses a step; carries what its page says.
        UnavailableError: The node is not there.
    """
    return {seat: await enrol(address, invite(seat), password, clock=clock) for seat in SEATS[county]}


async def log_in(browser: FormClient, officer: str, password: str, code: str) -> None:
    """Log in with password and one-time password; the browser keeps the session.

    Raises:
        RequestError: The node refuses a step; carries what its page says.
        UnavailableError: The node is not there.
    """
    page = await browser.get("/login")
    await _sent(browser, "/login", {"csrf": _found(_TOKEN, page), "officer": officer, "password": password})
    page = await browser.get("/login/second")
    await _sent(browser, "/login/second", {"csrf": _found(_TOKEN, page), "by": "totp", "code": code})


async def _sent(browser: FormClient, path: str, fields: dict[str, str]) -> None:
    page = await browser.post(path, fields)
    if page.status != _SENT_ON:
        raise _refusal(page)


def _found(pattern: re.Pattern[str], page: FormPage) -> str:
    found = pattern.search(page.text)
    if found is None:
        raise _refusal(page)
    return found[1]


def _refusal(page: FormPage) -> RequestError:
    said = _SAID.search(page.text)
    return RequestError(Fault("console.refused", "", said[1] if said else f"the console answered {page.status}"))
