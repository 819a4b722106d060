"""One call that we make, from INVITE to BYE: messages and time in, messages and events out. No clock, no socket.

Everything goes to the one server that the line names (an outbound proxy), so no name is looked up and no address in a
message is followed; a redirection is a refusal.

Source: RFC 3261: 17.1.1 (INVITE and its ACK, timers A, B, D), 13.2.2.4 (ACK of a 2xx), 9 (CANCEL), 12 (dialogs),
15 (BYE), 22 (digest); RFC 6086 for keys in INFO.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from adapters.voice.digest import answer, strongest
from adapters.voice.sdp import Sound, answer_of
from adapters.voice.sip_exchange import Exchange
from adapters.voice.sip_message import SipMessage, render, uri_of

_TRIES: Final = 3
_LINGER_SECONDS: Final = 32.0
_UNAUTHORIZED: Final = {401: ("www-authenticate", "Authorization"), 407: ("proxy-authenticate", "Proxy-Authorization")}
_KEY: Final = re.compile(rb"^\s*(?:Signal\s*=\s*)?([0-9*#A-D])\s*$", re.MULTILINE)
_ALLOWED: Final = "INVITE, ACK, BYE, CANCEL, INFO, OPTIONS"
_REMEMBERED: Final = 16
_AGENT: Final = "sihu"


class Ending(Enum):
    """How a call ended."""

    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    """No server answered."""
    NO_SOUND = "no_sound"
    """Answered, but in no form of sound that we speak."""
    THEY_HUNG_UP = "they_hung_up"
    WE_HUNG_UP = "we_hung_up"


@dataclass(frozen=True, slots=True)
class Proceeding:
    """The server works on it: somebody will be rung."""


@dataclass(frozen=True, slots=True)
class Answered:
    """Somebody picked up."""

    sound: Sound


@dataclass(frozen=True, slots=True)
class Pressed:
    """A key came as INFO."""

    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ended:
    """The last event of a call; ``status`` is the server's own, 0 if it gave none."""

    ending: Ending
    status: int


CallEvent = Proceeding | Answered | Pressed | Ended


class State(Enum):
    """Where a call stands."""

    CALLING = "calling"
    PROCEEDING = "proceeding"
    TALKING = "talking"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Line:
    """Who calls, and how patiently.

    Attributes:
        host: Our own address as the server sees it.
        domain: Of the server's side, in the address called and in ours.
        user: Our number.
        auth_user: Name for the digest; ``user`` if empty.
        t1: Seconds before the first retransmission.
        reach_seconds: Without any answer after that long the server is unreachable (timer B; RFC 3261 has 64 T1).
        ring_seconds: Then nobody is at home.
    """

    host: str
    port: int
    domain: str
    user: str
    auth_user: str = ""
    password: str = field(default="", repr=False)
    t1: float = 0.5
    reach_seconds: float = 8.0
    ring_seconds: float = 45.0


