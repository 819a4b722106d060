"""通知与静音: who is told of what until somebody takes it, silences, and drills of this county's own people."""

from typing import Final

from aiohttp import web

from schemas.errors import Fault, RequestError
from services.console.asking import may_ask
from services.console.navigation import ANSWERERS, EVERYBODY
from services.console.visit import Page, Visit
from services.domain.escalation_words import CHANGES, HOLDS, STATES
from services.gateway.paging_answers import EscalationList, SilenceLine, SilenceList, Timeline
from services.gateway.standing import AlertList

_MOST: Final = 100
_KEY: Final = "{key:[0-9a-f]{64}|(?:drill|test)-[0-9a-f]{16}}"
_NUMBER: Final = "{number:[0-9]{1,16}}"
_ID_LENGTH: Final = 64
_MINUTES: Final = (5, 10, 15, 30, 60, 120)
_DIGITS: Final = 6


async def escalations(visit: Visit) -> web.StreamResponse:
    """List what is being told, silences in force, and where a drill is begun."""
    return await _listed(visit)


async def _listed(visit: Visit, faults: tuple[Fault, ...] = ()) -> web.StreamResponse:
    every = visit.query("all") == "true"
    query = {"open": not every, "limit": _MOST}
    found = (await visit.api.ask("list_escalations", EscalationList, query=query)).escalations
    alerts = (await visit.api.ask("list_alerts", AlertList, query={"limit": _MOST})).alerts
    values = {
        "found": found,
        "titles": {one.event.envelope_id: one.event.headline for one in alerts},
        "every": every,
        "states": STATES,
        "holds": HOLDS,
        "silences": (await visit.api.ask("list_silences", SilenceList)).silences,
        "may_end": _may_silence(visit),
        "faults": faults,
    }
    return visit.render("escalations.html", values, 422 if faults else 200)


def _may_silence(visit: Visit) -> bool:
    return may_ask(visit.visitor.access, "order_silence") and visit.visitor.is_any(ANSWERERS)


async def escalation(visit: Visit) -> web.StreamResponse:
    """Show everything that was done to have one event answered."""
    return await _timeline(visit)


async def _timeline(visit: Visit, faults: tuple[Fault, ...] = ()) -> web.StreamResponse:
    key = visit.path("key")
    values = {
        "timeline": await visit.api.ask("show_timeline", Timeline, path={"id": key}),
        "key": key,
        "has_event": len(key) == _ID_LENGTH,
        "states": STATES,
        "holds": HOLDS,
        "changes": CHANGES,
        "minutes": _MINUTES,
        "may_silence": _may_silence(visit),
        "typed": {name: visit.form.get(name) for name in ("minutes", "reason")},
        "faults": faults,
    }
    return visit.render("escalation.html", values, 422 if faults else 200)


async def silence(visit: Visit) -> web.StreamResponse:
    """Order that nobody is told for a while."""
    minutes = visit.form.get("minutes")
    whole = int(minutes) if minutes.isascii() and minutes.isdigit() and len(minutes) < _DIGITS else 0
    body = {"minutes": whole, "reason": visit.form.get("reason")}
    try:
        await visit.api.ask("order_silence", SilenceLine, path={"id": visit.path("key")}, body=body)
    except RequestError as refusal:
        return await _timeline(visit, refusal.faults)
    return visit.see_other(f"/system/escalations/{visit.path('key')}", said="silenced")


async def end_silence(visit: Visit) -> web.StreamResponse:
    """End a silence now."""
    await visit.api.ask("end_silence", SilenceList, path={"number": visit.path("number")})
    return visit.see_other("/system/escalations", said="silence_ended")


TELLING: Final = (
    Page("GET", "/system/escalations", "escalations", "通知与静音", escalations, EVERYBODY, "system"),
    Page("GET", f"/system/escalations/{_KEY}", "escalation", "通知经过", escalation, EVERYBODY, "system"),
    Page("POST", f"/system/escalations/{_KEY}/silence", "silence", "静音", silence, ANSWERERS, "system"),
    Page("POST", f"/system/silences/{_NUMBER}/ending", "end_silence", "结束静音", end_silence, ANSWERERS, "system"),
)
