"""再证明是本人: what pages share whose acts ask again for the password, and for a second factor."""

import json
from collections.abc import Mapping, Sequence
from typing import Final

from aiohttp import web
from pydantic import JsonValue

from schemas.errors import Fault
from services.console.navigation import EVERYBODY
from services.console.pages.entrance import LOCKED, seconds_to_wait
from services.console.proving import Proof
from services.console.threshold import JSON_MAX_BYTES, told, told_fault
from services.console.visit import Page, Visit


async def ask_key(visit: Visit) -> web.StreamResponse:
    """Tell the script what to ask a security key that is registered already."""
    found = await visit.hall.door.proving.begin(visit.visitor, visit.secret)
    return told_fault(found) if isinstance(found, Fault) else told(found)


def proof_in(visit: Visit) -> Proof:
    """Read a proof off a form; an answer that is none proves nothing, and crashes nothing."""
    return Proof(visit.form.typed("password"), visit.form.get("code"), _answer(visit.form.get("key_answer")))


def proof_told(sent: Mapping[str, JsonValue]) -> Proof:
    """Read a proof off what a script has sent."""
    password, code, answer = sent.get("password"), sent.get("code"), sent.get("key_answer")
    return Proof(
        password if isinstance(password, str) else "",
        code if isinstance(code, str) else "",
        _answer(answer if isinstance(answer, str) else ""),
    )


async def doubted(visit: Visit, *, factor: bool = False) -> Fault | None:
    """Tell why the proof in a visit's form is not good, or None; what was shown is used up."""
    door, proof = visit.hall.door, proof_in(visit)
    found = await door.proving.judge(visit.visitor, visit.secret, proof, visit.came, factor=factor)
    return found if isinstance(found, Fault) else None


async def has_keys(visit: Visit) -> bool:
    """Tell whether the visitor may show a security key in place of a one-time password."""
    return bool(await visit.hall.door.accounts.security_keys(visit.visitor))


def shown(visit: Visit, template: str, values: Mapping[str, object], faults: Sequence[Fault]) -> web.Response:
    """Show a page with what is wrong, if anything; one that is locked says for how long, as the entrance does."""
    locked = next((one for one in faults if one.code == LOCKED), None)
    if locked is None:
        return visit.render(template, {**values, "faults": faults}, 422 if faults else 200)
    response = visit.render(template, {**values, "faults": faults}, 429)
    response.headers["Retry-After"] = str(seconds_to_wait(locked, visit.hall.desk.gateway.clock.now()))
    return response


def _answer(text: str) -> dict[str, JsonValue] | None:
    if not text:
        return None
    try:
        found = json.loads(text) if len(text) <= JSON_MAX_BYTES else None
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {}


PROVING: Final = (
    Page("POST", "/me/proof/options", "ask_proof", "再证明是本人", ask_key, EVERYBODY, keeps_record=True),
)
