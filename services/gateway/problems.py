"""Problem details after RFC 9457: which status and title a code has, and the body that says the mend.

The first word of a code is its family; a family has one status and one title, and a few codes have
a status of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from schemas.errors import ConflictError, Fault, NotFoundError, QuotaError, RequestError, SharingDeniedError
from services.gateway.answers import AnswerLine, FaultLine, ProblemBody

MEDIA_TYPE: Final = "application/problem+json"
URN: Final = "urn:sihu:problem:"
CHALLENGE: Final = 'Bearer realm="sihu"'

FAMILIES: Final[Mapping[str, tuple[int, str]]] = {
    "json": (400, "The body is not JSON of the strict profile"),
    "path": (400, "The address is malformed"),
    "query": (400, "A query parameter does not fit"),
    "http": (400, "The request does not fit HTTP as spoken here"),
    "access": (401, "The caller is not let in"),
    "officer": (403, "No valid officer credential stands behind this call"),
    "document": (403, "No valid officer credential stands behind this call"),
    "sharing": (403, "No agreement in force permits this"),
    "request": (422, "The request does not fit"),
    "event": (422, "The event does not fit the catalogue"),
    "alert": (422, "The alert does not fit those before it"),
    "thread": (409, "It does not fit what was said before it"),
    "campaign": (409, "It does not fit what was said of this campaign before"),
    "offer": (409, "It does not fit what was said of this offer before"),
    "project": (409, "It does not fit what was said of this project before"),
    "content": (422, "The content does not fit its type"),
    "guard": (422, "The content holds what must not travel"),
    "acknowledgement": (422, "The acknowledgement does not fit"),
    "encryption": (409, "The content cannot be encrypted to everybody it is for"),
    "paging": (404, "This node tells nobody"),
    "roster": (409, "The roster does not allow this"),
    "ics": (422, "The calendar file cannot be taken"),
    "silence": (409, "Nobody can be kept from being told so"),
    "call": (422, "The call cannot be put on record so"),
    "release": (409, "The draft does not take this step"),
    "erasure": (409, "The content cannot be erased"),
    "case": (422, "The case does not let this happen"),
    "notice": (409, "The notice cannot be closed"),
    "referral": (409, "The referral does not take this step"),
    "service": (409, "The request does not take this step"),
    "flow": (422, "No report can be made of this table"),
    "workbook": (422, "The workbook cannot be read"),
    "plan": (422, "The plan does not follow on the one before"),
    "drill": (422, "The drill does not fit its alerts"),
    "brief": (422, "The brief does not fit the ledger"),
    "draft": (422, "The draft does not fit"),
    "agreement": (409, "The agreement cannot be put in force so"),
    "evidence": (422, "No evidence can be made of this"),
    "file": (422, "The file does not go with the event"),
    "upload": (409, "The upload cannot go on so"),
    "cap": (422, "The CAP document does not fit"),
    "live": (409, "The stream cannot go on from there"),
    "sihu": (500, "This node has a fault of its own"),
    "node": (503, "The node is not ready"),
    "dependency": (503, "The node cannot accept this now"),
}
_OTHER: Final = (422, "The request does not fit")

STATUSES: Final[Mapping[str, int]] = {
    "json.too_large": 413,
    "http.not_found": 404,
    "http.method_not_allowed": 405,
    "http.media_type": 415,
    "http.content_encoding": 415,
    "http.upgrade_required": 426,
    "access.scope": 403,
    "release.second_officer": 403,
    "release.same_officer": 403,
    "release.role": 403,
    "release.not_author": 403,
    "release.type": 422,
    "release.other_statement": 422,
    "release.signature": 422,
    "release.signed_at": 422,
    "release.no_note": 422,
    "release.alone_not_needed": 422,
    "release.alone_bulletin": 403,
    "release.in_draft": 422,
    "release.not_ours": 422,
    "agreement.role": 403,
    "agreement.no_copy": 422,
    "agreement.not_heard": 422,
    "document.differs": 409,
    "access.no_officer": 403,
    "access.no_reason": 403,
    "access.role": 403,
    "request.not_found": 404,
    "request.idempotency_key": 400,
    "request.idempotency_conflict": 409,
    "case.not_found": 404,
    "case.no_agreement": 404,
    "case.late": 409,
    "case.link_split": 409,
    "case.entries_missing": 409,
    "notice.not_found": 404,
    "sharing.quota": 429,
    "roster.not_found": 404,
    "roster.unknown_record": 404,
    "roster.unknown_officer": 422,
    "roster.unknown_plan": 422,
    "roster.unknown_number": 422,
    "roster.changed": 412,
    "roster.no_version": 428,
    "ics.too_large": 413,
    "upload.not_found": 404,
    "upload.digest": 422,
    "upload.too_long": 422,
    "file.none": 404,
    "file.arriving": 409,
    "file.gone": 410,
    "http.range": 416,
    "cap.agreement": 400,
    "cap.off": 404,
    "cap.not_found": 404,
    "cap.unknown_reference": 404,
    "cap.no_answer_yet": 404,
    "cap.personal": 403,
    "cap.differs": 409,
    "cap.known": 409,
    "cap.overtaken": 409,
    "cap.erased": 410,
    "cap.too_large": 413,
    "referral.unknown": 404,
    "acknowledgement.already": 409,
    "acknowledgement.own_event": 409,
}


def family_of(code: str) -> tuple[int, str]:
    """Return status and title of a code's family."""
    return FAMILIES.get(code.partition(".")[0], _OTHER)