class Call:
    """A call in the making. Take ``outbox`` and ``events`` empty after each method."""

    def __init__(self, line: Line, number: str, offer: bytes, token: Callable[[], str], now: float) -> None:
        """Call at once.

        Args:
            line: Who calls.
            number: Whom: digits.
            offer: Our SDP.
            token: Makes a word that was never used, at least 64 random bits.
            now: Seconds of a clock that never goes back.
        """
        self.call_id = f"{token()}@{line.host}"
        self.state = State.CALLING
        self.outbox: list[bytes] = []
        self.events: list[CallEvent] = []
        self._line, self._offer, self._token = line, offer, token
        self._target = f"sip:{number}@{line.domain}"
        self._from = f"<sip:{line.user}@{line.domain}>;tag={token()}"
        self._to = f"<{self._target}>"
        self._remote, self._route = self._target, list[str]()
        self._number, self._invited_by, self._tries, self._credentials = 0, 0, 0, ("", "")
        self._branch, self._invitation, self._early = "", b"", b""
        self._pause, self._again_at, self._give_up_at = line.t1, now, now
        self._acks: dict[str, bytes] = {}  # of a refused INVITE by its branch, of an accepted one by the far tag
        self._cancelling = False
        self._exchanges: list[Exchange] = []
        self._answers: dict[tuple[int, str], bytes] = {}
        self._leaving_at = 0.0
        self._ring_until = now + line.ring_seconds
        self._invite(now)

    @property
    def finished(self) -> bool:
        """Nothing more is to be sent, again or at all."""
        return self.state is State.OVER and not self._exchanges and self._leaving_at == 0.0

    def hang_up(self, now: float) -> None:
        """End it: by BYE once somebody has picked up, else by CANCEL."""
        if self.state is State.TALKING:
            self._ask("BYE", now)
            self._end(Ending.WE_HUNG_UP, 0, now)
        elif self.state is State.PROCEEDING:
            self._cancel(now)
        elif self.state is State.CALLING:
            self._end(Ending.WE_HUNG_UP, 0, now)

    def tick(self, now: float) -> None:
        """Let time pass."""
        for exchange in self._exchanges:
            exchange.tick(now)
        self._collect()
        if self._leaving_at and now >= self._leaving_at:
            self._leaving_at = 0.0
        if self.state is State.CALLING:
            if now >= self._give_up_at:
                self._end(Ending.UNREACHABLE, 0, now)
            elif now >= self._again_at:
                self._pause *= 2
                self._again_at = now + self._pause
                self.outbox.append(self._invitation)
        elif self.state is State.PROCEEDING and now >= self._ring_until:
            self._ring_out(now)

    def receive(self, message: SipMessage, now: float) -> None:
        """Take a message of this call, whatever it says."""
        if message.status == 0:
            self._asked(message, now)
        elif message.method == "INVITE":
            self._invited(message, now)
        else:
            for exchange in self._exchanges:
                if exchange.branch == message.branch:
                    exchange.receive(message.status)
            self._challenged(message, now)
            self._collect()

    def _invite(self, now: float) -> None:
        self._number += 1
        self._invited_by = self._number
        self._tries += 1
        self._branch = f"z9hG4bK{self._token()}"
        self._invitation = self._spell(
            "INVITE",
            self._target,
            self._branch,
            [
                ("Contact", f"<sip:{self._line.user}@{_authority(self._line)}>"),
                ("Allow", _ALLOWED),
                ("Content-Type", "application/sdp"),
            ],
            self._offer,
        )
        self._pause = self._line.t1
        self._again_at, self._give_up_at = now + self._pause, now + self._line.reach_seconds
        self.outbox.append(self._invitation)

    def _spell(
        self, method: str, uri: str, branch: str, more: list[tuple[str, str]], body: bytes = b"", number: int = 0
    ) -> bytes:
        headers = [
            ("Via", f"SIP/2.0/UDP {_authority(self._line)};branch={branch};rport"),
            ("Max-Forwards", "70"),
            *(("Route", one) for one in self._route),
            ("From", self._from),
            ("To", self._to),
            ("Call-ID", self.call_id),
            ("CSeq", f"{number or self._number} {method}"),
            *([self._credentials] if self._credentials[0] and method != "CANCEL" else []),
            *more,
            ("User-Agent", _AGENT),
        ]
        return render(f"{method} {uri} SIP/2.0", headers, body)

    def _invited(self, message: SipMessage, now: float) -> None:
        """Judge an answer to our INVITE: of the present one, or an old one's that comes again."""
        accepted = 200 <= message.status < 300  # noqa: PLR2004 - the class of success
        if accepted:
            if message.number == self._invited_by:
                self._accepted(message, now)
        elif message.branch in self._acks and message.status >= 300:  # noqa: PLR2004
            self.outbox.append(self._acks[message.branch])
        elif message.branch != self._branch:
            return
        elif message.status < 200:  # noqa: PLR2004
            self._rung(message, now)
        elif self.state in {State.CALLING, State.PROCEEDING}:
            self._turned_down(message, now)

    def _rung(self, message: SipMessage, now: float) -> None:
        """Note that the server works on it; a call that was given up before that is taken back."""
        self._early = message.body or self._early
        if self.state is State.CALLING:
            self.state = State.PROCEEDING
            self.events.append(Proceeding())
        elif self.state is State.OVER and not self._cancelling:
            self._cancel(now)

    def _accepted(self, message: SipMessage, now: float) -> None:
        """Confirm a 200, each time it comes; one of a second telephone (a fork) is confirmed and hung up."""
        if message.to_tag in self._acks:
            self.outbox.append(self._acks[message.to_tag])
            return
        if len(self._acks) >= _REMEMBERED:
            return
        first = self.state in {State.CALLING, State.PROCEEDING}
        before = (self._to, self._remote, self._route)
        self._to = message.first("to")
        self._remote = uri_of(message.first("contact")) or self._target
        self._route = list(reversed(message.every("record-route")))
        self._acks[message.to_tag] = self._spell("ACK", self._remote, f"z9hG4bK{self._token()}", [])
        self.outbox.append(self._acks[message.to_tag])
        if not first:  # also a call that was given up and is picked up all the same
            self._ask("BYE", now)
            self._to, self._remote, self._route = before
            return
        sound = answer_of(message.body or self._early)
        self.state = State.TALKING
        if sound is None:
            self._ask("BYE", now)
            self._end(Ending.NO_SOUND, message.status, now)
        else:
            self.events.append(Answered(sound))

    def _turned_down(self, message: SipMessage, now: float) -> None:
        """Confirm a refusal, and answer a challenge or end."""
        to, self._to = self._to, message.first("to")
        self._acks[self._branch] = self._spell("ACK", self._target, self._branch, [])
        self._to = to
        self.outbox.append(self._acks[self._branch])
        if not self._cancelling and self._tries < _TRIES and self._prove(message, "INVITE", self._target):
            self.state = State.CALLING
            self._invite(now)
            return
        self._end(self._ending(message.status), message.status, now)

    def _ending(self, status: int) -> Ending:
        if self._cancelling or status in {408, 480, 487}:
            return Ending.NO_ANSWER
        return Ending.BUSY if status in {486, 600} else Ending.REFUSED

    def _prove(self, message: SipMessage, method: str, uri: str) -> bool:
        """Answer a digest challenge; False if there is none, or the same was answered before."""
        asking, answering = _UNAUTHORIZED.get(message.status, ("", ""))
        asked = strongest([value for name, value in message.headers if name == asking])
        if asked is None or (self._credentials[0] and not asked.stale):
            return False
        user = self._line.auth_user or self._line.user
        value = answer(asked, user=user, password=self._line.password, method=method, uri=uri, cnonce=self._token())
        self._credentials = (answering, value)
        return True

    def _ring_out(self, now: float) -> None:
        if not self._cancelling:
            self._cancel(now)
            self._ring_until = now + self._line.reach_seconds  # the 487 must come within that
        else:
            self._end(Ending.NO_ANSWER, 0, now)

    def _cancel(self, now: float) -> None:
        self._cancelling = True
        request = self._spell("CANCEL", self._target, self._branch, [])
        self._exchange(request, self._branch, now)

    def _ask(self, method: str, now: float) -> None:
        """Send a request within the dialog."""
        self._number += 1
        branch = f"z9hG4bK{self._token()}"
        self._credentials = ("", "")  # bound to INVITE; a server that wants to be sure asks again
        self._exchange(self._spell(method, self._remote, branch, []), branch, now)

    def _challenged(self, message: SipMessage, now: float) -> None:
        """A server that wants credentials for BYE, too, gets them once."""
        known = any(exchange.branch == message.branch for exchange in self._exchanges)
        if message.method == "BYE" and known and self._prove(message, "BYE", self._remote):
            self._number += 1
            branch = f"z9hG4bK{self._token()}"
            self._exchange(self._spell("BYE", self._remote, branch, []), branch, now)

    def _exchange(self, request: bytes, branch: str, now: float) -> None:
        self._exchanges.append(Exchange(request, branch, now, self._line.t1))
        self._collect()

    def _collect(self) -> None:
        for exchange in self._exchanges:
            self.outbox += exchange.outbox
            exchange.outbox.clear()
        self._exchanges = [exchange for exchange in self._exchanges if not exchange.status]

    def _asked(self, message: SipMessage, now: float) -> None:
        """Answer a request of the far side, a repeated one as before and without doing it again."""
        if message.method == "ACK":
            return
        key = (message.number, message.method)
        if key not in self._answers:
            self._answers[key] = self._respond(message, now)
            if len(self._answers) > _REMEMBERED:
                del self._answers[next(iter(self._answers))]
        self.outbox.append(self._answers[key])

    def _respond(self, message: SipMessage, now: float) -> bytes:
        if message.method == "BYE" and self.state is State.TALKING:
            self._end(Ending.THEY_HUNG_UP, 0, now)
            return response(message, 200, "OK")
        if message.method == "INFO" and self.state is State.TALKING:
            found = _KEY.search(message.body) if "dtmf" in message.first("content-type").lower() else None
            if found:
                self.events.append(Pressed(found[1].decode()))
            return response(message, 200, "OK")
        if message.method == "OPTIONS":
            return response(message, 200, "OK")
        if message.method == "INVITE":  # a change of the sound while we speak: what was agreed stays
            return response(message, 488, "Not Acceptable Here")
        known = message.method in {"BYE", "INFO"}
        return response(message, 481, "No Such Call") if known else response(message, 405, "Method Not Allowed")

    def _end(self, ending: Ending, status: int, now: float) -> None:
        self.state = State.OVER
        self._leaving_at = now + _LINGER_SECONDS  # what the far side sends again in that time is answered again
        self.events.append(Ended(ending, status))


def response(request: SipMessage, status: int, reason: str) -> bytes:
    """Answer a request."""
    kept = [(name, value) for name, value in request.headers if name in {"via", "from", "to", "call-id", "cseq"}]
    return render(f"SIP/2.0 {status} {reason}", [*kept, ("Allow", _ALLOWED), ("User-Agent", _AGENT)])


def _authority(line: Line) -> str:
    host = f"[{line.host}]" if ":" in line.host else line.host
    return f"{host}:{line.port}"
