"""Alibaba Cloud SMS (Dysmsapi 2017-05-25): SendSms by template; reports by asking or by push, replies by push.

A page's id goes along as OutId and is the reference of its reports: so a page whose submit got no answer is joined as
well, and is asked for before it is sent again, as the provider recommends. Nothing of that is known here alone: that a
page was tried before, and what has no report yet, is said by whoever hands pages over, also after a restart.

Source: help.aliyun.com, "SendSms", "QuerySendDetails", "SmsReport", "SmsUp", "API error codes".
"""

import asyncio
import json
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp

from adapters.sms.account import Account, addressed
from adapters.sms.aliyun_signing import authorization, canonical_query, digest_of
from adapters.sms.calling import CALL_SECONDS, Answer, Call, Clock, Ids, checked_url
from adapters.sms.inbound_http import Hear, InboundHttp
from adapters.sms.pushes import (
    MALFORMED,
    METHOD,
    REPORT,
    Push,
    Read,
    read_records,
    sound_reference,
    sound_sender,
    sound_text,
)
from adapters.sms.rulings import (
    ACCOUNT,
    BEIJING,
    PERMANENT,
    TEMPORARY,
    THROTTLED,
    UNREADABLE,
    Ruling,
    Trouble,
    beijing_time,
    json_object,
    json_value,
    mainland,
    status_trouble,
    text_at,
    trouble,
    word,
)
from schemas.errors import Fault, UnavailableError
from schemas.pages import (
    Capabilities,
    Dispatch,
    Health,
    Inbound,
    Medium,
    PartResult,
    Refused,
    Reply,
    Report,
    ReportState,
    Submitted,
)

VERSION: Final = "2017-05-25"
OK: Final = "OK"
WAITING_MAX: Final = 10_000
PAGE_MAX: Final = 50
"""Records of one number and day in an answer; the provider takes no more pages a day for one number and form."""
_ASKED_AT_ONCE: Final = 8
_ASKED_IN_ROUND: Final = 400
_OFTEN_FOR: Final = timedelta(minutes=3)
"""Longer than the 120 s after which an SMS without a report counts as lost."""
_SELDOM_SECONDS: Final = 60.0
_GIVEN_UP_AFTER: Final = timedelta(hours=24)
_LIMIT_CODE: Final = "isv.BUSINESS_LIMIT_CONTROL"
_BY_THE_MINUTE: Final = "分钟"

RULINGS: Final[Mapping[str, Ruling]] = {
    "isv.MOBILE_NUMBER_ILLEGAL": PERMANENT,
    "isv.DOMESTIC_NUMBER_NOT_SUPPORTED": PERMANENT,
    "isv.MOBILE_COUNT_OVER_LIMIT": PERMANENT,
    "isv.SMS_TEMPLATE_ILLEGAL": PERMANENT,
    "isv.TEMPLATE_MISSING_PARAMETERS": PERMANENT,
    "isv.TEMPLATE_PARAMS_ILLEGAL": PERMANENT,
    "isv.INVALID_PARAMETERS": PERMANENT,
    "isv.INVALID_JSON_PARAM": PERMANENT,
    "isv.PARAM_LENGTH_LIMIT": PERMANENT,
    "isv.PARAM_NOT_SUPPORT_URL": PERMANENT,
    "isv.SMS_CONTENT_ILLEGAL": PERMANENT,
    "isv.BLACK_KEY_CONTROL_LIMIT": PERMANENT,
    "isv.UNSUPPORTED_CONTENT": PERMANENT,
    "isv.EXTEND_CODE_ERROR": PERMANENT,
    _LIMIT_CODE: TEMPORARY,
    "Throttling": THROTTLED,
    "isv.SMS_SIGNATURE_ILLEGAL": ACCOUNT,
    "isv.SMS_SIGNATURE_SCENE_ILLEGAL": ACCOUNT,
    "isv.SMS_SIGN_ILLEGAL": ACCOUNT,
    "isv.SIGN_STATE_ILLEGAL": ACCOUNT,
    "isv.OUT_OF_SERVICE": ACCOUNT,
    "isv.AMOUNT_NOT_ENOUGH": ACCOUNT,
    "isv.PRODUCT_UN_SUBSCRIPT": ACCOUNT,
    "isv.PRODUCT_UNSUBSCRIBE": ACCOUNT,
    "isv.ACCOUNT_NOT_EXISTS": ACCOUNT,
    "isv.ACCOUNT_ABNORMAL": ACCOUNT,
    "isv.DAY_LIMIT_CONTROL": ACCOUNT,
    "isv.MONTH_LIMIT_CONTROL": ACCOUNT,
    "isv.DENY_IP_RANGE": ACCOUNT,
    "isp.RAM_PERMISSION_DENY": ACCOUNT,
    "isp.SYSTEM_ERROR": TEMPORARY,
    "isp.GATEWAY_ERROR": TEMPORARY,
    "SignatureDoesNotMatch": ACCOUNT,
    "SignatureNonceUsed": TEMPORARY,
    "InvalidTimeStamp": ACCOUNT,
    "InvalidAccessKeyId": ACCOUNT,
    "IncompleteSignature": ACCOUNT,
    "Forbidden": ACCOUNT,
    "NoPermission": ACCOUNT,
}


