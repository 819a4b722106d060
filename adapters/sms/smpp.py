"""SMPP 3.4 as a way to reach people: pages become ``submit_sm``, ``deliver_sm`` becomes reports and replies.

Source: docs/alerting/smpp.md; docs/decisions/0030-speak-smpp-and-cmpp.md
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta, timezone
from typing import Final

import structlog

from adapters.sms.smpp_inbound import read_inbound
from adapters.sms.smpp_joining import Joiner, Joining, Key, Piece
from adapters.sms.smpp_link import SmppLink
from adapters.sms.smpp_pdu import Address, Message, Pdu, parse_text
from adapters.sms.smpp_receipts import Receipt
from adapters.sms.smpp_session import Clock, Counts, Unanswered
from adapters.sms.smpp_settings import SmppSettings
from adapters.sms.smpp_status import Status, retry_of, status_name
from adapters.sms.smpp_text import UCS2, decoded, spell_part
from schemas.errors import Fault, RequestError, UnavailableError
from schemas.pages import (
    Capabilities,
    Dispatch,
    Health,
    Inbound,
    Medium,
    Part,
    PartResult,
    Refused,
    Reply,
    Report,
    Retry,
    Submitted,
)

_ADDRESS_MAX: Final = 20
_INTERNATIONAL: Final = 1
_REPORT_WANTED: Final = 1
_COUNTRY_CODES: Final = ("", "86", "0086")
_SWEEP_SECONDS: Final = 0.5

Hear = Callable[[Inbound], Awaitable[None]]
"""As ``services.paging_ports.Hear``: keeps what came back, or raises ``UnavailableError``."""

log = structlog.get_logger()


class SmppPager:
    """Satisfies ``services.paging_ports.Pager`` for one carrier's SMPP access."""

    def __init__(
        self,
        name: str,
        settings: SmppSettings,
        *,
        clock: Clock,
        jitter: Callable[[], float],
        tls: ssl.SSLContext | None = None,
        first_sequence: int = 1,
    ) -> None:
        """Prepare; open nothing.

        Args:
            name: Of the provider, as configured.
            settings: Of the carrier's access.
            clock: Measures every waiting time and dates what is heard.
            jitter: Returns a number from 0 to 1.
            tls: For a carrier that wants TLS.
            first_sequence: The number of the first PDU of each connection.

        Raises:
            RequestError: The settings cannot be right.
        """
        if faults := settings.faults():
            raise RequestError(*faults)
        self._name, self._settings, self._clock = name, settings, clock
        self._zone = timezone(timedelta(hours=settings.utc_offset_hours))
        self._hear: Hear = _nobody
        self._joiner = Joiner(settings.join_seconds)
        self._outcomes: dict[Key, asyncio.Future[int | None]] = {}
        self._link = SmppLink(
            name,
            settings,
            clock=clock,
            jitter=jitter,
            handle=self._handle,
            on_lost=self._forget,
            tls=tls,
            first_sequence=first_sequence,
        )

    @property
    def name(self) -> str:
        """As configured."""
        return self._name

    @property
    def medium(self) -> Medium:
        """SMS."""
        return Medium.SMS

    @property
    def capabilities(self) -> Capabilities:
        """Everything but templates."""
        settings = self._settings
        return Capabilities(
            reply=True, report=True, extension=settings.extension, segments=True, cost_fen=settings.cost_fen
        )

    @property
    def counts(self) -> Counts:
        """What the link met since the node began."""
        return self._link.counts

    @asynccontextmanager
    async def running(self, hear: Hear) -> AsyncIterator[None]:
        """Keep the link for as long as the block lasts; what comes back goes to ``hear`` before it is confirmed."""
        self._hear = hear
        async with self._link.running(self._sweep()):
            yield

    async def submit(self, dispatch: Dispatch) -> tuple[PartResult, ...]:
        """Hand the parts over, in order, without waiting for one before the next; return one result for each."""
        if not dispatch.parts:
            return (Refused(1, Retry.PERMANENT, "sms.parts", "a page by SMS has at least one part"),)
        return tuple(await asyncio.gather(*(self._submit(dispatch, part) for part in dispatch.parts)))

    def health(self) -> Health:
        """Return how the link is doing now."""
        return self._link.health()

    # -- out -------------------------------------------------------------------------------------------

    async def _submit(self, dispatch: Dispatch, part: Part) -> PartResult:
        message = self._message(dispatch, part)
        if isinstance(message, Fault):
            return Refused(part.number, Retry.PERMANENT, message.code, message.mend)
        answer = await self._link.submit(message)
        if isinstance(answer, Pdu) and answer.status == Status.ESME_ROK:
            return Submitted(part.number, self._settings.message_ids.from_response(parse_text(answer.body)))
        return _refused(part.number, answer)

    def _message(self, dispatch: Dispatch, part: Part) -> Message | Fault:
        settings = self._settings
        source = settings.number + dispatch.extension
        to = dispatch.address.removeprefix("+")
        if not _is_number(source):
            return Fault("sms.extension", "extension", f"digits, at most {_ADDRESS_MAX} with our number")
        if not _is_number(to):
            return Fault("sms.address", "address", f"a telephone number of at most {_ADDRESS_MAX} digits")
        spelled = spell_part(part)
        if isinstance(spelled, Fault):
            return spelled
        ton = _INTERNATIONAL if to != dispatch.address else settings.destination_ton
        return Message(
            Address(settings.source_ton, settings.source_npi, source),
            Address(ton, settings.destination_npi, to),
            short_message=spelled[1],
            esm_class=spelled[0],
            data_coding=UCS2,
            registered_delivery=_REPORT_WANTED,
            validity_period=validity(settings.validity_seconds),
            service_type=settings.service_type,
        )

    # -- in --------------------------------------------------------------------------------------------

    async def _handle(self, body: bytes) -> int | None:
        match read_inbound(body, self._settings.alphabet, self._zone):
            case Fault() as fault:
                self._unreadable(fault)
                return Status.ESME_RX_P_APPN
            case Receipt() as receipt:
                return await self._reported(receipt)
            case Piece() as piece:
                return await self._replied(piece)

    async def _reported(self, receipt: Receipt) -> int:
        reference = self._settings.message_ids.from_receipt(receipt.message_id)
        heard_at = self._clock.now()
        return await self._keep(Report(self._name, reference, receipt.state, receipt.code, receipt.done_at, heard_at))

    async def _replied(self, piece: Piece) -> int | None:
        if piece.doubt is not None:
            self._unreadable(piece.doubt)
        if piece.total == 1:
            return await self._keep(self._reply(piece.sender, piece.receiver, decoded(piece.octets, piece.alphabet)))
        if self._joiner.known(piece, self._clock.monotonic()):
            return Status.ESME_ROK
        joining, crowded = self._joiner.add(piece, self._clock.monotonic())
        outcome = self._outcomes.setdefault(joining.key, asyncio.get_running_loop().create_future())
        for one in (*crowded, *([joining] if joining.whole else [])):
            await self._hand_over(one)
        return await outcome

    async def _hand_over(self, joining: Joining) -> None:
        outcome = self._outcomes.pop(joining.key)
        status = await self._keep(self._reply(joining.key[0], joining.key[1], joining.text()))
        if status == Status.ESME_ROK:
            self._joiner.finish(joining, self._clock.monotonic())
        outcome.set_result(status)

    def _reply(self, sender: str, receiver: str, text: str) -> Reply:
        extension = extension_of(receiver, self._settings.number)
        return Reply(self._name, "", sender, extension, text, self._clock.now())

    async def _keep(self, inbound: Inbound) -> int:
        """Hand over what came back; return the status to answer with."""
        try:
            await self._hear(inbound)
        except UnavailableError:
            return Status.ESME_RX_T_APPN
        return Status.ESME_ROK

    async def _sweep(self) -> None:
        """Hand over long texts whose other parts do not come."""
        while True:
            await self._clock.sleep(_SWEEP_SECONDS)
            for joining in self._joiner.overdue(self._clock.monotonic()):
                await self._hand_over(joining)

    def _forget(self) -> None:
        """Drop what waits for more parts: it was not confirmed on the connection that is gone, so it comes again."""
        for joining in self._joiner.clear():
            self._outcomes.pop(joining.key).set_result(None)

    def _unreadable(self, fault: Fault) -> None:
        self.counts.unreadable += 1
        log.warning("smpp.unreadable", provider=self._name, code=fault.code, field=fault.field, mend=fault.mend)


async def _nobody(_inbound: Inbound) -> None:
    raise UnavailableError("nobody keeps what comes back")


def _refused(number: int, answer: Pdu | Unanswered) -> Refused:
    match answer:
        case Unanswered.UNBOUND:
            return Refused(number, Retry.TEMPORARY, answer, "there is no link to the carrier now")
        case Unanswered.TIMEOUT:
            return Refused(number, Retry.TEMPORARY, answer, "the carrier did not answer; it may have taken it")
        case Pdu():
            return Refused(number, retry_of(answer.status), status_name(answer.status))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _ADDRESS_MAX


def extension_of(receiver: str, number: str) -> str:
    """Return the digits behind our own number, whether or not the carrier puts the country's code before it."""
    bare = receiver.removeprefix("+")
    for code in _COUNTRY_CODES:
        rest = bare.removeprefix(code + number)
        if rest != bare:
            return rest if rest.isascii() and rest.isdecimal() else ""
    return ""


def validity(seconds: int) -> str:
    """Return a relative validity period as SMPP spells it, ``YYMMDDhhmmss000R``; empty for none."""
    if not seconds:
        return ""
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return f"0000{days:02d}{hour:02d}{minute:02d}{second:02d}000R"
