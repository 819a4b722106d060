"""SMS by CMPP 2.0 or 3.0, straight to China Mobile's gateway.

Each part of an SMS is one submit that asks for a report, in UCS-2, with the header that joins it at the handset. The
sender's number is the service number with our code behind it, so that a bare reply resolves.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Final

import structlog

from adapters.sms.cmpp_bodies import Deliver, Submit, SubmitResp, Version
from adapters.sms.cmpp_codes import retry_of, state_of, time_of
from adapters.sms.cmpp_link import CmppLink
from adapters.sms.cmpp_pdu import parse_report
from adapters.sms.cmpp_session import Clock, Lapse
from adapters.sms.cmpp_settings import SRC_ID_MAX, CmppSettings
from adapters.sms.cmpp_text import UCS2, WAITING_MAX, Decoded, Joiner, Joining, Key, decode_text, part_content, piece_of
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

log = structlog.get_logger()

Hear = Callable[[Inbound], Awaitable[None]]

_NUMBER: Final = re.compile(r"\+?([0-9]{3,32})")
_EXTENSION: Final = re.compile(r"[0-9]*")
_TEXT_FAULT: Final = Fault(
    "cmpp.text", "text", "a part has at most 70 UTF-16 units alone, 67 among several, and no half of a surrogate pair"
)
_UNREADABLE: Final = 1
"""Result of a deliver: 消息结构错."""

_LAPSES: Final = {
    Lapse.LINK: (Retry.TEMPORARY, "no link to the gateway"),
    Lapse.WINDOW: (Retry.THROTTLED, "too much is under way"),
    Lapse.TIMEOUT: (Retry.TEMPORARY, "no answer in time; the part may have gone out"),
}


class CmppPager:
    """Satisfies ``services.paging_ports.Pager`` for one agreement with one gateway."""

    def __init__(self, settings: CmppSettings, *, clock: Clock) -> None:
        """Prepare; open nothing.

        Raises:
            RequestError: A setting does not fit the protocol.
        """
        faults = settings.faults()
        if faults:
            raise RequestError(*faults)
        self._settings, self._clock = settings, clock
        self._link = CmppLink(settings, clock=clock)
        self._inbox = _Inbox(settings, clock)

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
        """Everything but templates."""
        return Capabilities(reply=True, report=True, extension=True, segments=True, cost_fen=self._settings.cost_fen)

    def running(self, hear: Hear) -> AbstractAsyncContextManager[None]:
        """Keep the link for as long as the block lasts; reports and replies go to ``hear``."""
        return self._link.running(self._inbox.taking(hear))

    async def submit(self, dispatch: Dispatch) -> tuple[PartResult, ...]:
        """Hand the parts over, one result for each; the window decides how many are under way at once."""
        fault = self._fault_of(dispatch)
        bodies = [
            self._body(dispatch, part, content) for part in dispatch.parts if (content := _content(part)) is not None
        ]
        if fault is None and len(bodies) < len(dispatch.parts):
            fault = _TEXT_FAULT
        if fault is not None:  # of the page or of one part: half a text is worse than none
            refused = [Refused(part.number, Retry.PERMANENT, fault.field, fault.mend) for part in dispatch.parts]
            return tuple(refused or [Refused(1, Retry.PERMANENT, fault.field, fault.mend)])
        return tuple(await asyncio.gather(*map(self._submit_part, dispatch.parts, bodies)))

    def health(self) -> Health:
        """Return how the link is doing."""
        return self._link.health()

    def _fault_of(self, dispatch: Dispatch) -> Fault | None:
        number = _NUMBER.fullmatch(dispatch.address)
        width = 21 if self._settings.version is Version.V2 else 32
        if number is None or len(number[1]) > width:
            return Fault("cmpp.address", "address", f"give a telephone number of 3 to {width} digits")
        source = self._settings.service_number + dispatch.extension
        if len(source) > SRC_ID_MAX or _EXTENSION.fullmatch(dispatch.extension) is None:
            return Fault("cmpp.extension", "extension", f"service number and code have at most {SRC_ID_MAX} digits")
        if not dispatch.parts:
            return Fault("cmpp.parts", "parts", "cut the text into parts")
        return None

    async def _submit_part(self, part: Part, body: Submit) -> PartResult:
        answer = await self._link.submit(body)
        if isinstance(answer, Lapse):
            retry, text = _LAPSES[answer]
            return Refused(part.number, retry, answer.value, text)
        return self._result(part, answer)

    def _result(self, part: Part, answer: SubmitResp) -> PartResult:
        if answer.result == 0:
            return Submitted(part.number, reference_of(answer.msg_id))
        retry, text = retry_of(answer.result, self._settings.version)
        return Refused(part.number, retry, str(answer.result), text)

    def _body(self, dispatch: Dispatch, part: Part, content: bytes) -> Submit:
        settings = self._settings
        return Submit(
            msg_src=settings.source_addr,
            src_id=settings.service_number + dispatch.extension,
            dest_terminal_ids=(dispatch.address.removeprefix("+"),),
            content=content,
            msg_fmt=UCS2,
            pk_total=part.total,
            pk_number=part.number,
            msg_level=settings.msg_level,
            service_id=settings.service_id,
            fee_user_type=settings.fee_user_type,
            fee_terminal_id=settings.fee_terminal_id,
            tp_udhi=1 if part.total > 1 else 0,
            fee_type=settings.fee_type,
            fee_code=settings.fee_code,
        )


class _Inbox:
    """Turns what the gateway delivers into reports and replies, and answers when they are kept."""

    def __init__(self, settings: CmppSettings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._joiner = Joiner()
        self._waiting = 0
        self._waits: dict[Key, tuple[asyncio.Event, asyncio.Future[int | None]]] = {}

    def taking(self, hear: Hear) -> Callable[[Deliver], Awaitable[int | None]]:
        async def take(deliver: Deliver) -> int | None:
            if deliver.registered_delivery == 1:
                return await self._take_report(deliver, hear)
            return await self._take_reply(deliver, hear)

        return take

    async def _take_report(self, deliver: Deliver, hear: Hear) -> int | None:
        report = parse_report(deliver.content)
        if isinstance(report, Fault):
            log.warning("cmpp.report_unreadable", provider=self._settings.name, size=len(deliver.content))
            return _UNREADABLE
        now = self._clock.now()
        heard = Report(
            provider=self._settings.name,
            reference=reference_of(report.msg_id),
            state=state_of(report.stat),
            code=report.stat,
            done_at=time_of(report.done_time, now),
            heard_at=now,
        )
        return await self._keep(heard, hear)

    async def _take_reply(self, deliver: Deliver, hear: Hear) -> int | None:
        piece = piece_of(deliver)
        if piece.total > 1 and self._joiner.is_kept(deliver):
            return 0
        together = piece.total > 1 and self._waiting < WAITING_MAX
        added = self._joiner.add(deliver, piece) if together else None
        if added is None:
            return await self._keep_reply(deliver, deliver.msg_id, decode_text(deliver.msg_fmt, piece.octets), hear)
        self._waiting += 1
        try:
            return await self._take_part(deliver, *added, hear)
        finally:
            self._waiting -= 1

    async def _take_part(self, deliver: Deliver, key: Key, joining: Joining, hear: Hear) -> int | None:
        if key not in self._waits:
            return await self._join(deliver, key, joining, hear)
        whole, kept = self._waits[key]
        if joining.whole:
            whole.set()
        return await asyncio.shield(kept)

    async def _join(self, deliver: Deliver, key: Key, joining: Joining, hear: Hear) -> int | None:
        """Wait for the other parts, then keep all as one; whoever brought another part waits for the outcome.

        No part is confirmed before all are kept. A gateway that sends one at a time gets its answer when the wait is
        over: then the parts come through one by one, with ``…`` for the others.
        """
        whole, kept = self._waits[key] = asyncio.Event(), asyncio.get_running_loop().create_future()
        result: int | None = None
        try:
            await _either(whole.wait(), self._clock.sleep(self._settings.join_seconds))
            self._forget(key)
            result = await self._keep_reply(deliver, joining.msg_id, joining.text(), hear)
            if result == 0:
                self._joiner.note_kept(joining)
        finally:
            self._forget(key)
            kept.set_result(result)
        return result

    def _forget(self, key: Key) -> None:
        self._joiner.remove(key)
        self._waits.pop(key, None)

    async def _keep_reply(self, deliver: Deliver, msg_id: int, decoded: Decoded, hear: Hear) -> int | None:
        if not decoded.faithful:
            log.warning("cmpp.reply_undecoded", provider=self._settings.name, msg_fmt=deliver.msg_fmt)
        ours = self._settings.service_number
        reply = Reply(
            provider=self._settings.name,
            message_id=reference_of(msg_id),
            sender=deliver.src_terminal_id,
            extension=deliver.dest_id.removeprefix(ours) if deliver.dest_id.startswith(ours) else "",
            text=decoded.text,
            heard_at=self._clock.now(),
        )
        return await self._keep(reply, hear)

    async def _keep(self, heard: Inbound, hear: Hear) -> int | None:
        try:
            await hear(heard)
        except UnavailableError as exc:
            log.warning("cmpp.deliver_deferred", provider=self._settings.name, code=exc.code)
            return None  # no answer at all: after T the gateway sends again; an error result would end it
        return 0


def _content(part: Part) -> bytes | None:
    return part_content(part.text, number=part.number, total=part.total, reference=part.reference)


def reference_of(msg_id: int) -> str:
    """Return Msg_Id as the reference we keep: its 8 octets as 16 lower-case hexadecimal digits."""
    return f"{msg_id:016x}"


async def _either(*work: Awaitable[object]) -> None:
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
