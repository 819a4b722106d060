"""The part of the route table about agreements that are being made: drafts, signed copies, adoption, suspension."""

from typing import Annotated, Final, TypeVar

from aiohttp import web
from pydantic import Field

from schemas.access import Scope
from schemas.agreements import Agreement
from schemas.base import Model
from schemas.errors import RequestError
from schemas.ids import AgreementId
from services.gateway.agreement_answers import (
    AdoptedAgreement,
    AdoptionDraft,
    AgreementCopies,
    CollectedAgreement,
    DraftedAgreement,
    SuspendedAgreement,
    SuspensionPaper,
)
from services.gateway.api.calls import Call, reply
from services.gateway.api.route import BASE, Route
from services.gateway.bodies import read_body
from services.gateway.desk import Desk
from services.gateway.problems import Problem, status_of

M = TypeVar("M", bound=Model)
_ADOPTION: Final = (
    "agreement.digest_differs",
    "agreement.no_copy",
    "agreement.not_heard",
    "agreement.not_member",
    "agreement.not_party",
    "agreement.older",
    "agreement.role",
    "agreement.unsigned",
    "agreement.version_taken",
    "document.differs",
    "access.no_officer",
)
_SUSPENSION: Final = (
    "agreement.not_party",
    "agreement.older",
    "agreement.other",
    "agreement.role",
    "agreement.unsigned",
    "request.not_found",
    "access.no_officer",
)
_MISFIT: Final = 422


class AgreementPath(Model):
    """Which agreement."""

    id: Annotated[AgreementId, Field(description="Its id.")]


async def post_draft(desk: Desk, call: Call) -> web.StreamResponse:
    """Fix a draft as the document to be signed; nothing is kept."""
    return reply(desk.agreements.draft(call.body))


async def post_copies(desk: Desk, call: Call) -> web.StreamResponse:
    """Put signed copies together, and tell who has signed and what would change; nothing is kept."""
    given = _body(call, AgreementCopies)
    try:
        return reply(await desk.agreements.collect(given.copies))
    except RequestError as refusal:
        return _refused(refusal)


async def post_agreement(desk: Desk, call: Call) -> web.StreamResponse:
    """Put an agreement in force that every party has signed."""
    given = _body(call, AdoptionDraft)
    try:
        return reply(await desk.agreements.adopt(given.copies, given.digest, call.caller), 201)
    except RequestError as refusal:
        return _refused(refusal)


async def post_suspension(desk: Desk, call: Call) -> web.StreamResponse:
    """Let a suspension count that its party has signed."""
    agreement_id, given = call.path_as(AgreementPath).id, _body(call, SuspensionPaper)
    try:
        return reply(await desk.agreements.suspend(agreement_id, given.document, call.caller), 201)
    except RequestError as refusal:
        return _refused(refusal)


def _body(call: Call, model: type[M]) -> M:
    given = read_body(call.body, model, "request")
    if isinstance(given, tuple):
        raise RequestError(*given)
    return given


def _refused(refusal: RequestError) -> web.Response:
    """Answer what is wrong with a document as what is wrong with the body that it came in."""
    code = refusal.fault.code
    status = status_of(code)
    if code.startswith(("document.", "json.")) and code != "document.differs":
        status = _MISFIT
    return Problem(status, refusal.faults).response()


AGREEMENTS: Final = (
    Route(
        "POST",
        f"{BASE}/agreements/drafts",
        "draft_agreement",
        "Fix a draft as the document that every party signs, or say what is wrong with it; nothing is kept.",
        post_draft,
        Scope.EVENTS_READ,
        DraftedAgreement,
        body=Agreement,
        codes=("agreement.not_member", "agreement.older"),
    ),
    Route(
        "POST",
        f"{BASE}/agreements/copies",
        "collect_agreement",
        "Put signed copies of one agreement together: who has signed, and what it would change. Nothing is kept.",
        post_copies,
        Scope.EVENTS_READ,
        CollectedAgreement,
        body=AgreementCopies,
        codes=("agreement.no_copy", "document.differs"),
    ),
    Route(
        "POST",
        f"{BASE}/agreements",
        "adopt_agreement",
        "Put an agreement in force that every party has signed and whose digest was compared by telephone.",
        post_agreement,
        Scope.AGREEMENTS_WRITE,
        AdoptedAgreement,
        status=201,
        body=AdoptionDraft,
        codes=_ADOPTION,
    ),
    Route(
        "POST",
        f"{BASE}/agreements/{{id}}/suspensions",
        "suspend_agreement",
        "Let a suspension count that the party which steps out has signed: at once, and for itself alone.",
        post_suspension,
        Scope.AGREEMENTS_WRITE,
        SuspendedAgreement,
        status=201,
        path_model=AgreementPath,
        body=SuspensionPaper,
        codes=_SUSPENSION,
    ),
)
