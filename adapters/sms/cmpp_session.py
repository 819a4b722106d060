"""One connection to a CMPP gateway: let in, kept alive, ended. ``cmpp_link`` makes the next one.

Several packets are under way at once, at most a window of submits; an answer finds its submit by the sequence number.
One task looks at the clock twice a second for everything that can be late.
"""

import asyncio
import contextlib
import hmac
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import ClassVar, Final, Protocol

from adapters.sms.cmpp_bodies import (
    ActiveTest,
    ActiveTestResp,
    Body,
    Connect,
    ConnectResp,
    Deliver,
    DeliverResp,
    Packet,
    Submit,
    SubmitResp,
    Terminate,
    TerminateResp,
    Version,
)
from adapters.sms.cmpp_codes import FLOW_CONTROL, connect_timestamp, refusal_of
from adapters.sms.cmpp_pdu import SEQUENCE_MAX, authenticator_ismg, authenticator_source, decode, encode, take_packet
from adapters.sms.cmpp_settings import CmppSettings
from schemas.errors import Fault, UnavailableError

_READ_BYTES: Final = 64 * 1024
_TICK_SECONDS: Final = 0.5
_WAITING_MAX: Final = 4096
"""Submits that wait for a place in the window; what is more is told at once."""
_DELIVERING_MAX: Final = 256
"""Delivers whose keeping is under way; with so many nothing more is read."""
_PAUSE_SECONDS: Final = 1.0
_PAUSE_MAX_SECONDS: Final = 8.0
_GOODBYE_SECONDS: Final = 2.0

Take = Callable[[Deliver], Awaitable[int | None]]
"""Keeps what came and returns the result to answer; None: no answer, so that the gateway sends again."""


