"""本人: who one is here, where one is logged in, and what one enters with."""

from collections.abc import Sequence
from typing import Final

from aiohttp import web

from schemas.consoles import KEYS_MAX, LABEL_MAX
from schemas.errors import Fault, NotFoundError
from services.console.navigation import EVERYBODY
from services.console.pages.proving import has_keys, proof_in, proof_told, shown
from services.console.threshold import read_json, told, told_fault
from services.console.visit import Page, Visit

_UNLIKE: Final = Fault("password.unlike", "again", "type the same password twice")
_NO_SUCH_KEY: Final = Fault("account.no_such_key", "key", "you have no such security key")


async def me(visit: Visit) -> web.StreamResponse:
    """Show everything of the visitor's own."""
    return await _me(visit)


async def change_password(visit: Visit) -> web.StreamResponse:
    """Take a new password; the own key stays."""
    new = visit.form.typed("new_password")
    fault: Fault | None = _UNLIKE
    if new == visit.form.typed("again"):
        accounts, old = visit.hall.door.accounts, visit.form.typed("password")
        fault = await accounts.change_password(visit.visitor, visit.secret, old, new, visit.came)
    return await _me(visit, [fault]) if fault else visit.see_other("/me", said="password_changed")


async def renew_recovery(visit: Visit) -> web.StreamResponse:
    """Show new recovery codes, this once."""
    accounts, proof = visit.hall.door.accounts, proof_in(visit)
    found = await accounts.renew_recovery(visit.visitor, visit.secret, proof, visit.came)
    if isinstance(found, Fault):
        return await _me(visit, [found])
    return visit.render("recovery.html", {"codes": found})


async def end_session(visit: Visit) -> web.StreamResponse:
    """End one of the visitor's sessions."""
    fault = await visit.hall.door.accounts.revoke(visit.visitor, visit.path("name"))
    return await _me(visit, [fault]) if fault else visit.see_other("/me", said="session_ended")


async def ask_key(visit: Visit) -> web.StreamResponse:
    """Tell the script what to ask a new security key, once the officer has proved who is there."""
    proof = proof_told(await read_json(visit.request))
    found = await visit.hall.door.accounts.begin_key(visit.visitor, visit.secret, proof, visit.came)
    return told_fault(found) if isinstance(found, Fault) else told(found)


async def add_key(visit: Visit) -> web.StreamResponse:
    """Register the security key that has answered."""
    sent = await read_json(visit.request)
    label, answer = sent.get("label"), sent.get("answer")
    if not isinstance(answer, dict):
        answer = {}
    found = await visit.hall.door.accounts.add_key(
        visit.visitor, visit.secret, label if isinstance(label, str) else "", answer
    )
    return told_fault(found) if isinstance(found, Fault) else told({"label": found.label}, 201)


async def key(visit: Visit) -> web.StreamResponse:
    """Show one security key, and ask before it is taken away."""
    return await _key(visit)


async def drop_key(visit: Visit) -> web.StreamResponse:
    """Take a security key away."""
    accounts, proof = visit.hall.door.accounts, proof_in(visit)
    fault = await accounts.drop_key(visit.visitor, visit.secret, visit.path("key"), proof, visit.came)
    if fault is None:
        return visit.see_other("/me", said="key_dropped")
    return await _me(visit, [fault]) if fault.code == _NO_SUCH_KEY.code else await _key(visit, [fault])


async def _key(visit: Visit, faults: Sequence[Fault] = ()) -> web.StreamResponse:
    held = await visit.hall.door.accounts.security_keys(visit.visitor)
    found = next((one for one in held if one.credential_id == visit.path("key")), None)
    if found is None:
        raise NotFoundError(_NO_SUCH_KEY)
    return shown(visit, "key.html", {"key": found, "has_keys": True}, faults)


async def _me(visit: Visit, faults: Sequence[Fault] = ()) -> web.StreamResponse:
    accounts, visitor = visit.hall.door.accounts, visit.visitor
    values = {
        "account": await accounts.own(visitor),
        "sessions": await accounts.sessions(visitor),
        "keys": await accounts.security_keys(visitor),
        "has_keys": await has_keys(visit),
        "keys_max": KEYS_MAX,
        "label_max": LABEL_MAX,
    }
    return shown(visit, "me.html", values, faults)


ME: Final = (
    Page("GET", "/me", "me", "本人", me, EVERYBODY),
    Page("POST", "/me/password", "change_password", "更换密码", change_password, EVERYBODY, keeps_record=True),
    Page("POST", "/me/recovery", "renew_recovery", "更换恢复码", renew_recovery, EVERYBODY, keeps_record=True),
    Page(
        "POST",
        "/me/sessions/{name:[0-9a-f]{16}}/ending",
        "end_session",
        "结束登录",
        end_session,
        EVERYBODY,
        keeps_record=True,
    ),
    Page("POST", "/me/keys/options", "ask_new_key", "登记安全密钥", ask_key, EVERYBODY, keeps_record=True),
    Page("POST", "/me/keys", "add_key", "登记安全密钥", add_key, EVERYBODY, keeps_record=True),
    Page("GET", "/me/keys/{key:[0-9a-f]{2,2046}}", "own_key", "安全密钥", key, EVERYBODY),
    Page(
        "POST",
        "/me/keys/{key:[0-9a-f]{2,2046}}/removal",
        "drop_key",
        "移除安全密钥",
        drop_key,
        EVERYBODY,
        keeps_record=True,
    ),
)
