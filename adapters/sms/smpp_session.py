"""One connection to an SMSC, from the bind to its end: who waits for which answer, the window, the enquiries.

Nothing here connects again or knows a page. What ends the connection is a ``LinkOverError`` that says why.
"""

import asyncio
import errno
from collections.abc import Awaitable, Callable, Container, Coroutine
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Final, NoReturn, Protocol

from adapters.sms.smpp_pdu import (
    RESPONSE,
    SEQUENCE_MAX,
    Bind,
    Command,
    Frames,
    Message,
    Pdu,
    spell,
    spell_bind,
    spell_message,
    spell_text,
)
from adapters.sms.smpp_settings import SmppSettings
from adapters.sms.smpp_status import Status, status_name
from schemas.errors import Fault, UnavailableError

INBOUND_MAX: Final = 1000
"""Texts and receipts that are being kept at one time; more are refused for now, and the far side sends them again."""
_READ_BYTES: Final = 64 * 1024
_UNREAD_MAX_BYTES: Final = 1024 * 1024
_TICK_SECONDS: Final = 0.5

Handle = Callable[[bytes], Awaitable[int | None]]
"""Takes the body of a ``deliver_sm``; returns the status to answer with, or None for no answer."""


class Clock(Protocol):
    """The part of ``services.ports.Clock`` that is used."""

    def now(self) -> datetime:
        """Return aware UTC."""

    def monotonic(self) -> float:
        """Return seconds that never go back."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


class LinkOverError(UnavailableError):
    """The connection ended, or must end. ``status`` is that of a refused bind."""

    code: ClassVar[str] = "sms.link_over"

    def __init__(self, problem: str, status: int = 0) -> None:
        """Say why in one line without secrets or numbers."""
        super().__init__(problem)
        self.problem, self.status = problem, status


class Unanswered(StrEnum):
    """Why there is no answer."""

    TIMEOUT = "timeout"
    """It was sent, and no answer came in time or before the connection ended: it may have been carried out."""
    UNBOUND = "unbound"
    """It was not sent."""


@dataclass(slots=True)
class Counts:
    """What a link met since the node began, beside what it is for."""

    binds: int = 0
    unknown_commands: int = 0
    """Answered by ``generic_nack``."""
    unexpected_answers: int = 0
    """To nothing that waits: too late, twice, or of another kind."""
    ignored: int = 0
    refused_inbound: int = 0
    """Not kept for now; the far side was asked to send it again."""
    unreadable: int = 0


@dataclass(slots=True)
class _Waiting:
    command: Command
    answer: "asyncio.Future[Pdu | Unanswered]"
    until: float


class Handlings:
    """What is being kept now. It may outlive the connection that brought it, so all connections share one bound."""

    def __init__(self, tasks: asyncio.TaskGroup) -> None:
        """Run everything in a group: a bug in it ends the group."""
        self._group = tasks
        self.tasks: set[asyncio.Task[None]] = set()

    @property
    def full(self) -> bool:
        """Whether no more is taken for now."""
        return len(self.tasks) >= INBOUND_MAX

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run one more beside the others."""
        task = self._group.create_task(work, name="smpp-deliver")
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


