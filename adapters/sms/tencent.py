"""Tencent Cloud SMS (2021-01-11): SendSms by template; reports and replies pulled, or pushed.

A pull takes reports out of the queue there. What was pulled and a crash ate is asked for by its number, which takes
nothing out; whoever hands pages over says what has no report yet.

Source: cloud.tencent.com, "SendSms", "PullSmsSendStatus", "PullSmsReplyStatus", "PullSmsSendStatusByPhoneNumber",
"SMS callbacks", "Error codes".
"""

import json
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp

from adapters.sms.account import Account, addressed
from adapters.sms.calling import CALL_SECONDS, Answer, Call, Clock, checked_url
from adapters.sms.inbound_http import Hear, InboundHttp, log
from adapters.sms.pushes import (
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
    unix_time,
    word,
)
from adapters.sms.tencent_signing import CONTENT_TYPE, authorization
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

VERSION: Final = "2021-01-11"
OK: Final = "Ok"
PULL_MAX: Final = 100
_ASKED_IN_ROUND: Final = 10
"""Numbers that are asked about at most each time; the provider takes 20 questions a second."""
_AGAIN_SECONDS: Final = 1.0
_OK_STATUS: Final = 200

RULINGS: Final[Mapping[str, Ruling]] = {
    "InvalidParameterValue": PERMANENT,
    "InvalidParameter": PERMANENT,
    "MissingParameter": PERMANENT,
    "UnknownParameter": PERMANENT,
    "UnsupportedOperation": PERMANENT,
    "FailedOperation.PhoneNumberInBlacklist": PERMANENT,
    "FailedOperation.ContainSensitiveWord": PERMANENT,
    "FailedOperation.TemplateIncorrectOrUnapproved": PERMANENT,
    "FailedOperation.TemplateUnapprovedOrNotExist": PERMANENT,
    "FailedOperation.TemplateParamSetNotMatchApprovedTemplate": PERMANENT,
    "FailedOperation.FailResolvePacket": PERMANENT,
    "FailedOperation.MarketingSendTimeConstraint": PERMANENT,
    "FailedOperation.SignatureIncorrectOrUnapproved": ACCOUNT,
    "FailedOperation.MissingSignature": ACCOUNT,
    "FailedOperation.InsufficientBalanceInSmsPackage": ACCOUNT,
    "InvalidParameterValue.SdkAppIdNotExist": ACCOUNT,
    "UnauthorizedOperation": ACCOUNT,
    "AuthFailure": ACCOUNT,
    "IpInBlacklist": ACCOUNT,
    "IpNotInWhitelist": ACCOUNT,
    "UnsupportedRegion": ACCOUNT,
    "NoSuchVersion": ACCOUNT,
    "RequestLimitExceeded": THROTTLED,
    "LimitExceeded.DeliveryFrequencyLimit": THROTTLED,
    "LimitExceeded.PhoneNumberThirtySecondLimit": THROTTLED,
    "LimitExceeded.PhoneNumberOneHourLimit": TEMPORARY,
    "LimitExceeded.PhoneNumberDailyLimit": TEMPORARY,
    "LimitExceeded.PhoneNumberSameContentDailyLimit": TEMPORARY,
    "LimitExceeded.AppDailyLimit": ACCOUNT,
    "LimitExceeded.AppMainlandChinaDailyLimit": ACCOUNT,
    "LimitExceeded.DailyLimit": ACCOUNT,
    "LimitExceeded": TEMPORARY,
    "FailedOperation": TEMPORARY,
    "InternalError": TEMPORARY,
}


@dataclass(frozen=True, slots=True)
class TencentSettings:
    """One application (SdkAppId) of one account.

    Attributes:
        name: Of the provider in this node.
        sign_name: 签名 as registered, without brackets.
        templates: Our text forms and their ids there, e.g. ``("alert", "1000001")``.
        extension: Whether the account may lengthen the sender's number.
        poll_seconds: How often reports and replies are pulled; 0 if the account pushes them to us. A pull empties the
            queue there: a reply that we pulled and could not keep before a crash is lost, a push is repeated. Push is
            better.
    """

    name: str
    key_id: str
    key_secret: str = field(repr=False)
    app_id: str
    sign_name: str
    templates: tuple[tuple[str, str], ...]
    region: str = "ap-guangzhou"
    base_url: str = "https://sms.tencentcloudapi.com"
    extension: bool = False
    poll_seconds: float = 3.0
    heartbeat_seconds: float = 60.0
    call_seconds: float = CALL_SECONDS
    cost_fen: int = 0


