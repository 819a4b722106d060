"""进门: password, then the second factor; and out again."""

import math
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlencode

from aiohttp import web

from schemas.consoles import PASSWORD_MAX, Factor
from schemas.errors import Fault
from services.console.entering import Entered, HalfWay, csrf_of
from services.console.navigation import home_of
from services.console.threshold import OpenPage, OpenVisit, read_json, told, told_fault
from services.domain.sessions import ENROLLING, HALF, WHOLE

LOCKED: Final = "entering.locked"
ENDED: Final = "entering.no_session"


async def login(visit: OpenVisit) -> web.StreamResponse:
    """Show the form, or the way on to whoever has entered."""
    visitor = await visit.hall.entrance.visitor_of(visit.secret) if visit.secret else None
    if visitor is not None:
        return visit.see_other(visit.next_path or home_of(visitor.roles))
    is_new = not await visit.hall.door.accounts.is_any()
    return visit.render("login.html", {"officer": "", "is_new": is_new, "why": visit.request.query.get("why", "")})


async def check_password(visit: OpenVisit) -> web.StreamResponse:
    """Take the password; whatever session the browser had before is over."""
    officer, password = visit.form.get("officer").lower(), _as_typed(visit, "password")
    found = await visit.hall.door.entering.log_in(officer, password, visit.came)
    if isinstance(found, Fault):
        return refused(visit, "login.html", {"officer": officer, "is_new": False, "why": ""}, found)
    if visit.secret:
        await visit.hall.door.entering.log_out(visit.secret)
    if found.enrolling:
        return visit.hold(visit.see_other("/enrol/second"), found.secret, ENROLLING)
    return visit.hold(visit.see_other(_second_path(visit)), found.secret, HALF)


async def second(visit: OpenVisit) -> web.StreamResponse:
    """Ask for the second factor."""
    half = await visit.hall.door.entering.half_way(visit.secret) if visit.secret else None
    if half is None:
        return visit.see_other(login_path(visit))
    if half.enrolling:
        return visit.see_other("/enrol/second")
    return visit.render("second.html", _of_second(half))


async def check_second(visit: OpenVisit) -> web.StreamResponse:
    """Take a one-time password or a recovery code."""
    by_recovery, code = visit.form.get("by") == Factor.RECOVERY, visit.form.get("code")
    half = await visit.hall.door.entering.half_way(visit.secret)
    take = visit.hall.door.entering.by_recovery if by_recovery else visit.hall.door.entering.by_totp
    found = await take(visit.secret, code, visit.came)
    if isinstance(found, Entered):
        said = "by_recovery" if by_recovery else ""
        return visit.hold(visit.see_other(await _way_in(visit, found), said), found.secret, WHOLE)
    if half is None or found.code == ENDED:
        # The cookie stays: pressed twice, the first time may have let somebody in by it.
        return visit.see_other(login_path(visit, "late"))
    return refused(visit, "second.html", _of_second(half) | {"by_recovery": by_recovery}, found)


async def ask_key(visit: OpenVisit) -> web.StreamResponse:
    """Tell the script what to ask a security key."""
    found = await visit.hall.door.entering.begin_key(visit.secret)
    return told_fault(found) if isinstance(found, Fault) else told(found)


async def check_key(visit: OpenVisit) -> web.StreamResponse:
    """Take what the security key has answered."""
    answer = await read_json(visit.request)
    found = await visit.hall.door.entering.by_key(visit.secret, answer, visit.came)
    if isinstance(found, Fault):
        return told_fault(found)
    return visit.hold(told({"next": await _way_in(visit, found)}), found.secret, WHOLE)


async def logout(visit: OpenVisit) -> web.StreamResponse:
    """End the session, here and in the browser; a half one, too."""
    await visit.hall.door.entering.log_out(visit.secret)
    return visit.let_go(visit.see_other("/login", said="left"))


async def setup(visit: OpenVisit) -> web.StreamResponse:
    """Say how the first administrator gets in, until somebody has."""
    if await visit.hall.door.accounts.is_any():
        return visit.see_other("/login")
    return visit.render("setup.html", {})


def refused(visit: OpenVisit, template: str, values: dict[str, object], fault: Fault) -> web.Response:
    """Show a form again with what is wrong, and with the time to wait if it is locked."""
    now = visit.hall.desk.gateway.clock.now()
    if fault.code != LOCKED:
        return visit.render(template, values | {"faults": (fault,)}, 422)
    wait = seconds_to_wait(fault, now)
    response = visit.render(template, values | {"faults": (fault,), "minutes": -(-wait // 60)}, 429)
    response.headers["Retry-After"] = str(wait)
    return response


def seconds_to_wait(fault: Fault, now: datetime) -> int:
    """Return for how long attempts are refused, as the fault says."""
    until = datetime.fromisoformat(fault.mend.rpartition(" ")[2])
    return max(1, math.ceil((until - now).total_seconds()))


def _as_typed(visit: OpenVisit, name: str) -> str:
    """Return a password as it was typed: blanks at its ends belong to it."""
    return next(iter(visit.form.all(name)), "")[: PASSWORD_MAX + 1]


def _of_second(half: HalfWay) -> dict[str, object]:
    return {"half": half, "csrf_out": csrf_of(half.secret), "by_recovery": False}


async def _way_in(visit: OpenVisit, entered: Entered) -> str:
    visitor = await visit.hall.entrance.visitor_of(entered.secret)
    return visit.next_path or home_of(visitor.roles if visitor else ())


def _second_path(visit: OpenVisit) -> str:
    return f"/login/second?next={quote(visit.next_path)}" if visit.next_path else "/login/second"


def login_path(visit: OpenVisit, why: str = "") -> str:
    """Return where to begin again, with a word of ``SAID`` that tells why."""
    asked = {"why": why, "next": visit.next_path}
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"/login?{query}" if query else "/login"


ENTRANCE: Final = (
    OpenPage("GET", "/login", "login", "登录", login),
    OpenPage("POST", "/login", "check_password", "登录", check_password),
    OpenPage("GET", "/login/second", "second", "登录：第二步", second),
    OpenPage("POST", "/login/second", "check_second", "登录：第二步", check_second),
    OpenPage("POST", "/login/key/options", "ask_key", "安全密钥", ask_key),
    OpenPage("POST", "/login/key", "check_key", "安全密钥", check_key),
    OpenPage("POST", "/logout", "logout", "退出", logout, of_session=True),
    OpenPage("GET", "/setup", "setup", "首次使用", setup),
)
