"""The node's API as the commands call it: bytes by a client, answers as the models that the API promises."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date
from typing import Final, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from schemas.custody import OpeningReason
from schemas.errors import Fault, NotFoundError, RequestError, UnavailableError
from schemas.records import Direction
from schemas.releases import DraftState
from services.bootstrap.client import open_client
from services.cli.desk import Desk
from services.domain.case_sheets import Paper
from services.gateway.answers import (
    Accepted,
    Acknowledged,
    CallLine,
    Erasure,
    EventDetail,
    EventPage,
    LiveMessage,
    NoticeLine,
    NoticeList,
    OpeningList,
    QuarantineList,
    Readiness,
    ReceiptList,
    UploadState,
)
from services.gateway.audit_answers import AuditList
from services.gateway.cap_answers import CapAnswerList, CapDocumentDetail, CapDocumentLine, CapDocumentList
from services.gateway.case_answers import CaseDetail, CaseList
from services.gateway.course_answers import CourseAccepted, ReferralDetail, ReferralList, ServiceDetail, ServiceList
from services.gateway.paging_answers import EscalationLine, EscalationList, ProviderList, SilenceLine, Timeline
from services.gateway.release_answers import DraftDetail, DraftList, ReleaseList
from services.gateway.search_answers import SearchPage
from services.gateway.thread_answers import LedgerAnswer, ThreadList

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

PAGE_MAX: Final = 200
_WHOLE_ID: Final = re.compile(r"[0-9a-f]{64}")
_THREAD: Final = re.compile(r"[0-9a-z@-]{1,80}")
_PART_OF_ID: Final = re.compile(r"[0-9a-f]{4,63}")
_PART_OF_NUMBER: Final = re.compile(r"[0-9a-f]{4,32}")


class ApiClient(Protocol):
    """One node's HTTP API: JSON bytes in and out."""

    async def get(self, path: str, params: Mapping[str, str] | None = None) -> bytes:
        """Return the JSON that stands at a path below ``/api/v1``.

        Raises:
            RequestError: The node refuses; carries its faults.
            UnavailableError: The node is not to be reached, or broken.
        """
        ...

    async def post(self, path: str, body: bytes, *, idempotency_key: str | None = None) -> bytes:
        """Send JSON and return the answer's JSON; the same key twice is carried out once."""
        ...

    async def patch(self, path: str, data: bytes, params: Mapping[str, str]) -> bytes:
        """Send bytes of a file and return the answer's JSON."""
        ...

    def download(self, path: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open a file for reading, piece by piece."""
        ...

    def live(self, after: int | None) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open the stream of changes behind ``after`` (None: from now on)."""
        ...


class Api:
    """The API by name: each method is one address."""

    def __init__(self, client: ApiClient) -> None:
        """Take an open client."""
        self._client = client

    async def send(self, draft: bytes, key: str) -> Accepted:
        """Send an event; the same key and draft again are the same event."""
        return _read(Accepted, await self._client.post("/events", draft, idempotency_key=key))

    async def begin_upload(self, draft: bytes) -> UploadState:
        """Announce a file."""
        return _read(UploadState, await self._client.post("/uploads", draft))

    async def upload(self, number: str) -> UploadState:
        """Return where an upload goes on."""
        return _read(UploadState, await self._client.get(f"/uploads/{number}"))

    async def continue_upload(self, number: str, data: bytes, offset: int) -> UploadState:
        """Send the next bytes of a file."""
        return _read(UploadState, await self._client.patch(f"/uploads/{number}", data, {"offset": str(offset)}))

    def download(
        self, envelope_id: str, why: OpeningReason | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open the file of an event; a personal one only with a reason, which is written down."""
        return self._client.download(f"/events/{envelope_id}/content" + (f"?why={why.value}" if why else ""))

    async def events(
        self, direction: Direction | None = None, wire_type: str | None = None, limit: int = 50
    ) -> EventPage:
        """Return the newest events, newest first."""
        params = {"newest": "true", "limit": str(min(limit, PAGE_MAX))}
        if direction is not None:
            params["direction"] = direction.value
        if wire_type is not None:
            params["type"] = wire_type
        return _read(EventPage, await self._client.get("/events", params))

    async def search(self, params: Mapping[str, str]) -> SearchPage:
        """Return events that fit, newest first, and where to go on."""
        return _read(SearchPage, await self._client.get("/search", params))

    async def event(self, envelope_id: str, why: OpeningReason | None = None) -> EventDetail:
        """Return one event whole, verified again; personal content only with a reason, which is written down."""
        params = {} if why is None else {"why": why.value}
        return _read(EventDetail, await self._client.get(f"/events/{envelope_id}", params))

    async def audit(self, *, since: int, limit: int) -> AuditList:
        """Return the audit log behind a number."""
        return _read(AuditList, await self._client.get("/audit", {"since": str(since), "limit": str(limit)}))

    async def openings(self, envelope_id: str | None, *, since: int, limit: int) -> OpeningList:
        """Return who was shown personal content, of one event or of every one."""
        if envelope_id is not None:
            path, params = f"/events/{envelope_id}/openings", {"limit": str(limit)}
        else:
            path, params = "/openings", {"since": str(since), "limit": str(limit)}
        return _read(OpeningList, await self._client.get(path, params))

    async def receipts(self, envelope_id: str) -> ReceiptList:
        """Return every receipt that covers an event."""
        return _read(ReceiptList, await self._client.get(f"/events/{envelope_id}/receipts"))

    async def evidence(self, envelope_id: str, *, content: bool, links: int) -> bytes:
        """Return one event as an evidence file, byte by byte as it must be kept."""
        params = {"content": "true" if content else "false", "links": str(links)}
        return await self._client.get(f"/events/{envelope_id}/evidence", params)

    async def acknowledge(self, envelope_id: str, draft: bytes) -> Acknowledged:
        """Answer an event as the officer that the token is bound to."""
        return _read(Acknowledged, await self._client.post(f"/events/{envelope_id}/acknowledgement", draft))

    async def erase(self, envelope_id: str, draft: bytes) -> Erasure:
        """Erase the content of an own event."""
        return _read(Erasure, await self._client.post(f"/events/{envelope_id}/erasure", draft))

    async def drafts(self, state: DraftState | None, limit: int) -> DraftList:
        """Return drafts in one state, or all that have not ended; the one that changed last first."""
        params = {"limit": str(min(limit, PAGE_MAX))} | ({} if state is None else {"state": state.value})
        return _read(DraftList, await self._client.get("/drafts", params))

    async def draft(self, number: str) -> DraftDetail:
        """Return one draft whole, and what the caller may do with it."""
        return _read(DraftDetail, await self._client.get(f"/drafts/{number}"))

    async def begin_draft(self, draft: bytes, key: str) -> DraftDetail:
        """Keep a new draft; the same key and text again are the same draft."""
        return _read(DraftDetail, await self._client.post("/drafts", draft, idempotency_key=key))

    async def move_draft(self, number: str, act: str, body: bytes = b"") -> DraftDetail:
        """Change a draft, hand it in, review it, or take it back.

        Args:
            number: Of the draft.
            act: ``content``, ``submission``, ``review`` or ``withdrawal``.
            body: What the act says; empty if nothing.
        """
        return _read(DraftDetail, await self._client.post(f"/drafts/{number}/{act}", body))

    async def send_draft(self, number: str, body: bytes) -> Accepted:
        """Send a draft; one that was sent already is refused."""
        return _read(Accepted, await self._client.post(f"/drafts/{number}/sending", body))

    async def countersign(self, envelope_id: str) -> ReleaseList:
        """Put a second officer's name under what one officer sent alone."""
        return _read(ReleaseList, await self._client.post(f"/events/{envelope_id}/countersignature", b""))

    async def call(self, envelope_id: str, draft: bytes) -> CallLine:
        """Record that a neighbour was told of an own event by telephone."""
        return _read(CallLine, await self._client.post(f"/events/{envelope_id}/calls", draft))

    async def cases(self, *, open_only: bool, limit: int) -> CaseList:
        """Return cases of joint mediation, the one that changed last first."""
        params = {"open": "true" if open_only else "false", "limit": str(min(limit, PAGE_MAX))}
        return _read(CaseList, await self._client.get("/cases", params))

    async def case(self, case_id: str) -> CaseDetail:
        """Return one case: its story, what may come next and why not, its days."""
        return _read(CaseDetail, await self._client.get(f"/cases/{case_id}"))

    async def write_entry(self, case_id: str, draft: bytes, key: str) -> Accepted:
        """Write the next entry of a case; the same key and draft again are the same entry."""
        answer = await self._client.post(f"/cases/{case_id}/events", draft, idempotency_key=key)
        return _read(Accepted, answer)

    async def case_paper(self, case_id: str, paper: Paper, why: OpeningReason | None) -> bytes:
        """Return the agreement or the file of a case as PDF; its contents open with a reason alone."""
        params = {"what": paper.value} | ({} if why is None else {"why": why.value})
        return await self._client.get(f"/cases/{case_id}/paper", params)

    async def case_evidence(self, case_id: str, why: OpeningReason | None) -> bytes:
        """Return a case as evidence; its contents open with a reason alone, which is written down."""
        params = {} if why is None else {"why": why.value}
        return await self._client.get(f"/cases/{case_id}/evidence", params)

    async def escalations(self, *, open_only: bool, limit: int) -> EscalationList:
        """Return events that are told to this county's people, the newest first."""
        params = {"open": "true" if open_only else "false", "limit": str(min(limit, PAGE_MAX))}
        return _read(EscalationList, await self._client.get("/escalations", params))

    async def timeline(self, key: str) -> Timeline:
        """Return everything that was done to have one event answered."""
        return _read(Timeline, await self._client.get(f"/escalations/{key}"))

    async def silence(self, key: str, draft: bytes) -> SilenceLine:
        """Let nobody be told of an event for a while."""
        return _read(SilenceLine, await self._client.post(f"/escalations/{key}/silence", draft))

    async def drill(self, draft: bytes) -> EscalationLine:
        """Begin an exercise for this county's own people."""
        return _read(EscalationLine, await self._client.post("/drills", draft))

    async def providers(self) -> ProviderList:
        """Return the configured ways to reach people."""
        return _read(ProviderList, await self._client.get("/providers"))

    async def threads(self, name: str, *, state: str | None, limit: int) -> ThreadList:
        """Return campaigns, offers or projects, those with the newest acts first."""
        params = {"limit": str(min(limit, PAGE_MAX))} | ({} if state is None else {"state": state})
        return _read(ThreadList, await self._client.get(f"/{name}", params))

    async def thread(self, name: str, key: str, model: type[M]) -> M:
        """Return one campaign, offer or project whole.

        Raises:
            RequestError: It is no such name, or none of it is here.
        """
        if _THREAD.fullmatch(key) is None:
            raise RequestError(Fault("request.id", "ID", f"give its name as `sihu {name} list` shows it"))
        return _read(model, await self._client.get(f"/{name}/{key}"))

    async def calendar(self) -> bytes:
        """Return campaigns and festivals as a calendar file."""
        return await self._client.get("/calendar.ics")

    async def ledger(self, first: date, last: date) -> LedgerAnswer:
        """Return the figures of a period."""
        params = {"first": first.isoformat(), "last": last.isoformat()}
        return _read(LedgerAnswer, await self._client.get("/ledger", params))

    async def ledger_workbook(self, first: date, last: date) -> bytes:
        """Return the ledger of a period as a workbook."""
        return await self._client.get("/ledger.xlsx", {"first": first.isoformat(), "last": last.isoformat()})

    async def ledger_paper(self, first: date, last: date) -> bytes:
        """Return the ledger of a period as PDF."""
        return await self._client.get("/ledger.pdf", {"first": first.isoformat(), "last": last.isoformat()})

    async def notices(self, *, open_only: bool, limit: int = 50) -> NoticeList:
        """Return what this county's own duty officer was told, newest first."""
        params = {"open": "true" if open_only else "false", "limit": str(min(limit, PAGE_MAX))}
        return _read(NoticeList, await self._client.get("/notices", params))

    async def close_notice(self, number: int) -> NoticeLine:
        """Close a notice that a person has dealt with; closing it again changes nothing."""
        return _read(NoticeLine, await self._client.post(f"/notices/{number}/closing", b""))

    async def cap_documents(self, *, held_only: bool, limit: int = 50) -> CapDocumentList:
        """Return CAP documents that were taken, newest first."""
        params = {"held": "true" if held_only else "false", "limit": str(min(limit, PAGE_MAX))}
        return _read(CapDocumentList, await self._client.get("/cap/documents", params))

    async def cap_document(self, number: int) -> CapDocumentDetail:
        """Return one document and its draft; the token must be bound to an officer."""
        return _read(CapDocumentDetail, await self._client.get(f"/cap/documents/{number}"))

    async def cap_original(self, number: int) -> bytes:
        """Return the bytes of one document as they came; the token must be bound to an officer."""
        return await self._client.get(f"/cap/documents/{number}/original")

    async def close_cap_document(self, number: int, draft: bytes) -> CapDocumentLine:
        """Close a document that was held; closing it again changes nothing."""
        return _read(CapDocumentLine, await self._client.post(f"/cap/documents/{number}/closing", draft))

    async def cap_answers(self, envelope_id: str) -> CapAnswerList:
        """Return what foreign systems answered to an alert."""
        return _read(CapAnswerList, await self._client.get(f"/events/{envelope_id}/cap/answers"))

    async def quarantine(self, limit: int = 50) -> QuarantineList:
        """Return refused messages, newest first."""
        return _read(QuarantineList, await self._client.get("/quarantine", {"limit": str(min(limit, PAGE_MAX))}))

    async def referrals(self, *, open_only: bool, limit: int) -> ReferralList:
        """Return referrals of people to an office; nothing of their content."""
        return _read(ReferralList, await self._client.get("/referrals", _listed(open_only, limit)))

    async def referral(self, number: str) -> ReferralDetail:
        """Return what a referral stands at."""
        return _read(ReferralDetail, await self._client.get(f"/referrals/{number}"))

    async def offer_referral(self, draft: bytes, key: str) -> CourseAccepted:
        """Offer one person's case to an office."""
        return _read(CourseAccepted, await self._client.post("/referrals", draft, idempotency_key=key))

    async def move_referral(self, number: str, draft: bytes, key: str) -> CourseAccepted:
        """Take the next step of a referral."""
        answer = await self._client.post(f"/referrals/{number}/steps", draft, idempotency_key=key)
        return _read(CourseAccepted, answer)

    async def services(self, *, open_only: bool, limit: int) -> ServiceList:
        """Return requests across provinces."""
        return _read(ServiceList, await self._client.get("/services", _listed(open_only, limit)))

    async def service(self, number: str) -> ServiceDetail:
        """Return one request and its steps."""
        return _read(ServiceDetail, await self._client.get(f"/services/{number}"))

    async def begin_service(self, draft: bytes, key: str) -> CourseAccepted:
        """Begin a request that another county decides."""
        return _read(CourseAccepted, await self._client.post("/services", draft, idempotency_key=key))

    async def move_service(self, number: str, draft: bytes, key: str) -> CourseAccepted:
        """Take the next step of a request."""
        return _read(CourseAccepted, await self._client.post(f"/services/{number}/steps", draft, idempotency_key=key))

    @staticmethod
    def whole_number(text: str, known: Iterable[str]) -> str:
        """Complete the number of a referral or request as the tables shorten it.

        Raises:
            RequestError: It fits none of those known, or more than one.
        """
        text = text.strip().lower()
        found = {one for one in known if one.startswith(text)} if _PART_OF_NUMBER.fullmatch(text) else set()
        if len(found) == 1:
            return found.pop()
        mend = "give the number as the list shows it, or its first 4 or more characters; `--all` lists ended ones"
        raise NotFoundError(Fault("request.not_found", "ID", mend))

    async def readiness(self) -> Readiness:
        """Return every check of the node; one that fails raises ``UnavailableError``."""
        return _read(Readiness, await self._client.get("/readyz"))

    @asynccontextmanager
    async def live(self, after: int | None) -> AsyncIterator[AsyncIterator[LiveMessage]]:
        """Open the stream of changes behind ``after`` (None: from now on)."""
        async with self._client.live(after) as changes:
            yield (_read(LiveMessage, change) async for change in changes)

    async def whole_id(self, text: str) -> str:
        """Complete an id as the tables shorten it.

        Raises:
            RequestError: It fits no event among the newest ones, or more than one.
        """
        text = text.strip().lower()
        if _WHOLE_ID.fullmatch(text):
            return text
        if not _PART_OF_ID.fullmatch(text):
            raise RequestError(Fault("request.id", "ID", "give an event's id, or its first 4 or more characters"))
        page = await self.events(limit=PAGE_MAX)
        found = {event.envelope_id for event in page.events if event.envelope_id.startswith(text)}
        if len(found) == 1:
            return found.pop()
        if found:
            raise RequestError(
                Fault("request.id", "ID", f"{len(found)} events begin with {text}; give more characters")
            )
        mend = f"no event among the newest {PAGE_MAX} begins with {text}; give the whole id"
        raise NotFoundError(Fault("request.not_found", "ID", mend))


def _listed(open_only: bool, limit: int) -> dict[str, str]:  # noqa: FBT001 - a filter, named by its parameter
    return {"open": "true" if open_only else "false", "limit": str(min(limit, PAGE_MAX))}


def _read(model: type[M], data: bytes) -> M:
    try:
        return model.model_validate_json(data)
    except ValidationError as exc:
        where = ".".join(str(step) for step in exc.errors()[0]["loc"])
        raise UnavailableError(f"the node's answer is not understood ({where}); is it of another version?") from exc


def ask(desk: Desk, work: Callable[[Api], Awaitable[T]], *, token: str | None = None) -> T:
    """Open the API of this county's node, do ``work``, close it again.

    Args:
        desk: Knows the address and the token.
        work: What to ask.
        token: Another token than the one of the commands.
    """

    async def run() -> T:
        async with open_client(desk.settings.api.address, token or desk.token()) as client:
            return await work(Api(client))

    return asyncio.run(run())


def json_of(model: BaseModel) -> object:
    """Return an answer as a JSON value, as the API spelled it."""
    return json.loads(model.model_dump_json(by_alias=True))
