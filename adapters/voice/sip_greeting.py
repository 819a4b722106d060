"""A request outside of any call: OPTIONS to see whether the server lives, or REGISTER where it wants to know us first.

Source: RFC 3261 sections 10 and 11; any final answer shows that the server lives.
"""

from collections.abc import Callable
from typing import Final

from adapters.voice.digest import answer, strongest
from adapters.voice.sip_call import Line
from adapters.voice.sip_exchange import GIVEN_UP, Exchange
from adapters.voice.sip_message import SipMessage, render

_TRIES: Final = 3
_FINAL: Final = 200
_ASKING: Final = {401: ("www-authenticate", "Authorization"), 407: ("proxy-authenticate", "Proxy-Authorization")}


class Greeting:
    """One request, with its digest if it is asked for one. Take ``outbox`` empty after each method."""

    def __init__(
        self, line: Line, token: Callable[[], str], now: float, *, register: bool, expires_seconds: int = 0
    ) -> None:
        """Greet at once.

        Args:
            line: Who we are.
            token: Makes a word that was never used.
            now: Seconds of a clock that never goes back.
            register: By REGISTER; else by OPTIONS.
            expires_seconds: How long a registration is to hold; 0 takes it back.
        """
        self.call_id = f"{token()}@{line.host}"
        self.status = 0
        """Of the final answer, 408 if none came; 0 while it is waited for."""
        self.outbox: list[bytes] = []
        self._line, self._token = line, token
        self._method = "REGISTER" if register else "OPTIONS"
        self._expires = expires_seconds
        self._tag, self._tries, self._proof = token(), 0, ("", "")
        self._exchange = self._send(now)

    def tick(self, now: float) -> None:
        """Let time pass."""
        self._exchange.tick(now)
        self._collect()
        if self._exchange.status == GIVEN_UP:
            self.status = self.status or GIVEN_UP

    def receive(self, message: SipMessage, now: float) -> None:
        """Take an answer."""
        if self.status or message.branch != self._exchange.branch:
            return
        self._exchange.receive(message.status)
        if message.status < _FINAL:
            return
        if self._method == "REGISTER" and self._tries < _TRIES and self._prove(message):
            self._exchange = self._send(now)
        else:
            self.status = message.status

    def _send(self, now: float) -> Exchange:
        self._tries += 1
        line, branch = self._line, f"z9hG4bK{self._token()}"
        own = f"<sip:{line.user}@{line.domain}>"
        host = f"[{line.host}]" if ":" in line.host else line.host
        request = render(
            f"{self._method} sip:{line.domain} SIP/2.0",
            [
                ("Via", f"SIP/2.0/UDP {host}:{line.port};branch={branch};rport"),
                ("Max-Forwards", "70"),
                ("From", f"{own};tag={self._tag}"),
                ("To", own if self._method == "REGISTER" else f"<sip:{line.domain}>"),
                ("Call-ID", self.call_id),
                ("CSeq", f"{self._tries} {self._method}"),
                ("Contact", f"<sip:{line.user}@{host}:{line.port}>"),
                *([self._proof] if self._proof[0] else []),
                *([("Expires", str(self._expires))] if self._method == "REGISTER" else []),
                ("User-Agent", "sihu"),
            ],
        )
        exchange = Exchange(request, branch, now, line.t1)
        self.outbox += exchange.outbox
        exchange.outbox.clear()
        return exchange

    def _prove(self, message: SipMessage) -> bool:
        name, answering = _ASKING.get(message.status, ("", ""))
        asked = strongest([value for key, value in message.headers if key == name])
        if asked is None or (self._proof[0] and not asked.stale):
            return False
        line = self._line
        value = answer(
            asked,
            user=line.auth_user or line.user,
            password=line.password,
            method=self._method,
            uri=f"sip:{line.domain}",
            cnonce=self._token(),
        )
        self._proof = (answering, value)
        return True

    def _collect(self) -> None:
        self.outbox += self._exchange.outbox
        self._exchange.outbox.clear()