@dataclass(frozen=True, slots=True)
class AliyunSettings:
    """One account.

    Attributes:
        name: Of the provider in this node.
        sign_name: 签名 as registered, without brackets.
        templates: Our text forms and their codes there, e.g. ``("alert", "SMS_100000001")``.
        extension: Whether the account may lengthen the sender's number.
        poll_seconds: How often reports are asked for; 0 if the account pushes them to us.
        heartbeat_seconds: How often a harmless question proves network, key and account.
    """

    name: str
    key_id: str
    key_secret: str = field(repr=False)
    sign_name: str
    templates: tuple[tuple[str, str], ...]
    base_url: str = "https://dysmsapi.aliyuncs.com"
    extension: bool = False
    poll_seconds: float = 5.0
    heartbeat_seconds: float = 60.0
    call_seconds: float = CALL_SECONDS
    cost_fen: int = 0


@dataclass(frozen=True, slots=True)
class _Waiting:
    number: str = field(repr=False)
    sent_at: datetime
    ask_at: float


class AliyunSms:
    """Satisfies ``services.paging_ports.Pager`` by Alibaba Cloud SMS; also reads what it pushes."""

    thanks: Final = json.dumps({"code": 0, "msg": "接收成功"}, ensure_ascii=False).encode()
    thanks_type: Final = "application/json"

    def __init__(
        self,
        settings: AliyunSettings,
        *,
        session: aiohttp.ClientSession,
        clock: Clock,
        ids: Ids,
        inbound: InboundHttp | None = None,
    ) -> None:
        """Keep an open session; open nothing.

        Args:
            settings: The account.
            session: Borrowed; ends after this object.
            clock: For times and pauses.
            ids: For nonces.
            inbound: Where pushes come in; without it nobody can answer by SMS.

        Raises:
            RequestError: The base address is none.
        """
        self._settings = settings
        self._base = checked_url(settings.base_url, f"{settings.name}.base_url")
        self._host = urlsplit(self._base).netloc
        self._templates = dict(settings.templates)
        self._clock, self._ids = clock, ids
        self._account = Account(session=session, clock=clock, inbound=inbound, call_seconds=settings.call_seconds)
        self._waiting: dict[str, _Waiting] = {}

    @property
    def name(self) -> str:
        """As configured."""
        return self._settings.name

    @property
    def medium(self) -> Medium:
        """SMS."""
        return Medium.SMS

    @property
    def capabilities(self) -> Capabilities:
        """By template alone; it cuts long texts itself."""
        return Capabilities(
            reply=self._account.takes_pushes,
            report=self._settings.poll_seconds > 0 or self._account.takes_pushes,
            extension=self._settings.extension,
            template=True,
            cost_fen=self._settings.cost_fen,
        )

    def health(self) -> Health:
        """Return how its answers to pages and heartbeats stand."""
        return self._account.standing.health()

    def running(self, hear: Hear) -> AbstractAsyncContextManager[None]:
        """Ask for reports and take pushes until the block ends."""
        return self._account.running(self, hear, lambda: self._ask_on(hear))

    async def submit(self, dispatch: Dispatch) -> tuple[PartResult, ...]:
        """Send one page by its template; the provider cuts it."""
        found = addressed(dispatch, self._templates)
        if isinstance(found, Refused):
            return (found,)
        number, template = found
        parameters = {
            "PhoneNumbers": number,
            "SignName": self._settings.sign_name,
            "TemplateCode": template,
            "TemplateParam": json.dumps(dict(dispatch.variables), ensure_ascii=False, separators=(",", ":")),
            "OutId": dispatch.page_id,
        }
        if dispatch.extension and self._settings.extension:
            parameters["SmsUpExtendCode"] = dispatch.extension
        before = dispatch.tried_at
        if before is not None and await self._went_out(number, dispatch.page_id, before):
            self.expect(dispatch.page_id, number, before)
            return (Submitted(1, dispatch.page_id),)
        sent_at = self._clock.now()
        answer = await self._call("SendSms", parameters)
        if isinstance(answer, Trouble):
            return (answer.refused(1),)
        self.expect(dispatch.page_id, number, sent_at)
        return (Submitted(1, dispatch.page_id),)

    async def _went_out(self, number: str, page_id: str, sent_at: datetime) -> bool:
        answer = await self._details(number, sent_at)
        return not isinstance(answer, Trouble) and bool(_records(answer, page_id))

    def expect(self, reference: str, address: str, sent_at: datetime) -> None:
        """Ask for the report of a page until it comes, for 24 hours; what is waited for already stays as it is.

        Args:
            reference: As in ``Submitted``: the page's id, which the provider keeps as OutId.
            address: The number it went to.
            sent_at: Aware UTC; the provider finds a page by number and day.
        """
        number = mainland(address)
        if self._settings.poll_seconds <= 0 or number is None or reference in self._waiting:
            return
        if len(self._waiting) >= WAITING_MAX:
            del self._waiting[next(iter(self._waiting))]
        self._waiting[reference] = _Waiting(number, sent_at, self._clock.monotonic())

    def read(self, push: Push) -> Read | Fault:
        """Return what a push of SmsReport or SmsUp says."""
        if push.method != "POST":
            return METHOD
        return (read_reports if push.kind == REPORT else read_replies)(push.body, self.name, push.heard_at)

    async def _ask_on(self, hear: Hear) -> None:
        step = self._settings.poll_seconds or self._settings.heartbeat_seconds
        rested = self._settings.heartbeat_seconds
        while True:
            if rested >= self._settings.heartbeat_seconds:
                rested = 0.0
                await self._beat()
            await self._ask_round(hear)
            await self._clock.sleep(step)
            rested += step

    async def _ask_round(self, hear: Hear) -> None:
        now = self._clock.monotonic()
        due = [found for found in self._waiting.items() if found[1].ask_at <= now][:_ASKED_IN_ROUND]
        for start in range(0, len(due), _ASKED_AT_ONCE):
            async with asyncio.TaskGroup() as tasks:
                for reference, waiting in due[start : start + _ASKED_AT_ONCE]:
                    tasks.create_task(self._ask(reference, waiting, hear))

    async def _beat(self) -> None:
        today = self._clock.now().astimezone(BEIJING).strftime("%Y%m%d")
        asked = {"IsGlobe": "1", "StartDate": today, "EndDate": today, "PageIndex": "1", "PageSize": "1"}
        await self._call("QuerySendStatistics", asked)

    async def _ask(self, reference: str, waiting: _Waiting, hear: Hear) -> None:
        now = self._clock.now()
        self._waiting.pop(reference, None)
        if now - waiting.sent_at > _GIVEN_UP_AFTER:
            return
        pause = 0.0 if now - waiting.sent_at < _OFTEN_FOR else _SELDOM_SECONDS
        # Behind all others: with more than a round holds, each has its turn.
        self._waiting[reference] = replace(waiting, ask_at=self._clock.monotonic() + pause)
        answer = await self._details(waiting.number, waiting.sent_at)
        report = None if isinstance(answer, Trouble) else read_detail(answer, self.name, reference, now)
        if report is None:
            return
        try:
            await hear(report)
        except UnavailableError:
            return  # asked again in the next round
        self._waiting.pop(reference, None)

    async def _details(self, number: str, sent_at: datetime) -> dict[str, Any] | Trouble:
        day = sent_at.astimezone(BEIJING).strftime("%Y%m%d")
        asked = {"PhoneNumber": number, "SendDate": day, "PageSize": str(PAGE_MAX), "CurrentPage": "1"}
        return await self._call("QuerySendDetails", asked)

    async def _call(self, action: str, parameters: Mapping[str, str]) -> dict[str, Any] | Trouble:
        return await self._account.ask(self._signed(action, parameters), read_answer)

    def _signed(self, action: str, parameters: Mapping[str, str]) -> Call:
        headers = {
            "host": self._host,
            "x-acs-action": action,
            "x-acs-version": VERSION,
            "x-acs-date": self._clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": self._ids.hex(16),
            "x-acs-content-sha256": digest_of(b""),
        }
        proof = authorization(
            "POST", "/", parameters, headers, b"", key_id=self._settings.key_id, secret=self._settings.key_secret
        )
        url = f"{self._base}/?{canonical_query(parameters)}"
        return Call("POST", url, {**headers, "authorization": proof, "accept": "application/json"})