def status_of(code: str) -> int:
    """Return the HTTP status of a code."""
    return STATUSES.get(code, family_of(code)[0])


@dataclass(frozen=True, slots=True)
class Problem:
    """A refusal to be answered.

    Attributes:
        faults: What is wrong, the leading one first; never empty.
        headers: Added to the answer.
        answered: The answer that stands, with ``acknowledgement.already``.
    """

    status: int
    faults: tuple[Fault, ...]
    headers: Mapping[str, str] = field(default_factory=dict)
    answered: AnswerLine | None = None

    @property
    def code(self) -> str:
        """The leading fault's code."""
        return self.faults[0].code

    def body(self) -> ProblemBody:
        """Spell the problem details."""
        first = self.faults[0]
        return ProblemBody(
            type=URN + first.code,
            title=family_of(first.code)[1],
            status=self.status,
            detail=str(first),
            code=first.code,
            field=first.field,
            mend=first.mend,
            faults=tuple(FaultLine(code=one.code, field=one.field, mend=one.mend) for one in self.faults),
            answered=self.answered,
        )

    def response(self) -> web.Response:
        """Answer with the problem details."""
        data = self.body().model_dump_json(exclude_defaults=True).encode()
        return web.Response(body=data, status=self.status, content_type=MEDIA_TYPE, headers=dict(self.headers))


def problem_of(*faults: Fault) -> Problem:
    """Return the problem of faults alone; status and challenge follow from the leading code."""
    status = status_of(faults[0].code)
    headers = {"WWW-Authenticate": _challenge(faults[0])} if faults[0].code.startswith("access.") else {}
    return Problem(status, faults, headers)


def _challenge(fault: Fault) -> str:
    if fault.code == "access.missing":
        return CHALLENGE
    error = "insufficient_scope" if status_of(fault.code) == web.HTTPForbidden.status_code else "invalid_token"
    return f'{CHALLENGE}, error="{error}"'


def problem_of_error(error: RequestError) -> Problem:
    """Return the problem of a refused request: the error's family decides where its code has no status of its own."""
    code = error.fault.code
    if isinstance(error, QuotaError):
        return Problem(status_of(code), error.faults, {"Retry-After": str(error.retry_after_seconds)})
    if code not in STATUSES:
        if isinstance(error, ConflictError):
            return Problem(409, error.faults)
        if isinstance(error, NotFoundError):
            return Problem(404, error.faults)
        if isinstance(error, SharingDeniedError):
            return Problem(403, error.faults)
    return problem_of(*error.faults)


def unavailable(code: str, retry_after_seconds: int) -> Problem:
    """Return the 503 that asks the caller to come back; nothing of the request was kept."""
    fault = Fault(code, "", "nothing was stored; send the same request again after the time in Retry-After")
    return Problem(503, (fault,), {"Retry-After": str(retry_after_seconds)})


def own_fault() -> Problem:
    """Return the 500 of our own bug: it says nothing about our insides."""
    mend = "send it again with the same Idempotency-Key once the node is back; its log says what happened"
    return Problem(500, (Fault("sihu.invariant", "", mend),))


_ROUTER_FAULTS: Final[Mapping[int, Fault]] = {
    404: Fault("http.not_found", "path", "there is no such address; /api/v1/openapi.json lists them"),
    405: Fault("http.method_not_allowed", "method", "use one of the methods in Allow"),
    413: Fault("json.too_large", "body", "send at most 307200 bytes"),
}


def problem_of_router(error: web.HTTPException) -> Problem:
    """Translate what the HTTP library refused by itself."""
    fault = _ROUTER_FAULTS.get(error.status, Fault("http.bad_request", "", "send a well-formed HTTP request"))
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    return Problem(error.status, (fault,), headers)