class Session:
    """Talks to an SMSC over one open connection."""

    def __init__(
        self,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        settings: SmppSettings,
        *,
        clock: Clock,
        handle: Handle,
        handlings: Handlings,
        on_bound: Callable[[], None],
        counts: Counts,
        first_sequence: int = 1,
    ) -> None:
        """Take an open connection; write nothing yet.

        Args:
            streams: Of the connection; closed when ``run`` ends.
            settings: As whom to bind, how much may wait, and how long.
            clock: Measures every waiting time.
            handle: Where a ``deliver_sm`` goes.
            handlings: Where it is handled.
            on_bound: Called once the far side has taken us in.
            counts: Counted on here.
            first_sequence: The number of the first PDU, up to 0x7FFFFFFF.
        """
        self._reader, self._writer = streams
        self._clock, self._handle, self._handlings = clock, handle, handlings
        self._on_bound, self._counts = on_bound, counts
        self._who = Bind(settings.system_id, settings.password, settings.system_type)
        self._window = asyncio.Semaphore(settings.window)
        self._enquire_seconds, self._timeout_seconds = settings.enquire_seconds, settings.timeout_seconds
        self._sequence = first_sequence
        self._waiting: dict[int, _Waiting] = {}
        self._enquired_at = clock.monotonic()
        self._leaving, self._over = False, False
        self.bound = False
        self.last_heard_at: datetime | None = None

    async def run(self) -> NoReturn:
        """Bind and serve until the connection ends.

        Raises:
            LinkOverError: It ended, which is the only way out.
        """
        over: LinkOverError | None = None
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._read(), name="smpp-read")
                tasks.create_task(self._watch(), name="smpp-watch")
                tasks.create_task(self._bind(), name="smpp-bind")
        except* LinkOverError as group:
            over = _first(group)
        finally:
            self._end()
        raise over or LinkOverError("the link ended")

    async def submit(self, message: Message) -> Pdu | Unanswered:
        """Send one part when there is room in the window; return its answer."""
        async with self._window:
            if not self.bound or self._leaving:
                return Unanswered.UNBOUND
            return await self._send(Command.SUBMIT_SM, spell_message(message))

    def close(self) -> None:
        """Take no more pages and no more texts; what is under way goes on."""
        self._leaving = True

    async def unbind(self) -> None:
        """Take leave; returns once the far side has answered, or did not in time."""
        if self.bound:
            self.bound = False
            await self._send(Command.UNBIND)

    async def _bind(self) -> None:
        answer = await self._send(Command.BIND_TRANSCEIVER, spell_bind(self._who))
        if isinstance(answer, Unanswered):
            raise LinkOverError(f"no answer to the bind within {self._timeout_seconds:g} s")
        if answer.status != Status.ESME_ROK:
            raise LinkOverError(f"bind refused: {status_name(answer.status)}", answer.status)

    # -- what comes ------------------------------------------------------------------------------------

    async def _read(self) -> None:
        frames = Frames()
        while True:
            try:
                octets = await self._reader.read(_READ_BYTES)
            except OSError as exc:
                raise LinkOverError(f"the connection broke: {cause(exc)}") from exc
            if not octets:
                raise LinkOverError("the far side closed the connection")
            frames.feed(octets)
            while (found := frames.take()) is not None:
                if isinstance(found, Fault):
                    raise LinkOverError(f"the far side sent what is no SMPP: {found.mend}")
                self.last_heard_at = self._clock.now()
                self._hear(found)
            if self._writer.transport.get_write_buffer_size() > _UNREAD_MAX_BYTES:
                raise LinkOverError("the far side does not read our answers")

    def _hear(self, pdu: Pdu) -> None:
        match pdu.command:
            case Command.DELIVER_SM:
                self._delivered(pdu)
            case Command.ENQUIRE_LINK:
                self._answer(pdu, Command.ENQUIRE_LINK_RESP, Status.ESME_ROK)
            case Command.UNBIND:
                self._answer(pdu, Command.UNBIND_RESP, Status.ESME_ROK)
                raise LinkOverError("the far side unbound us")
            case Command.ALERT_NOTIFICATION:
                self._counts.ignored += 1
            case command if command & RESPONSE:
                self._answered(pdu)
            case _:
                self._counts.unknown_commands += 1
                self._answer(pdu, Command.GENERIC_NACK, Status.ESME_RINVCMDID)

    def _delivered(self, pdu: Pdu) -> None:
        if not self.bound or self._leaving or self._handlings.full:
            self._counts.refused_inbound += 1
            self._answer(pdu, Command.DELIVER_SM_RESP, Status.ESME_RX_T_APPN)
        else:
            self._handlings.spawn(self._handled(pdu))

    async def _handled(self, pdu: Pdu) -> None:
        status = await self._handle(pdu.body)
        if status is None or self._over:
            return  # not confirmed: the far side sends it again
        if status == Status.ESME_RX_T_APPN:
            self._counts.refused_inbound += 1
        self._answer(pdu, Command.DELIVER_SM_RESP, status)

    def _answered(self, pdu: Pdu) -> None:
        waiting = self._waiting.get(pdu.sequence)
        if waiting is None or pdu.command not in {waiting.command | RESPONSE, Command.GENERIC_NACK}:
            self._counts.unexpected_answers += 1
            return
        del self._waiting[pdu.sequence]
        if pdu.command == Command.GENERIC_NACK and pdu.status == Status.ESME_ROK:
            pdu = replace(pdu, status=Status.ESME_RUNKNOWNERR)  # a refusal that says "no error" is one all the same
        if waiting.command == Command.BIND_TRANSCEIVER and pdu.status == Status.ESME_ROK:
            self._taken_in()  # now: a text may follow in the same segment
        _set(waiting, pdu)

    def _taken_in(self) -> None:
        self.bound = True
        self._enquired_at = self._clock.monotonic()
        self._on_bound()

    # -- what goes -------------------------------------------------------------------------------------

    def _send(self, command: Command, body: bytes = b"") -> "asyncio.Future[Pdu | Unanswered]":
        sequence = free_sequence(self._sequence, self._waiting)
        self._sequence = sequence % SEQUENCE_MAX + 1
        answer: asyncio.Future[Pdu | Unanswered] = asyncio.get_running_loop().create_future()
        self._waiting[sequence] = _Waiting(command, answer, self._clock.monotonic() + self._timeout_seconds)
        self._writer.write(spell(Pdu(command, Status.ESME_ROK, sequence, body)))
        return answer

    def _answer(self, pdu: Pdu, command: Command, status: int) -> None:
        body = spell_text("") if command == Command.DELIVER_SM_RESP else b""
        self._writer.write(spell(Pdu(command, status, pdu.sequence, body)))

    async def _watch(self) -> NoReturn:
        """End what waited too long, and try the link."""
        while True:
            await self._clock.sleep(_TICK_SECONDS)
            now = self._clock.monotonic()
            for sequence in [number for number, one in self._waiting.items() if one.until <= now]:
                waiting = self._waiting.pop(sequence)
                if waiting.command == Command.ENQUIRE_LINK:
                    raise LinkOverError(f"no answer to enquire_link within {self._timeout_seconds:g} s")
                _set(waiting, Unanswered.TIMEOUT)
            if self.bound and now - self._enquired_at >= self._enquire_seconds:
                self._enquired_at = now
                self._send(Command.ENQUIRE_LINK)

    def _end(self) -> None:
        self.bound, self._over = False, True
        for waiting in self._waiting.values():
            _set(waiting, Unanswered.TIMEOUT)
        self._waiting.clear()
        self._writer.close()


def free_sequence(first: int, taken: Container[int], last: int = SEQUENCE_MAX) -> int:
    """Return the next sequence number from ``first`` on that nobody waits under; after ``last`` comes 1."""
    while first in taken:
        first = first % last + 1
    return first


def cause(exc: OSError) -> str:
    """Return an operating system's error in a word: no address is in it."""
    reason = getattr(exc, "reason", None)
    if isinstance(reason, str):
        return reason  # of TLS, e.g. CERTIFICATE_VERIFY_FAILED
    return errno.errorcode.get(exc.errno or 0, type(exc).__name__)


def _set(waiting: _Waiting, answer: Pdu | Unanswered) -> None:
    if not waiting.answer.done():  # whoever asked may have been cancelled
        waiting.answer.set_result(answer)


def _first(group: BaseExceptionGroup[LinkOverError]) -> LinkOverError:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first
