"""注册: from the invitation over the new password and the telephone to ten recovery codes, shown once."""

from typing import Final

from aiohttp import web

from schemas.consoles import PASSWORD_MAX, SECRET_MAX
from schemas.errors import Fault
from services.console.enrolling import Enrolled
from services.console.entering import csrf_of
from services.console.navigation import home_of
from services.console.pages.entrance import ENDED, login_path, refused
from services.console.threshold import OpenPage, OpenVisit
from services.domain.sessions import ENROLLING, WHOLE

_UNLIKE: Final = Fault("password.unlike", "again", "type the same password twice")
_GO_MAKE: Final = "make"


async def enrol(visit: OpenVisit) -> web.StreamResponse:
    """Ask for the invitation; a script reads it off the link, whose end no browser sends."""
    return visit.render("enrol.html", {"invitation": "", "invited": None})


async def take_invitation(visit: OpenVisit) -> web.StreamResponse:
    """Show whom an invitation is for; with a password, make the account."""
    door, secret = visit.hall.door.enrolling, _secret_of(visit.form.get("invitation"))
    invited = await door.invitation_of(secret)
    if isinstance(invited, Fault):
        return refused(visit, "enrol.html", {"invitation": "", "invited": None}, invited)
    values: dict[str, object] = {"invitation": secret, "invited": invited}
    if visit.form.get("go") != _GO_MAKE:
        return visit.render("enrol.html", values)
    new, again = _typed(visit, "password"), _typed(visit, "again")
    found = _UNLIKE if new != again else await door.enrol(secret, new, visit.came)
    if isinstance(found, Fault):
        return refused(visit, "enrol.html", values, found)
    if visit.secret:
        await visit.hall.door.entering.log_out(visit.secret)
    return visit.hold(visit.see_other("/enrol/second"), found.secret, ENROLLING)


async def telephone(visit: OpenVisit) -> web.StreamResponse:
    """Show what the authenticator app needs."""
    return await _telephone(visit, None)


async def confirm(visit: OpenVisit) -> web.StreamResponse:
    """Take the first one-time password, and show the recovery codes this once."""
    found = await visit.hall.door.enrolling.confirm(visit.secret, visit.form.get("code"), visit.came)
    if isinstance(found, Enrolled):
        visitor = await visit.hall.entrance.visitor_of(found.entered.secret)
        values = {
            "codes": found.recovery_codes,
            "officer": found.entered.officer,
            "home": home_of(visitor.roles if visitor else ()),
        }
        return visit.hold(visit.render("enrolled.html", values), found.entered.secret, WHOLE)
    return await _telephone(visit, found)


async def _telephone(visit: OpenVisit, fault: Fault | None) -> web.StreamResponse:
    enrolment = await visit.hall.door.enrolling.enrolment_of(visit.secret)
    if isinstance(enrolment, Fault):
        return visit.see_other(login_path(visit, "late" if enrolment.code == ENDED else "damaged"))
    values: dict[str, object] = {"enrolment": enrolment, "csrf_out": csrf_of(visit.secret)}
    return visit.render("telephone.html", values) if fault is None else refused(visit, "telephone.html", values, fault)


def _secret_of(text: str) -> str:
    """Return the invitation's secret, whether it came alone or with the link before it."""
    return text.rpartition("#")[2].strip()[:SECRET_MAX]


def _typed(visit: OpenVisit, name: str) -> str:
    return next(iter(visit.form.all(name)), "")[: PASSWORD_MAX + 1]


ENROL: Final = (
    OpenPage("GET", "/enrol", "enrol", "注册", enrol),
    OpenPage("POST", "/enrol", "take_invitation", "注册", take_invitation),
    OpenPage("GET", "/enrol/second", "telephone", "注册：绑定手机", telephone),
    OpenPage("POST", "/enrol/second", "confirm", "注册：绑定手机", confirm),
)
