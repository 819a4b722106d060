"""Kannel, the SMS gateway, by its sendsms interface; reports and replies by its GETs to us.

We cut long texts ourselves and give Kannel one part at a time with its user data header: so each part has a report of
its own. A submit is a POST with ``X-Kannel`` headers, not a GET: an HTTP client may repeat a GET, and the password
stays out of addresses.

Source: Kannel's user guide, chapter "Setting up a SMS gateway"; its ``smsbox``.
"""

import re
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl

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
    sound_reference,
    sound_sender,
    sound_text,
)
from adapters.sms.rulings import (
    ACCOUNT,
    PERMANENT,
    Trouble,
    state_of,
    status_trouble,
    without_numbers,
    word,
)
from schemas.errors import Fault, InvariantError
from schemas.pages import (
    Capabilities,
    Dispatch,
    Health,
    Medium,
    Part,
    PartResult,
    Reply,
    Report,
    ReportState,
    Submitted,
)

PATH: Final = "/cgi-bin/sendsms"
REPORT_MASK: Final = 31
"""All: delivered 1, not delivered 2, queued 4, taken by the SMSC 8, refused by it 16."""
_UCS2: Final = 2
_ACCEPTED: Final = 202
_BAD_REQUEST: Final = 400
_FORBIDDEN: Final = 403
_NOBODY: Final = re.compile(r"Missing receiver", re.ASCII)
_ADDRESS: Final = re.compile(r"\+?[0-9]{3,20}", re.ASCII)
_STAT: Final = re.compile(r"\bstat:([A-Z]{5,8})\b", re.ASCII)
_ERR: Final = re.compile(r"\berr:([0-9A-Za-z]{1,8})\b", re.ASCII)
_STATES: Final[Mapping[str, ReportState]] = {
    "1": ReportState.DELIVERED,
    "2": ReportState.FAILED,
    "4": ReportState.ACCEPTED,
    "8": ReportState.ACCEPTED,
    "16": ReportState.FAILED,
    "32": ReportState.ACCEPTED,
}
_CHARSETS: Final[Mapping[str, str]] = {
    "utf-8": "utf-8",
    "utf-16be": "utf-16-be",
    "windows-1252": "cp1252",
    "iso-8859-1": "latin-1",
    "us-ascii": "ascii",
}


@dataclass(frozen=True, slots=True)
class KannelSettings:
    """One ``sendsms-user`` of one Kannel.

    Attributes:
        name: Of the provider in this node.
        base_url: Of its smsbox, e.g. ``http://127.0.0.1:13013``.
        service_number: Our number there; an extension stands behind it.
        smsc: Which of its links; empty leaves it to Kannel.
        callback_base: Scheme, host and port by which Kannel reaches our listener; empty: as we listen.
    """

    name: str
    username: str
    password: str = field(repr=False)
    base_url: str
    service_number: str
    smsc: str = ""
    extension: bool = True
    callback_base: str = ""
    heartbeat_seconds: float = 15.0
    call_seconds: float = CALL_SECONDS
    cost_fen: int = 0


class KannelSms:
    """Satisfies ``services.paging_ports.Pager`` by Kannel; also reads what it pushes."""

    thanks: Final = b""  # Kannel would send a text back to the officer
    thanks_type: Final = "text/plain"

    def __init__(
        self, settings: KannelSettings, *, session: aiohttp.ClientSession, clock: Clock, inbound: InboundHttp
    ) -> None:
        """Keep an open session; open nothing.

        Args:
            settings: The account.
            session: Borrowed; ends after this object.
            clock: For times and pauses.
            inbound: Where Kannel's GETs come in.

        Raises:
            RequestError: The base address is none.
        """
        self._settings = settings
        self._url = checked_url(settings.base_url, f"{settings.name}.base_url") + PATH
        self._clock, self._inbound = clock, inbound
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
        """Everything; we cut long texts."""
        extension, cost = self._settings.extension, self._settings.cost_fen
        return Capabilities(reply=True, report=True, extension=extension, segments=True, cost_fen=cost)

    def health(self) -> Health:
        """Return whether Kannel answers and knows us; how its own link to the carrier is, its reports tell."""
        return self._account.standing.health()

    def running(self, hear: Hear) -> AbstractAsyncContextManager[None]:
        """Take Kannel's GETs until the block ends."""
        return self._account.running(self, hear, self._beat_on)

    async def submit(self, dispatch: Dispatch) -> tuple[PartResult, ...]:
        """Hand the parts over one after the other; after the first trouble the rest is not tried."""
        if not dispatch.parts:
            raise InvariantError("an SMS for a provider with segments has no parts")
        if not _ADDRESS.fullmatch(dispatch.address):
            nobody = Trouble(PERMANENT, "address", "no telephone number")
            return tuple(nobody.refused(part.number) for part in dispatch.parts)
        results: list[PartResult] = []
        found: Trouble | None = None
        for part in dispatch.parts:
            if found is None:
                found = await self._send(dispatch, part)
            reference = reference_of(dispatch.page_id, part)
            results.append(Submitted(part.number, reference) if found is None else found.refused(part.number))
        return tuple(results)

    def read(self, push: Push) -> Read | Fault:
        """Return what a GET says."""
        if push.method != "GET":
            return METHOD
        if push.kind == REPORT:
            return read_report(push.query, self.name, push.heard_at)
        return read_reply(push.query, self.name, push.heard_at, self._settings.service_number)

    async def _send(self, dispatch: Dispatch, part: Part) -> Trouble | None:
        extension = dispatch.extension if self._settings.extension else ""
        back = self._inbound.address_of(self.name, REPORT, self._settings.callback_base)
        headers = {
            **self._who(),
            "X-Kannel-From": self._settings.service_number + extension,
            "X-Kannel-To": dispatch.address,
            "X-Kannel-Coding": str(_UCS2),
            "X-Kannel-DLR-Mask": str(REPORT_MASK),
            "X-Kannel-DLR-Url": f"{back}?ref={reference_of(dispatch.page_id, part)}&state=%d&said=%A",
        }
        if part.total > 1:
            headers["X-Kannel-UDH"] = f"050003{part.reference:02x}{part.total:02x}{part.number:02x}"
        if self._settings.smsc:
            headers["X-Kannel-SMSC"] = self._settings.smsc
        return await self._account.ask(Call("POST", self._url, headers, part.text.encode()), trouble_of)

    async def _beat_on(self) -> None:
        while True:
            what = Call("POST", self._url, self._who())  # to nobody: Kannel knows us, and refuses for that reason alone
            await self._account.ask(what, _trouble_with_nobody)
            await self._clock.sleep(self._settings.heartbeat_seconds)

    def _who(self) -> dict[str, str]:
        return {
            "Content-Type": "text/plain; charset=UTF-8",
            "X-Kannel-Username": self._settings.username,
            "X-Kannel-Password": self._settings.password,
        }