def read_answer(answer: Answer) -> dict[str, Any] | Trouble:
    """Return the document of a call that went well, or what its code means."""
    document = json_object(answer.body)
    if document is None or not text_at(document, "Code"):
        return UNREADABLE if answer.status == 200 else status_trouble(answer.status, answer.wait_seconds)  # noqa: PLR2004
    code, text = text_at(document, "Code"), text_at(document, "Message")
    if code == OK:
        return document
    found = trouble(RULINGS, code, text, answer.wait_seconds)
    # One code for three limits: a minute's passes by itself, an hour's and a day's are another provider's chance.
    return replace(found, ruling=THROTTLED) if code == _LIMIT_CODE and _BY_THE_MINUTE in text else found


def read_detail(document: Mapping[str, Any], provider: str, reference: str, heard_at: datetime) -> Report | None:
    """Return the final report of a page in an answer of QuerySendDetails; None while the carrier has not reported.

    A page that was sent twice has two records: one delivered is enough, and it has failed only when none is open.
    """
    records = _records(document, reference)
    states = [_DETAIL_STATES.get(text_at(record, "SendStatus")) for record in records]
    state = ReportState.DELIVERED if ReportState.DELIVERED in states else None
    if records and all(one is ReportState.FAILED for one in states):
        state = ReportState.FAILED
    if state is None:
        return None
    record = records[states.index(state)]
    done_at = beijing_time(record.get("ReceiveDate"))
    return Report(provider, reference, state, word(text_at(record, "ErrCode")), done_at, heard_at)


