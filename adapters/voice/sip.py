"""The pager of medium voice by SIP: one server (trunk), one socket, a few calls at a time.

A page is taken when the server works on the call; what became of it is reported: accepted when somebody picks up,
delivered once the text was said to its end or an entry was keyed, failed otherwise. Whoever picks up may be a
machine: only an entry proves a person.
"""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol, TypeGuard

import structlog

from adapters.voice.conversation import Conversation, Script, SoundPath
from adapters.voice.sdp import offer
from adapters.voice.sip_call import Answered, Call, CallEvent, Ended, Ending, Line, Pressed, response
from adapters.voice.sip_greeting import Greeting
from adapters.voice.sip_line import SipSettings, Wire
from adapters.voice.sip_message import SipMessage
from adapters.voice.speech import Speaker, SpeechError
from schemas.errors import UnavailableError
from schemas.pages import (
    Capabilities,
    Dispatch,
    Health,
    Inbound,
    Keyed,
    Medium,
    PartResult,
    Refused,
    Report,
    ReportState,
    Retry,
    Submitted,
)

log = structlog.get_logger()

Hear = Callable[[Inbound], Awaitable[None]]

_NUMBER: Final = re.compile(r"\+?[0-9](?:[0-9 -]{1,22})[0-9]")
_TICK_SECONDS: Final = 0.05
_AGAIN_SECONDS: Final = 5.0
_KEEPING_TRIES: Final = 5
_FAREWELL_SECONDS: Final = 1.0
_OK: Final = 200
_GIVEN_UP: Final = 408
_SERVER_ERRORS: Final = range(500, 600)
_REFUSALS: Final = frozenset({Ending.REFUSED, Ending.UNREACHABLE, Ending.NO_SOUND})