def reference_of(page_id: str, part: Part) -> str:
    """Return under what Kannel reports a part: the page's id, a dot, the part's number."""
    return f"{page_id}.{part.number}"


def trouble_of(answer: Answer) -> Trouble | None:
    """Return what Kannel's answer means; None if it took the part, to send now or when its link is back."""
    if answer.status == _ACCEPTED:
        return None
    said = without_numbers(answer.body[:400].decode("latin-1"))
    if answer.status == _FORBIDDEN:
        ruling = ACCOUNT if said.startswith("Authorization failed") else PERMANENT
        return Trouble(ruling, f"http.{answer.status}", said)
    if answer.status == _BAD_REQUEST:
        return Trouble(PERMANENT, f"http.{answer.status}", said)
    return replace(status_trouble(answer.status, answer.wait_seconds), text=said)


def _trouble_with_nobody(answer: Answer) -> Trouble | None:
    """Return what the answer to a submit to nobody means: that nobody is missing says that Kannel knows us."""
    return None if _NOBODY.search(answer.body.decode("latin-1")) else trouble_of(answer)


def read_report(query: str, provider: str, heard_at: datetime) -> Read | Fault:
    """Return the report in the query of our own dlr-url.

    ``state`` is Kannel's own number; where the carrier's receipt came with it, its ``stat`` decides: Kannel counts
    UNKNOWN among the failed.
    """
    values = _values(query)
    reference, state = _text(values, "ref", "utf-8"), _STATES.get(_text(values, "state", "ascii"))
    if state is None or not sound_reference(reference):
        return _UNKNOWN_QUERY
    said = _text(values, "said", "latin-1")
    stat, err = _STAT.search(said), _ERR.search(said)
    if stat is not None:
        code = stat[1] + (f"/{err[1]}" if err is not None and err[1].strip("0") else "")
        state = state_of(stat[1])
    else:
        code = word(without_numbers(said)) or f"dlr-{_text(values, 'state', 'ascii')}"
    return Read((Report(provider, reference, state, code, None, heard_at),))


def read_reply(query: str, provider: str, heard_at: datetime, service_number: str) -> Read | Fault:
    """Return the reply in the query of the sms-service's get-url, its text decoded by the charset that Kannel names.

    The query is ``sender=%p&receiver=%P&charset=%C&octets=%b&id=%I``.
    """
    values = _values(query)
    sender = _text(values, "sender", "ascii")
    charset = _CHARSETS.get(_text(values, "charset", "ascii").lower())
    if not sound_sender(sender) or "octets" not in values or charset is None:
        return _UNKNOWN_QUERY
    try:
        text = values["octets"].decode(charset)
    except UnicodeDecodeError:
        return Fault("push.charset", "octets", "the text is not in the charset that the query names")
    extension = extension_of(_text(values, "receiver", "ascii"), service_number)
    message_id = word(_text(values, "id", "ascii"))
    return Read((Reply(provider, message_id, sender, extension, sound_text(text), heard_at),))


_UNKNOWN_QUERY: Final = Fault(
    "push.malformed", "query", "let Kannel's get-url and dlr-url stand as docs/alerting/http.md gives them"
)


def _values(query: str) -> dict[str, bytes]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, encoding="latin-1", max_num_fields=32)
        return {name: value.encode("latin-1") for name, value in pairs}
    except ValueError:  # more fields than any of ours has, or characters that were not encoded
        return {}


def _text(values: Mapping[str, bytes], name: str, charset: str) -> str:
    return values.get(name, b"").decode(charset, errors="replace")