def _records(document: Mapping[str, Any], page_id: str) -> list[Mapping[str, Any]]:
    details = document.get("SmsSendDetailDTOs")
    listed = details.get("SmsSendDetailDTO") if isinstance(details, dict) else None
    found = listed if isinstance(listed, list) else []
    return [record for record in found if isinstance(record, dict) and text_at(record, "OutId") == page_id]


_DETAIL_STATES: Final[Mapping[str, ReportState]] = {"2": ReportState.FAILED, "3": ReportState.DELIVERED}


def read_reports(body: bytes, provider: str, heard_at: datetime) -> Read | Fault:
    """Return the reports of an SmsReport push: a JSON array; ``out_id`` is the page's id."""

    def one(record: Mapping[str, Any]) -> Inbound | None:
        reference, delivered = text_at(record, "out_id"), record.get("success")
        if not sound_reference(reference) or not isinstance(delivered, bool):
            return None
        state = ReportState.DELIVERED if delivered else ReportState.FAILED
        code = word(text_at(record, "err_code"))
        return Report(provider, reference, state, code, beijing_time(record.get("report_time")), heard_at)

    read = json_value(body)
    return read_records(read, one) if isinstance(read, list) else MALFORMED


def read_replies(body: bytes, provider: str, heard_at: datetime) -> Read | Fault:
    """Return the replies of an SmsUp push: a JSON array; ``dest_code`` is the extension."""

    def one(record: Mapping[str, Any]) -> Inbound | None:
        sender, text = text_at(record, "phone_number"), record.get("content")
        if not sound_sender(sender) or not isinstance(text, str):
            return None
        code = text_at(record, "dest_code")
        extension = code if code.isascii() and code.isdigit() else ""
        return Reply(provider, word(text_at(record, "sequence_id")), sender, extension, sound_text(text), heard_at)

    read = json_value(body)
    return read_records(read, one) if isinstance(read, list) else MALFORMED