class Clock(Protocol):
    """What it needs to know of time."""

    def now(self) -> datetime:
        """Return aware UTC."""

    def monotonic(self) -> float:
        """Return seconds that never go back."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


@dataclass(slots=True)
class _Talk:
    """One call, its sound, and what is known of it so far."""

    page_id: str
    call: Call
    path: SoundPath
    conversation: Conversation
    events: asyncio.Queue[CallEvent] = field(default_factory=asyncio.Queue)
    begun: "asyncio.Future[CallEvent]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    picked_up: bool = False


class SipPager:
    """Satisfies ``services.paging_ports.Pager``."""

    def __init__(
        self, settings: SipSettings, *, clock: Clock, token: Callable[[], str] = lambda: secrets.token_hex(12)
    ) -> None:
        """Prepare; open nothing.

        Args:
            settings: The line.
            clock: All timers hang on it.
            token: Makes words that were never used, of at least 64 random bits.
        """
        self._settings, self._clock, self._token = settings, clock, token
        self._speaker = Speaker(settings.speech)
        self._health = Health(ready=False, since=clock.now(), problem="not yet connected")
        self._wire: Wire | None = None
        self._line: Line | None = None
        self._greeting: Greeting | None = None
        self._taken: dict[str, None] = {}
        self._talks: dict[str, _Talk] = {}
        self._lingering: dict[str, Call] = {}
        self._following: dict[str, asyncio.Task[None]] = {}
        self._closing = b""
        self._hear: Hear | None = None

    @property
    def name(self) -> str:
        """As configured."""
        return self._settings.name

    @property
    def medium(self) -> Medium:
        """Voice."""
        return Medium.VOICE

    @property
    def capabilities(self) -> Capabilities:
        """Keys come back, and the outcome of the call."""
        return Capabilities(reply=True, report=True)

    def health(self) -> Health:
        """Return whether the server answered when it was last greeted."""
        return self._health

    @asynccontextmanager
    async def running(self, hear: Hear) -> AsyncIterator[None]:
        """Keep the line; calls that are under way when the block ends are hung up."""
        self._hear = hear
        async with _owned() as self._tasks:
            keeping = self._tasks.create_task(self._keep(), name=f"voice-{self.name}")
            try:
                yield
            finally:
                await self._hang_up_all()
                keeping.cancel()

    async def submit(self, dispatch: Dispatch) -> tuple[PartResult, ...]:
        """Call; the reference is the page's id. A page whose call is under way is not called twice."""
        if dispatch.page_id in self._taken:
            return (Submitted(1, dispatch.page_id),)
        if refused := self._refused(dispatch):
            return (refused,)
        if self._line is None:
            return (Refused(1, Retry.TEMPORARY, "not_connected"),)
        self._taken[dispatch.page_id] = None
        try:
            return (await self._call(dispatch, self._line),)
        except SpeechError as exc:
            log.warning("voice.speechless", provider=self.name, problem=str(exc))
            return (Refused(1, Retry.PERMANENT, "speechless", str(exc)),)
        except OSError as exc:
            return (Refused(1, Retry.TEMPORARY, "no_socket", exc.strerror or type(exc).__name__),)
        finally:
            if dispatch.page_id not in {talk.page_id for talk in self._talks.values()}:
                self._taken.pop(dispatch.page_id, None)

    def _refused(self, dispatch: Dispatch) -> Refused | None:
        if _NUMBER.fullmatch(dispatch.address) is None:
            return Refused(1, Retry.PERMANENT, "number", "no telephone number of 3 to 25 digits, blanks or dashes")
        if len(self._taken) >= self._settings.lines:
            return Refused(1, Retry.THROTTLED, "lines_busy")
        return None

    async def _call(self, dispatch: Dispatch, line: Line) -> PartResult:
        talk = await self._prepared(dispatch, line)
        self._talks[talk.call.call_id] = talk
        self._following[talk.call.call_id] = self._tasks.create_task(self._follow(talk), name="voice-call")
        self._flush()
        event = await talk.begun
        if not _is_refusal(event):
            log.info("voice.called", provider=self.name, page_id=dispatch.page_id, address=dispatch.masked)
            return Submitted(1, dispatch.page_id)
        gone = event.ending is Ending.UNREACHABLE or event.status in _SERVER_ERRORS
        retry = Retry.TEMPORARY if gone else Retry.PERMANENT
        return Refused(1, retry, str(event.status or event.ending.value), event.ending.value)

    async def _prepared(self, dispatch: Dispatch, line: Line) -> _Talk:
        settings = self._settings
        text = await self._speaker.say(dispatch.spoken or dispatch.text, dispatch.template)
        if not self._closing:
            self._closing = await self._speaker.say(settings.closing, "closing")
        script = Script(text, self._closing, settings.plays, settings.answer_seconds, settings.pause_seconds)

        async def on_entry(digits: str) -> None:
            await self._tell(Keyed(self.name, dispatch.page_id, digits, self._clock.now()))

        conversation = Conversation(script, self._clock, on_entry)
        path = SoundPath(
            conversation.press,
            source=secrets.randbits(32),
            sequence=secrets.randbits(16),
            timestamp=secrets.randbits(32),
        )
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: path, local_addr=(line.host, 0))
        number = settings.dial_prefix + re.sub(r"[ -]", "", dispatch.address)
        sdp = offer(line.host, path.port, secrets.randbits(31))
        call = Call(line, number, sdp, self._token, self._clock.monotonic())
        return _Talk(dispatch.page_id, call, path, conversation)

    async def _follow(self, talk: _Talk) -> None:
        """See one call through, from its first event to its last."""
        speaking: asyncio.Task[None] | None = None
        try:
            while True:
                event = await talk.events.get()
                first = not talk.begun.done()
                if first:
                    talk.begun.set_result(event)
                if isinstance(event, Answered):
                    talk.picked_up = True
                    talk.path.aim(event.sound)
                    speaking = asyncio.create_task(self._speak(talk))
                elif isinstance(event, Pressed):
                    talk.conversation.press(event.key)
                elif isinstance(event, Ended):
                    await _stop(speaking)
                    if not (first and _is_refusal(event)):  # else ``submit`` says it
                        await self._report_end(talk, event)
                    return
        finally:
            self._forget(talk)
            await _stop(speaking)

    def _forget(self, talk: _Talk) -> None:
        talk.path.close()
        self._lingering[talk.call.call_id] = talk.call
        self._talks.pop(talk.call.call_id, None)
        self._following.pop(talk.call.call_id, None)
        self._taken.pop(talk.page_id, None)
        if not talk.begun.done():
            talk.begun.set_result(Ended(Ending.UNREACHABLE, 0))

    async def _speak(self, talk: _Talk) -> None:
        try:
            await self._tell(self._report(talk, ReportState.ACCEPTED, "answered"))
            await talk.conversation.hold(talk.path)
        finally:
            talk.call.hang_up(self._clock.monotonic())
            self._flush()

    async def _report_end(self, talk: _Talk, event: Ended) -> None:
        if talk.conversation.entries or talk.conversation.plays:
            code = "keyed" if talk.conversation.entries else "played"
            await self._tell(self._report(talk, ReportState.DELIVERED, code))
        else:
            code = "hung_up" if talk.picked_up else event.ending.value
            await self._tell(self._report(talk, ReportState.FAILED, f"{code} {event.status or ''}".strip()))

    def _report(self, talk: _Talk, state: ReportState, code: str) -> Report:
        now = self._clock.now()
        return Report(self.name, talk.page_id, state, code, now, now)

    async def _tell(self, heard: Inbound) -> None:
        """Hand on what came; a telephone does not send it again, so we try again ourselves."""
        if self._hear is None:
            return
        for number in range(_KEEPING_TRIES):
            try:
                await self._hear(heard)
            except UnavailableError:
                await self._clock.sleep(2**number)
            else:
                return
        log.error("voice.unheard", provider=self.name)

    async def _keep(self) -> None:
        """Keep the socket, and let time pass for all that hangs on it."""
        greet_at = self._clock.monotonic()
        while True:
            now = self._clock.monotonic()
            if now >= greet_at:
                await self._greet(now)
                greet_at = now + (self._settings.heartbeat_seconds or _AGAIN_SECONDS)
            elif not self._health.ready:
                greet_at = min(greet_at, now + _AGAIN_SECONDS)
            for call in [*(talk.call for talk in self._talks.values()), *self._lingering.values()]:
                call.tick(now)
            if self._greeting is not None:
                self._greeting.tick(now)
                self._judge_greeting(self._greeting)
            self._flush()
            await self._clock.sleep(_TICK_SECONDS)

    async def _greet(self, now: float) -> None:
        if self._greeting is not None:
            self._failed("no answer")
        if self._wire is not None and not self._health.ready and not self._talks:
            self._drop_wire()  # a name may stand for another address by now, and we may have another, too
        if self._wire is None:
            try:
                await self._open_wire()
            except OSError as exc:
                self._failed(exc.strerror or type(exc).__name__)
        if self._line is not None and not self._settings.heartbeat_seconds:
            self._answered()
        elif self._line is not None:
            expires, register = round(self._settings.heartbeat_seconds * 3), self._settings.register
            self._greeting = Greeting(self._line, self._token, now, register=register, expires_seconds=expires)

    async def _open_wire(self) -> None:
        there = (self._settings.server, self._settings.port)
        _, wire = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: Wire(self._on_message, self._failed), remote_addr=there
        )
        self._wire, self._line = wire, self._settings.line(*wire.here)

    def _judge_greeting(self, greeting: Greeting) -> None:
        if greeting.status == 0:
            return
        self._greeting = None
        if greeting.status == _GIVEN_UP:
            self._failed("no answer")
        elif self._settings.register and greeting.status != _OK:
            self._failed(f"the server refuses to register us: {greeting.status}")
        else:
            self._answered()

    def _answered(self) -> None:
        self._health = self._health.noted("", self._clock.now(), heard=True)

    def _failed(self, problem: str) -> None:
        if self._health.ready:
            log.warning("voice.link_lost", provider=self.name, problem=problem)
        self._health = self._health.noted(problem, self._clock.now(), heard=False)

    def _on_message(self, message: SipMessage) -> None:
        now = self._clock.monotonic()
        talk = self._talks.get(message.call_id)
        call = talk.call if talk else self._lingering.get(message.call_id)
        if call is not None:
            call.receive(message, now)
            if not self._settings.register:
                self._answered()
        elif self._greeting is not None and message.call_id == self._greeting.call_id and message.status:
            self._greeting.receive(message, now)
        elif message.status == 0 and message.method != "ACK" and self._wire is not None:
            self._wire.send([_to_stranger(message)])
        self._flush()

    def _flush(self) -> None:
        """Send what calls and greeting have to send, and hand on what happened to calls."""
        if self._wire is None:
            return
        for talk in self._talks.values():
            self._wire.send(talk.call.outbox)
            while talk.call.events:
                talk.events.put_nowait(talk.call.events.pop(0))
        for call in self._lingering.values():
            self._wire.send(call.outbox)
            call.events.clear()
        self._lingering = {key: call for key, call in self._lingering.items() if not call.finished}
        if self._greeting is not None:
            self._wire.send(self._greeting.outbox)

    async def _hang_up_all(self) -> None:
        for talk in list(self._talks.values()):
            talk.call.hang_up(self._clock.monotonic())
        self._flush()
        following = list(self._following.values())
        if following:
            await asyncio.wait(following, timeout=_FAREWELL_SECONDS)
        for task in following:
            task.cancel()
        self._drop_wire()
        self._lingering.clear()
        await asyncio.sleep(0)  # a transport gives its socket back in the next turn of the loop

    def _drop_wire(self) -> None:
        if self._wire is not None:
            self._wire.close()
        self._wire = self._line = self._greeting = None


@asynccontextmanager
async def _owned() -> AsyncIterator[asyncio.TaskGroup]:
    """Own tasks: a crash of one ends the block and comes out as it is, not in a group."""
    try:
        async with asyncio.TaskGroup() as tasks:
            yield tasks
    except BaseExceptionGroup as group:
        if len(group.exceptions) > 1:
            raise
        raise group.exceptions[0] from None


def _is_refusal(event: CallEvent) -> TypeGuard[Ended]:
    return isinstance(event, Ended) and event.ending in _REFUSALS


def _to_stranger(message: SipMessage) -> bytes:
    """Answer who asks outside of our calls: we live, and we take no calls."""
    if message.method == "OPTIONS":
        return response(message, 200, "OK")
    return response(message, 603, "Decline") if message.method == "INVITE" else response(message, 481, "No Such Call")


async def _stop(task: "asyncio.Task[None] | None") -> None:
    """End a task, unless it has; its own crash comes out."""
    if task is not None:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
