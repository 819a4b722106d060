"""人员与会话: the administrator invites, resets, disables, changes roles, and ends sessions."""

from collections.abc import Mapping, Sequence
from typing import Final

from aiohttp import web

from schemas.errors import Fault, NotFoundError, RequestError
from schemas.officers import Role
from services.console.accounts import AccountLine
from services.console.enrolling import Invited
from services.console.navigation import KEEPERS
from services.console.pages.proving import doubted, has_keys, shown
from services.console.visit import Page, Visit

_OFFICER: Final = "{officer:[a-z0-9][a-z0-9-]{0,31}}"
_EMPTY: Final[Mapping[str, object]] = {"officer": "", "display_name": "", "roles": ()}
_NONE_SUCH: Final = Fault("account.unknown", "officer", "there is no account of this officer")


async def officers(visit: Visit) -> web.StreamResponse:
    """List accounts, open invitations, and everybody's sessions."""
    return await _officers(visit, _EMPTY)


async def invite(visit: Visit) -> web.StreamResponse:
    """Invite somebody, and show the link this once."""
    typed = {
        "officer": visit.form.get("officer").lower(),
        "display_name": visit.form.get("display_name"),
        "roles": _roles(visit),
    }
    made = await doubted(visit) or await visit.hall.door.enrolling.invite(
        visit.visitor, str(typed["officer"]), str(typed["display_name"]), _roles(visit)
    )
    return await _officers(visit, typed, [made]) if isinstance(made, Fault) else _shown_once(visit, made)


async def take_back(visit: Visit) -> web.StreamResponse:
    """Let an invitation count no more."""
    fault = await visit.hall.door.accounts.take_invitation_back(visit.visitor, visit.path("digest"))
    if fault is not None:
        return await _officers(visit, _EMPTY, [fault])
    return visit.see_other("/system/officers", said="invitation_withdrawn")


async def end_session(visit: Visit) -> web.StreamResponse:
    """End anybody's session."""
    fault = await visit.hall.door.accounts.revoke(visit.visitor, visit.path("name"))
    if fault is not None:
        return await _officers(visit, _EMPTY, [fault])
    return visit.see_other("/system/officers", said="session_ended")


async def officer(visit: Visit) -> web.StreamResponse:
    """Show one account, and what can be done with it."""
    return await _officer(visit)


async def change_roles(visit: Visit) -> web.StreamResponse:
    """Certify an officer anew with other roles or another name."""
    name, roles = visit.form.get("display_name"), _roles(visit)
    accounts = visit.hall.door.accounts
    fault = await doubted(visit) or await accounts.change_roles(visit.visitor, visit.path("officer"), name, roles)
    if fault is not None:
        return await _officer(visit, [fault], {"display_name": name, "roles": roles})
    return visit.see_other(_path(visit), said="roles_changed")


async def reset(visit: Visit) -> web.StreamResponse:
    """Lock an account out, and show the link that makes it anew, this once: password and second factor change by it."""
    await _account(visit)
    doubt = await doubted(visit, factor=True)
    made = doubt or await visit.hall.door.accounts.reset(visit.visitor, visit.path("officer"))
    return await _officer(visit, [made]) if isinstance(made, Fault) else _shown_once(visit, made)


async def disable(visit: Visit) -> web.StreamResponse:
    """Lock an officer out for good."""
    fault = await visit.hall.door.accounts.disable(visit.visitor, visit.path("officer"))
    return await _officer(visit, [fault]) if fault else visit.see_other(_path(visit), said="disabled")


def _roles(visit: Visit) -> tuple[Role, ...]:
    known = set(Role)
    return tuple(dict.fromkeys(Role(one) for one in visit.form.all("role") if one in known))


def _path(visit: Visit) -> str:
    return f"/system/officers/{visit.path('officer')}"


def _shown_once(visit: Visit, made: Invited) -> web.Response:
    origin = visit.hall.origin or f"{visit.request.scheme}://{visit.request.host}"
    return visit.render("invited.html", {"made": made, "link": f"{origin}{made.path}"})


async def _accounts(visit: Visit) -> list[AccountLine]:
    found = await visit.hall.door.accounts.accounts(visit.visitor)
    if isinstance(found, Fault):
        raise RequestError(found)
    return found


async def _account(visit: Visit) -> AccountLine:
    found = next((one for one in await _accounts(visit) if one.officer == visit.path("officer")), None)
    if found is None:
        raise NotFoundError(_NONE_SUCH)
    return found


async def _officers(visit: Visit, typed: Mapping[str, object], faults: Sequence[Fault] = ()) -> web.StreamResponse:
    invitations = await visit.hall.door.accounts.invitations(visit.visitor)
    if isinstance(invitations, Fault):
        raise RequestError(invitations)
    values = {
        "accounts": await _accounts(visit),
        "invitations": invitations,
        "sessions": await visit.hall.door.accounts.sessions(visit.visitor, of_all=True),
        "typed": typed,
        "all_roles": tuple(Role),
    }
    return shown(visit, "officers.html", values, faults)


async def _officer(
    visit: Visit, faults: Sequence[Fault] = (), typed: Mapping[str, object] | None = None
) -> web.StreamResponse:
    name, account = visit.path("officer"), await _account(visit)
    sessions = await visit.hall.door.accounts.sessions(visit.visitor, of_all=True)
    values = {
        "account": account,
        "is_own": name == visit.visitor.officer,
        "sessions": [one for one in sessions if one.officer == name],
        "typed": typed or {"display_name": account.display_name, "roles": account.roles},
        "has_keys": await has_keys(visit),
        "all_roles": tuple(Role),
    }
    return shown(visit, "officer.html", values, faults)


OFFICERS: Final = (
    Page("GET", "/system/officers", "officers", "人员与会话", officers, KEEPERS, "system"),
    Page("POST", "/system/officers", "invite", "邀请", invite, KEEPERS, "system", keeps_record=True),
    Page(
        "POST",
        "/system/invitations/{digest:[0-9a-f]{64}}/withdrawal",
        "take_invitation_back",
        "撤回邀请",
        take_back,
        KEEPERS,
        "system",
        keeps_record=True,
    ),
    Page(
        "POST",
        "/system/sessions/{name:[0-9a-f]{16}}/ending",
        "end_any_session",
        "结束登录",
        end_session,
        KEEPERS,
        "system",
        keeps_record=True,
    ),
    Page("GET", f"/system/officers/{_OFFICER}", "officer", "账号", officer, KEEPERS, "system"),
    Page(
        "POST",
        f"/system/officers/{_OFFICER}/roles",
        "change_roles",
        "更改角色",
        change_roles,
        KEEPERS,
        "system",
        keeps_record=True,
    ),
    Page(
        "POST",
        f"/system/officers/{_OFFICER}/reset",
        "reset_account",
        "重置账号",
        reset,
        KEEPERS,
        "system",
        keeps_record=True,
    ),
    Page(
        "POST",
        f"/system/officers/{_OFFICER}/disabling",
        "disable_account",
        "停用账号",
        disable,
        KEEPERS,
        "system",
        keeps_record=True,
    ),
)
