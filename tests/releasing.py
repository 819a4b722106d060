"""Two officers of one county at its API: one drafts, the other approves and sends."""

from collections.abc import Mapping
from typing import Any, Final

from adapters.memory.signer import MemorySigner
from schemas.access import Scope
from schemas.officers import Role
from services.domain.encoding import to_base64url
from tests import papers
from tests.caller import Answer, Caller
from tests.world import County

SCOPES: Final = (Scope.EVENTS_READ, Scope.EVENTS_WRITE)
NAMES: Final = {"duty-a": "值班员甲", "duty-b": "值班员乙", "leader-a": "带班领导"}


def certify(county: County, officer: str, *roles: Role, key: str = "", **changes: Any) -> None:  # noqa: ANN401
    """Give an officer a credential in force, over a key of their own unless ``key`` names another's."""
    signer = MemorySigner(f"{county.code} {key or officer}")
    public, name = to_base64url(signer.public), NAMES.get(officer, officer)
    county.directory.credentials[officer] = papers.credential(
        county.code, officer=officer, display_name=name, roles=roles, public=public, **changes
    )


def officer_at(county: County, caller: Caller, officer: str, *roles: Role, token: str = "") -> Caller:
    """Return an officer at the same node as ``caller``, with a token; certified in these roles, if any are named."""
    if roles:
        certify(county, officer, *roles)
    return Caller(caller.session, county.let_in(token or officer, *SCOPES, officer=officer), caller.port)


async def drafted(author: Caller, draft: Mapping[str, Any]) -> dict[str, Any]:
    """Let an officer make a draft and hand it in; return it as shown."""
    begun = await author.post("/drafts", json=draft)
    assert begun.status == 201, begun.body
    waiting = await author.post(f"/drafts/{begun.body['draft']['id']}/submission")
    assert waiting.status == 200, waiting.body
    shown: dict[str, Any] = waiting.body
    return shown


async def approved(second: Caller, shown: Mapping[str, Any], *, send: bool = False) -> Answer:
    """Let another officer approve a draft as it was shown."""
    said = {"verdict": "approve", "digest": shown["digest"], "send": send}
    return await second.post(f"/drafts/{shown['draft']['id']}/review", json=said)


async def released(author: Caller, second: Caller, draft: Mapping[str, Any]) -> str:
    """Let one officer draft and another approve and send; return the envelope id."""
    answer = await approved(second, await drafted(author, draft), send=True)
    assert answer.status == 200, answer.body
    return str(answer.body["draft"]["event_id"])