class TencentSms:
    """Satisfies ``services.paging_ports.Pager`` by Tencent Cloud SMS; also reads what it pushes."""

    thanks: Final = json.dumps({"result": 0, "errmsg": "OK"}).encode()
    thanks_type: Final = "application/json"

    def __init__(
        self,
        settings: TencentSettings,
        *,
        session: aiohttp.ClientSession,
        clock: Clock,
        inbound: InboundHttp | None = None,
    ) -> None:
        """Keep an open session; open nothing.

        Args:
            settings: The application.
            session: Borrowed; ends after this object.
            clock: For times and pauses.
            inbound: Where pushes come in, if the account pushes.

        Raises:
            RequestError: The base address is none.
        """
        self._settings = settings
        self._base = checked_url(settings.base_url, f"{settings.name}.base_url")
        self._host = urlsplit(self._base).netloc
        self._templates = dict(settings.templates)
        self._clock = clock
        self._account = Account(session=session, clock=clock, inbound=inbound, call_seconds=settings.call_seconds)
        self._asked: dict[str, datetime] = {}
        """Number -> since when its reports are asked for."""

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
        hears = self._settings.poll_seconds > 0 or self._account.takes_pushes
        return Capabilities(
            reply=hears,
            report=hears,
            extension=self._settings.extension,
            template=True,
            cost_fen=self._settings.cost_fen,
        )

    def health(self) -> Health:
        """Return how its answers to pages and pulls stand."""
        return self._account.standing.health()

    def running(self, hear: Hear) -> AbstractAsyncContextManager[None]:
        """Pull, or take pushes, until the block ends."""
        return self._account.running(self, hear, lambda: self._pull_on(hear))

    async def submit(self, dispatch: Dispatch) -> tuple[PartResult, ...]:
        """Send one page by its template; the provider cuts it."""
        found = addressed(dispatch, self._templates)
        if isinstance(found, Refused):
            return (found,)
        number, template = found
        document: dict[str, Any] = {
            "PhoneNumberSet": [f"+86{number}"],
            "SmsSdkAppId": self._settings.app_id,
            "SignName": self._settings.sign_name,
            "TemplateId": template,
            "TemplateParamSet": [value for _, value in dispatch.variables],
            "SessionContext": dispatch.page_id,
        }
        if dispatch.extension and self._settings.extension:
            document["ExtendCode"] = dispatch.extension
        answer = await self._call("SendSms", document)
        return (answer.refused(1) if isinstance(answer, Trouble) else self._sent(answer),)

    def expect(self, reference: str, address: str, sent_at: datetime) -> None:  # noqa: ARG002 - asked for by number
        """Ask once for the reports of a number, where they are pulled.

        Args:
            reference: As in ``Submitted``.
            address: The number it went to.
            sent_at: Aware UTC; reports of what was sent before are not asked for.
        """
        number = mainland(address)
        if number is not None and self._settings.poll_seconds > 0:
            self._asked[number] = min(sent_at, self._asked.get(number, sent_at))

    def read(self, push: Push) -> Read | Fault:
        """Return what a push of reports or of a reply says."""
        if push.method != "POST":
            return METHOD
        return (read_reports if push.kind == REPORT else read_replies)(push.body, self.name, push.heard_at)

    def _sent(self, answer: Mapping[str, Any]) -> PartResult:
        listed = answer.get("SendStatusSet")
        status = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}
        code, reference = text_at(status, "Code"), text_at(status, "SerialNo")
        if code == OK and sound_reference(reference):
            return Submitted(1, reference)
        found = UNREADABLE if code in {OK, ""} else trouble(RULINGS, code, text_at(status, "Message"))
        self._account.standing.judged(found)
        return found.refused(1)

    async def _pull_on(self, hear: Hear) -> None:
        while True:
            if self._settings.poll_seconds <= 0:
                await self._beat()
                await self._clock.sleep(self._settings.heartbeat_seconds)
            elif not await self._pull_once(hear):
                await self._clock.sleep(self._settings.poll_seconds)

    async def _pull_once(self, hear: Hear) -> bool:
        """Pull reports and replies; tell whether there may be more at once."""
        reports = await self._pull("PullSmsSendStatus")
        await self._keep(pulled_reports(reports, self.name, self._clock.now()), hear)
        replies = await self._pull("PullSmsReplyStatus")
        await self._keep(pulled_replies(replies, self.name, self._clock.now()), hear)
        for number in tuple(self._asked)[:_ASKED_IN_ROUND]:
            asked = {"PhoneNumber": f"+86{number}", "BeginTime": int(self._asked.pop(number).timestamp()), "Offset": 0}
            found = await self._pull("PullSmsSendStatusByPhoneNumber", asked)
            await self._keep(pulled_reports(found, self.name, self._clock.now()), hear)
        return PULL_MAX in {_count(reports), _count(replies)}

    async def _beat(self) -> None:
        """Ask for the hour's statistics: a pull would take a report out of the queue."""
        hour = self._clock.now().astimezone(BEIJING).strftime("%Y%m%d%H")
        asked = {"SmsSdkAppId": self._settings.app_id, "Limit": 0, "Offset": 0, "BeginTime": hour, "EndTime": hour}
        await self._call("SendStatusStatistics", asked)

    async def _pull(self, action: str, more: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        asked = {"SmsSdkAppId": self._settings.app_id, "Limit": PULL_MAX, **(more or {})}
        answer = await self._call(action, asked)
        return {} if isinstance(answer, Trouble) else answer

    async def _keep(self, read: Read | Fault, hear: Hear) -> None:
        """Hand over what a pull took out of the provider's queue; it will not come again, so this does not give up."""
        if isinstance(read, Fault):
            return
        if read.unread:
            log.warning("sms.push_unread", provider=self.name, kind="pull", count=read.unread)
        for inbound in read.inbound:
            while not await self._kept(inbound, hear):
                await self._clock.sleep(_AGAIN_SECONDS)

    async def _kept(self, inbound: Inbound, hear: Hear) -> bool:
        try:
            await hear(inbound)
        except UnavailableError:
            return False
        return True

    async def _call(self, action: str, document: Mapping[str, Any]) -> dict[str, Any] | Trouble:
        return await self._account.ask(self._signed(action, document), read_answer)

    def _signed(self, action: str, document: Mapping[str, Any]) -> Call:
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        timestamp = int(self._clock.now().timestamp())
        proof = authorization(
            self._host, "sms", timestamp, body, key_id=self._settings.key_id, secret=self._settings.key_secret
        )
        headers = {
            "Host": self._host,
            "Content-Type": CONTENT_TYPE,
            "Authorization": proof,
            "X-TC-Action": action,
            "X-TC-Version": VERSION,
            "X-TC-Region": self._settings.region,
            "X-TC-Timestamp": str(timestamp),
        }
        return Call("POST", f"{self._base}/", headers, body)


def read_answer(answer: Answer) -> dict[str, Any] | Trouble:
    """Return what stands in ``Response`` of a call that went well, or what its error means."""
    document = json_object(answer.body) or {}
    response = document.get("Response")
    if not isinstance(response, dict):
        return UNREADABLE if answer.status == _OK_STATUS else status_trouble(answer.status, answer.wait_seconds)
    error = response.get("Error")
    if not isinstance(error, dict):
        return response
    return trouble(RULINGS, text_at(error, "Code"), text_at(error, "Message"), answer.wait_seconds)


def _count(response: Mapping[str, Any]) -> int:
    return max((len(value) for value in response.values() if isinstance(value, list)), default=0)


def pulled_reports(response: Mapping[str, Any], provider: str, heard_at: datetime) -> Read | Fault:
    """Return the reports in an answer of PullSmsSendStatus."""

    def one(record: Mapping[str, Any]) -> Inbound | None:
        state = _STATES.get(text_at(record, "ReportStatus"))
        reference = text_at(record, "SerialNo")
        code, done_at = word(text_at(record, "Description")), unix_time(record.get("UserReceiveTime"))
        sound = state is not None and sound_reference(reference)
        return Report(provider, reference, state, code, done_at, heard_at) if state is not None and sound else None

    return read_records(response.get("PullSmsSendStatusSet") or [], one)


def pulled_replies(response: Mapping[str, Any], provider: str, heard_at: datetime) -> Read | Fault:
    """Return the replies in an answer of PullSmsReplyStatus; they carry no id of their own."""

    def one(record: Mapping[str, Any]) -> Inbound | None:
        sender, text = text_at(record, "PhoneNumber", "SubscriberNumber"), record.get("ReplyContent")
        return _reply(provider, sender, text_at(record, "ExtendCode"), text, heard_at)

    return read_records(response.get("PullSmsReplyStatusSet") or [], one)


def read_reports(body: bytes, provider: str, heard_at: datetime) -> Read | Fault:
    """Return the reports of a push: a JSON array."""

    def one(record: Mapping[str, Any]) -> Inbound | None:
        state = _STATES.get(text_at(record, "report_status"))
        reference = text_at(record, "sid")
        if state is None or not sound_reference(reference):
            return None
        code, done_at = word(text_at(record, "errmsg")), beijing_time(record.get("user_receive_time"))
        return Report(provider, reference, state, code, done_at, heard_at)

    return read_records(json_value(body), one)


def read_replies(body: bytes, provider: str, heard_at: datetime) -> Read | Fault:
    """Return the reply of a push: a JSON object."""

    def one(record: Mapping[str, Any]) -> Inbound | None:
        country, mobile = text_at(record, "nationcode"), text_at(record, "mobile")
        sender = f"+{country}{mobile}" if country and not mobile.startswith("+") else mobile
        return _reply(provider, sender, text_at(record, "extend"), record.get("text"), heard_at)

    return read_records(json_value(body), one)


def _reply(provider: str, sender: str, extension: str, text: object, heard_at: datetime) -> Reply | None:
    if not sound_sender(sender) or not isinstance(text, str):
        return None
    digits = extension if extension.isascii() and extension.isdigit() else ""
    return Reply(provider, "", sender, digits, sound_text(text), heard_at)


_STATES: Final[Mapping[str, ReportState]] = {"SUCCESS": ReportState.DELIVERED, "FAIL": ReportState.FAILED}