class Clock(Protocol):
    """Time, as ``services.ports.Clock`` has it."""

    def now(self) -> datetime:
        """Return aware UTC."""

    def monotonic(self) -> float:
        """Return seconds that never go back."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


class LinkEndedError(UnavailableError):
    """The connection is over.

    Attributes:
        problem: Why, one line without secrets and numbers.
        refused: The gateway does not want us as we are: trying again soon is of no use.
    """

    code: ClassVar[str] = "cmpp.link_ended"

    def __init__(self, problem: str, *, refused: bool = False) -> None:
        """Carry the reason."""
        super().__init__(problem)
        self.problem = problem
        self.refused = refused


class Lapse(Enum):
    """Why a submit has no answer."""

    LINK = "link"
    """It never went out."""
    WINDOW = "window"
    """It never went out: too much was under way for too long."""
    TIMEOUT = "timeout"
    """It went out; the answer did not come in time, or the link broke first."""


class Sequence:
    """Numbers the packets of all connections of one link; after the highest comes 1."""

    def __init__(self, first: int = 1) -> None:
        """``first``: what the next packet gets."""
        self._last = (first - 1) % SEQUENCE_MAX

    def take(self) -> int:
        """Return the next number, 1 to 0xFFFFFFFF."""
        self._last = self._last % SEQUENCE_MAX + 1
        return self._last


@dataclass(slots=True)
class _Waiting:
    body: Submit
    answer: asyncio.Future[SubmitResp | Lapse]
    until: float


class Session:
    """One connection, already open."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        settings: CmppSettings,
        *,
        clock: Clock,
        sequence: Sequence,
        take: Take,
    ) -> None:
        """Borrow the streams; the caller closes them."""
        self._reader, self._writer = reader, writer
        self._settings, self._clock, self._sequence, self._take = settings, clock, sequence, take
        self._buffer = bytearray()
        self._delivering = asyncio.Semaphore(_DELIVERING_MAX)
        self._queue: deque[_Waiting] = deque()
        self._pending: dict[int, _Waiting] = {}
        self._pause, self._paused_until = _PAUSE_SECONDS, 0.0
        self._unanswered = 0
        self._open = True
        self._ended = asyncio.Event()
        self.heard_at: datetime | None = None
        """When the gateway was last heard, aware UTC."""

    # -- being let in ---------------------------------------------------------------------------------

    async def greet(self) -> None:
        """Ask to be let in and prove both sides.

        Raises:
            LinkEndedError: We were not let in, or it is not our gateway.
        """
        settings = self._settings
        timestamp = connect_timestamp(self._clock.now())
        proof = authenticator_source(settings.source_addr, settings.secret, timestamp)
        self._write(Connect(settings.source_addr, proof, settings.version, timestamp))
        answer = (await self._next()).body
        if not isinstance(answer, ConnectResp):
            raise LinkEndedError(f"the gateway answers CMPP_CONNECT with {type(answer).__name__}")
        if answer.status != 0:
            reason = f"CMPP_CONNECT refused with status {answer.status}: {refusal_of(answer.status)}"
            raise LinkEndedError(f"{reason}; it says version {answer.version >> 4}.{answer.version & 15}", refused=True)
        if answer.form is not settings.version:
            told = f"the gateway answers in the form of {answer.form >> 4}.0, {settings.version >> 4}.0 is agreed"
            raise LinkEndedError(told, refused=True)
        if settings.check_gateway and not _proves(answer, proof, settings.secret):
            raise LinkEndedError("the gateway does not prove that it knows the shared secret", refused=True)

    # -- submitting -----------------------------------------------------------------------------------

    async def submit(self, body: Submit) -> SubmitResp | Lapse:
        """Send one part as soon as the window has a place; return the gateway's answer."""
        if not self._open:
            return Lapse.LINK
        if len(self._queue) >= _WAITING_MAX:
            return Lapse.WINDOW
        answer: asyncio.Future[SubmitResp | Lapse] = asyncio.get_running_loop().create_future()
        self._queue.append(_Waiting(body, answer, self._clock.monotonic() + self._settings.response_seconds))
        self._admit()
        return await answer

    def _admit(self) -> None:
        """Send what waits, as far as the window and the gateway's flow control let us."""
        now = self._clock.monotonic()
        while self._open and self._queue and len(self._pending) < self._settings.window and now >= self._paused_until:
            waiting = self._queue.popleft()
            if waiting.answer.done():
                continue
            waiting.until = now + self._settings.response_seconds
            self._pending[self._write(waiting.body)] = waiting

    def _settle(self, sequence: int, answer: SubmitResp) -> None:
        now = self._clock.monotonic()
        if answer.result == FLOW_CONTROL and now >= self._paused_until:  # the others of the same burst count no more
            self._paused_until = now + self._pause
            self._pause = min(self._pause * 2, _PAUSE_MAX_SECONDS)
        elif answer.result == 0:
            self._pause = _PAUSE_SECONDS
        waiting = self._pending.pop(sequence, None)
        if waiting is not None:
            _tell(waiting, answer)
        self._admit()

    # -- living ---------------------------------------------------------------------------------------

    async def run(self) -> LinkEndedError:
        """Serve the connection until it ends; return why it did."""
        why = LinkEndedError("the connection ended")
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._read(tasks), name="cmpp-read")
                tasks.create_task(self._watch(), name="cmpp-watch")
        except* LinkEndedError as group:
            why = next(error for error in _leaves(group) if isinstance(error, LinkEndedError))
        finally:
            self._close_books()
        return why

    async def say_goodbye(self) -> None:
        """Send CMPP_TERMINATE and wait a little for its answer; ``run`` goes on meanwhile."""
        self._open = False
        if self._ended.is_set():
            return
        self._write(Terminate())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await self._ended.wait()

    def _close_books(self) -> None:
        self._open = False
        self._ended.set()
        for waiting in self._queue:
            _tell(waiting, Lapse.LINK)
        for waiting in self._pending.values():
            _tell(waiting, Lapse.TIMEOUT)
        self._queue.clear()
        self._pending.clear()

    async def _watch(self) -> None:
        next_test = self._clock.monotonic() + self._settings.test_seconds
        while True:
            await self._clock.sleep(_TICK_SECONDS)
            now = self._clock.monotonic()
            if now >= next_test:
                next_test = now + self._settings.test_seconds
                self._test()
            self._expire(now)
            self._admit()

    def _test(self) -> None:
        if self._unanswered >= self._settings.tests_unanswered:
            raise LinkEndedError(f"{self._unanswered} active tests without an answer")
        self._unanswered += 1
        self._write(ActiveTest())

    def _expire(self, now: float) -> None:
        for sequence in [sequence for sequence, waiting in self._pending.items() if waiting.until <= now]:
            _tell(self._pending.pop(sequence), Lapse.TIMEOUT)
        while self._queue and self._queue[0].until <= now:
            _tell(self._queue.popleft(), Lapse.WINDOW)

    async def _read(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            packet = await self._next()
            match packet.body:
                case SubmitResp() as answer:
                    self._settle(packet.sequence, answer)
                case Deliver() as deliver:
                    await self._delivering.acquire()
                    tasks.create_task(self._deliver(packet.sequence, deliver), name="cmpp-deliver")
                case ActiveTest():
                    self._write(ActiveTestResp(), packet.sequence)
                    await self._drain()
                case ActiveTestResp():
                    self._unanswered = 0
                case Terminate():
                    self._write(TerminateResp(), packet.sequence)
                    await self._drain()
                    raise LinkEndedError("the gateway ended the connection")
                case TerminateResp():
                    raise LinkEndedError("ended by us")
                case other:
                    raise LinkEndedError(f"the gateway sent {type(other).__name__}, which only we send")

    async def _deliver(self, sequence: int, deliver: Deliver) -> None:
        try:
            result = await self._take(deliver)
            if result is not None:
                self._write(DeliverResp(deliver.msg_id, result), sequence)
                await self._drain()
        finally:
            self._delivering.release()

    # -- bytes ----------------------------------------------------------------------------------------

    async def _next(self) -> Packet:
        """Wait for the next packet.

        Raises:
            LinkEndedError: The connection broke, or what came is no CMPP.
        """
        while (data := take_packet(self._buffer)) is None:
            try:
                chunk = await self._reader.read(_READ_BYTES)
            except OSError as exc:
                raise _broken(exc) from None
            if not chunk:
                raise LinkEndedError("the gateway closed the connection")
            self._buffer += chunk
            self.heard_at = self._clock.now()
        packet = data if isinstance(data, Fault) else decode(data, self._settings.version)
        if isinstance(packet, Fault):
            raise LinkEndedError(f"the gateway sent what is no CMPP: {packet}")
        return packet

    def _write(self, body: Body, sequence: int | None = None) -> int:
        number = self._sequence.take() if sequence is None else sequence
        if not self._writer.is_closing():
            self._writer.write(encode(Packet(number, body), self._settings.version))
        return number

    async def _drain(self) -> None:
        try:
            await self._writer.drain()
        except OSError as exc:
            raise _broken(exc) from None


def _proves(answer: ConnectResp, proof: bytes, secret: str) -> bool:
    """3.0 gateways are known that take the status as one octet, as in 2.0: either way they know the secret."""
    expected = [authenticator_ismg(answer.status, form, proof, secret) for form in Version]
    return any(hmac.compare_digest(one, answer.authenticator) for one in expected)


def _tell(waiting: _Waiting, outcome: SubmitResp | Lapse) -> None:
    if not waiting.answer.done():
        waiting.answer.set_result(outcome)


def _broken(error: OSError) -> LinkEndedError:
    return LinkEndedError(f"the connection broke: {type(error).__name__}")


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    found: list[BaseException] = []
    for error in group.exceptions:
        found += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found
