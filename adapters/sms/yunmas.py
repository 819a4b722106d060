"""云MAS, China Mobile's cloud gateway for offices, by its HTTP interface ``norsubmit``; reports and replies by push.

The platform has no published kit. What is known stands in docs/alerting/http.md with how many independent public
programs agree on it; nothing here was ever run against the platform.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import aiohttp

from adapters.sms.account import Account
from adapters.sms.calling import CALL_SECONDS, Answer, Call, Clock, checked_url
from adapters.sms.inbound_http import Hear, InboundHttp
from adapters.sms.pushes import (
    METHOD,
    REPORT,
    Push,
    Read,
    extension_of,
    read_records,
    sound_reference,
    sound_sender,
    sound_text,
)
from adapters.sms.rulings import (
    ACCOUNT,
    NO_NUMBER,
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
    state_of,
    status_trouble,
    text_at,
    trouble,
    word,
)
from schemas.errors import Fault
from schemas.pages import Capabilities, Dispatch, Health, Inbound, Medium, PartResult, Reply, Report, Submitted
from schemas.pages import ReportState as State

OK: Final = "success"
PATH: Final = "/sms/norsubmit"
_CODE_DIGITS_MAX: Final = 20
"""Digits of service number and extension together."""
_OK_STATUS: Final = 200
_ON_ITS_WAY: Final = frozenset({"CM:0000", "CM:3000", "0", "000", ""})

RULINGS: Final[Mapping[str, Ruling]] = {
    "InvalidMobile": PERMANENT,
    "InvalidMessage": PERMANENT,
    "TooManyMobiles": PERMANENT,
    "IllegalUseTemplate": PERMANENT,
    "IllegalMac": ACCOUNT,
    "InvalidUsrOrPwd": ACCOUNT,
    "IllegalSignId": ACCOUNT,
    "NoSignId": ACCOUNT,
    "NotLoadedSign": ACCOUNT,
    "IllegalIpAddress": ACCOUNT,
    "NOT_WHITE_IP": ACCOUNT,
    "OverDailyMax": ACCOUNT,
    "FlowOverLimit": THROTTLED,
    "QueueOverLimit": THROTTLED,
    "SystemBusy": TEMPORARY,
    "InternalError": TEMPORARY,
}


@dataclass(frozen=True, slots=True)
class YunmasSettings:
    """One interface account (管理 → 接口管理).

    Attributes:
        name: Of the provider in this node.
        ec_name: 企业名称 as registered.
        ap_id: 接口账号, not the name for the website.
        secret_key: Its password; it goes into the mac and nowhere else.
        sign_id: 签名编码, by which the platform puts the 签名 into the text.
        service_number: 服务代码; with ``extension`` our code stands behind it in what comes back.
        extension: Whether the service number is matched by its head (模糊匹配), so that it may be lengthened.
        plain_http: The platform's published address has no TLS; the county says here that the way there is its own.
    """

    name: str
    ec_name: str
    ap_id: str
    secret_key: str = field(repr=False)
    sign_id: str
    base_url: str
    service_number: str = ""
    extension: bool = False
    plain_http: bool = False
    call_seconds: float = CALL_SECONDS
    cost_fen: int = 0


class YunmasSms:
    """Satisfies ``services.paging_ports.Pager`` by 云MAS; also reads what it pushes."""

    thanks: Final = b"ok"
    thanks_type: Final = "text/plain"

    def __init__(
        self,
        settings: YunmasSettings,
        *,
        session: aiohttp.ClientSession,
        clock: Clock,
        inbound: InboundHttp | None = None,
    ) -> None:
        """Keep an open session; open nothing.

        Args:
            settings: The account.
            session: Borrowed; ends after this object.
            clock: For times.
            inbound: Where pushes come in; without it there are neither reports nor replies.

        Raises:
            RequestError: The base address is none, or without TLS unasked.
        """
        self._settings = settings
        self._url = checked_url(settings.base_url, f"{settings.name}.base_url", plain_http=settings.plain_http) + PATH
        self._account = Account(session=session, clock=clock, inbound=inbound, call_seconds=settings.call_seconds)

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
        """Free text; the platform cuts long ones itself."""
        hears = self._account.takes_pushes
        return Capabilities(
            reply=hears, report=hears, extension=self._settings.extension, cost_fen=self._settings.cost_fen
        )

    def health(self) -> Health:
        """Return how its answers to pages stand: the platform has no question that does no harm."""
        return self._account.standing.health()

    def running(self, hear: Hear) -> AbstractAsyncContextManager[None]:
        """Take pushes until the block ends."""
        return self._account.running(self, hear)

    async def submit(self, dispatch: Dispatch) -> tuple[PartResult, ...]:
        """Send one page as one text; the platform adds the 签名 and cuts."""
        number = mainland(dispatch.address)
        if number is None:
            return (NO_NUMBER.refused(1),)
        extension = dispatch.extension if self._settings.extension else ""
        if len(self._settings.service_number + extension) > _CODE_DIGITS_MAX:
            return (
                Trouble(PERMANENT, "extension", "service number and extension have more than 20 digits").refused(1),
            )
        body = spell(self._settings, number, dispatch.text, extension)
        what = Call("POST", self._url, {"Content-Type": "text/plain"}, body)
        read = await self._account.ask(what, read_answer)
        return (read.refused(1) if isinstance(read, Trouble) else Submitted(1, read),)

    def read(self, push: Push) -> Read | Fault:
        """Return what a push of 状态报告 or 上行短信 says."""
        if push.method != "POST":
            return METHOD
        if push.kind == REPORT:
            return read_reports(push.body, self.name, push.heard_at)
        return read_replies(push.body, self.name, push.heard_at, self._settings.service_number)


def spell(settings: YunmasSettings, number: str, text: str, extension: str) -> bytes:
    """Return the body of a submit: JSON as base64, its mac the MD5 of all values and the secret in a fixed order."""
    values = (settings.ec_name, settings.ap_id, settings.secret_key, number, text, settings.sign_id, extension)
    mac = hashlib.md5("".join(values).encode(), usedforsecurity=False).hexdigest()
    document = {
        "ecName": settings.ec_name,
        "apId": settings.ap_id,
        "mobiles": number,
        "content": text,
        "sign": settings.sign_id,
        "addSerial": extension,
        "mac": mac,
    }
    return base64.b64encode(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode())


def read_answer(answer: Answer) -> str | Trouble:
    """Return the batch number (``msgGroup``, in one edition of the document ``mgsGroup``), or what the code means."""
    document = json_object(answer.body)
    if document is None or not text_at(document, "rspcod"):
        return UNREADABLE if answer.status == _OK_STATUS else status_trouble(answer.status, answer.wait_seconds)
    code, reference = text_at(document, "rspcod"), text_at(document, "msgGroup", "mgsGroup")
    if code != OK or document.get("success") is not True:
        return trouble(RULINGS, code, wait_seconds=answer.wait_seconds)
    return reference if sound_reference(reference) else UNREADABLE


def read_reports(body: bytes, provider: str, heard_at: datetime) -> Read | Fault:
    """Return the reports of a push: one JSON object, or several in an array, as it is or as base64.

    Public programs disagree in which field the carrier's word stands: ``errorCode`` DELIVRD beside ``reportStatus``
    CM:0000, or ``reportStatus`` DELIVRD. Either says *delivered*; CM:0000 and CM:3000 alone say *on its way*.
    """

    def one(record: Mapping[str, Any]) -> Inbound | None:
        reference = text_at(record, "msgGroup", "mgsGroup")
        status, error = text_at(record, "reportStatus").strip(), text_at(record, "errorCode").strip()
        if not sound_reference(reference) or not (status or error):
            return None
        code = word("/".join(dict.fromkeys(one for one in (status, error) if one)))
        done_at = beijing_time(record.get("receiveDate"))
        return Report(provider, reference, _state(status, error), code, done_at, heard_at)

    return read_records(_unwrapped(body), one)


def _state(status: str, error: str) -> State:
    states = {state_of(one) for one in (status, error) if one not in _ON_ITS_WAY}
    if State.DELIVERED in states:
        return State.DELIVERED
    return next((state for state in (State.FAILED, State.UNKNOWN, State.ACCEPTED) if state in states), State.ACCEPTED)


def read_replies(body: bytes, provider: str, heard_at: datetime, service_number: str) -> Read | Fault:
    """Return the replies of a push; ``addSerial`` is the whole number that the officer answered to."""

    def one(record: Mapping[str, Any]) -> Inbound | None:
        sender, text = text_at(record, "mobile"), record.get("smsContent", record.get("content"))
        if not sound_sender(sender) or not isinstance(text, str):
            return None
        extension = extension_of(text_at(record, "addSerial"), service_number)
        return Reply(provider, "", sender, extension, sound_text(text), heard_at)

    return read_records(_unwrapped(body), one)


def _unwrapped(body: bytes) -> object:
    read = json_value(body)
    if read is not None:
        return read
    try:
        return json_value(base64.b64decode(body, validate=True))
    except ValueError:
        return None
