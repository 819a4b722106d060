"""Two officers of one county at its API: one drafts, the other approves and sends."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from adapters.memory.signer import MemorySigner
from schemas.access import Scope
from schemas.officers import Role
from schemas.statements import ReleaseStatement, ReleaseVerdict, SignedStatement
from services.domain.encoding import to_base64url
from services.domain.release_signing import statement_bytes
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


def own_of(
    at: County,
    officer: str,
    verdict: ReleaseVerdict,
    subject: str,
    *,
    key: str = "",
    signed_at: datetime | None = None,
    **changes: Any,  # noqa: ANN401
) -> dict[str, Any]:
    """What an officer signs with the key that ``certify`` gave them, as JSON; ``key`` signs as another one."""
    said = ReleaseStatement(
        county=at.code,
        officer=officer,
        verdict=verdict,
        subject=subject,
        signed_at=signed_at or at.clock.now(),
    ).model_copy(update=changes)
    signature = MemorySigner(f"{at.code} {key or officer}").sign(statement_bytes(said))
    return SignedStatement(statement=said, signature=to_base64url(signature)).model_dump(mode="json", exclude_none=True)


async def handed_in(
    county: County, author: Caller, draft: Mapping[str, Any], officer: str = "duty-a"
) -> dict[str, Any]:
    """Let an officer make a draft and hand it in with a signature of the officer's own; return it as shown."""
    begun = (await author.post("/drafts", json=draft)).body
    own = own_of(county, officer, ReleaseVerdict.DRAFTED, begun["terms"], acknowledge_by=_deadline(begun))
    answer = await author.post(f"/drafts/{begun['draft']['id']}/submission", json={"own": own})
    assert answer.status == 200, answer.body
    shown: dict[str, Any] = answer.body
    return shown


async def signed(
    county: County, second: Caller, shown: Mapping[str, Any], officer: str = "duty-b", *, send: bool = False
) -> Answer:
    """Let another officer approve a draft as it was shown, with a signature of the officer's own."""
    own = own_of(county, officer, ReleaseVerdict.APPROVED, shown["terms"], acknowledge_by=_deadline(shown))
    said = {"verdict": "approve", "digest": shown["digest"], "send": send, "own": own}
    return await second.post(f"/drafts/{shown['draft']['id']}/review", json=said)


def _deadline(shown: Mapping[str, Any]) -> datetime | None:
    return datetime.fromisoformat(shown["acknowledge_by"]) if shown["acknowledge_by"] else None
