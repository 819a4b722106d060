"""A line to a SIP server: how it is configured, and the socket it hangs on."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Final, cast

from pydantic import Field

from adapters.voice.sip_call import Line
from adapters.voice.sip_message import SipMessage, parse
from adapters.voice.speech import SpeechSettings

_HOST: Final = r"^(?:[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,10}|[0-9A-Fa-f:.]{2,45})$"
_USER: Final = r"^[A-Za-z0-9._+-]{1,64}$"
CLOSING: Final = "已记录。如需更正，请重新输入；否则请挂机。"


@dataclass(frozen=True, slots=True)
class SipSettings:
    """A line to a SIP server.

    Attributes:
        name: Of this provider, unique in the node.
        server: Host name or address; all SIP goes there and comes from there.
        user: Our number there.
        domain: In addresses; ``server`` if empty.
        auth_user: Name for the digest; ``user`` if empty.
        dial_prefix: In front of every number, digits.
        register: Whether the server wants to be told where we are; else OPTIONS shows whether it lives.
        heartbeat_seconds: Between two of these; 0 for none: the line then counts as ready as soon as there is a socket.
        lines: Calls at a time.
        reach_seconds: Without any answer after that long the next provider's turn has come.
        ring_seconds: Then nobody is at home.
        t1: RFC 3261's estimate of a round trip.
        plays: How often the text is said, at most.
        answer_seconds: How long an entry is waited for behind it.
        pause_seconds: Without a further key an entry is whole.
        closing: What is said after an entry.
        speech: How text becomes sound.
    """

    name: str
    server: Annotated[str, Field(pattern=_HOST)]
    user: Annotated[str, Field(pattern=_USER)]
    port: Annotated[int, Field(ge=1, le=65_535)] = 5060
    password: str = field(default="", repr=False)
    domain: Annotated[str, Field(pattern=rf"^$|{_HOST}")] = ""
    auth_user: Annotated[str, Field(pattern=rf"^$|{_USER}")] = ""
    dial_prefix: Annotated[str, Field(pattern=r"^[0-9]{0,8}$")] = ""
    register: bool = False
    heartbeat_seconds: Annotated[float, Field(ge=0, le=600)] = 30.0
    lines: Annotated[int, Field(ge=1, le=100)] = 4
    reach_seconds: Annotated[float, Field(ge=1, le=60)] = 8.0
    ring_seconds: Annotated[float, Field(ge=5, le=180)] = 45.0
    t1: Annotated[float, Field(ge=0.1, le=5)] = 0.5
    plays: Annotated[int, Field(ge=1, le=10)] = 3
    answer_seconds: Annotated[float, Field(ge=1, le=60)] = 8.0
    pause_seconds: Annotated[float, Field(ge=1, le=20)] = 4.0
    closing: Annotated[str, Field(min_length=1, max_length=200)] = CLOSING
    speech: SpeechSettings = field(default_factory=SpeechSettings)

    def line(self, host: str, port: int) -> Line:
        """Return what a call needs to know, with our own address as the server sees it."""
        return Line(
            host=host,
            port=port,
            domain=self.domain or self.server,
            user=self.user,
            auth_user=self.auth_user,
            password=self.password,
            t1=self.t1,
            reach_seconds=self.reach_seconds,
            ring_seconds=self.ring_seconds,
        )


class Wire(asyncio.DatagramProtocol):
    """The socket to the server, connected to it: nobody else is heard."""

    def __init__(self, on_message: Callable[[SipMessage], None], on_trouble: Callable[[str], None]) -> None:
        """Take messages and the system's complaints as they come."""
        self._on_message, self._on_trouble = on_message, on_trouble
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket."""
        self.transport = cast("asyncio.DatagramTransport", transport)  # no subclass of it before Python 3.12

    def datagram_received(self, data: bytes, _addr: object) -> None:
        """Pass on what is a SIP message."""
        message = parse(data)
        if message is not None:
            self._on_message(message)

    def error_received(self, exc: Exception) -> None:
        """Pass on that the server's machine refuses."""
        self._on_trouble(getattr(exc, "strerror", None) or type(exc).__name__)

    def send(self, datagrams: list[bytes]) -> None:
        """Send and forget."""
        for datagram in datagrams:
            if self.transport is not None and not self.transport.is_closing():
                self.transport.sendto(datagram)
        datagrams.clear()

    @property
    def here(self) -> tuple[str, int]:
        """Our own address as the server sees it, if nothing between us changes it."""
        host, port = self.transport.get_extra_info("sockname")[:2] if self.transport else ("", 0)
        return str(host), int(port)

    def close(self) -> None:
        """Give the socket back."""
        if self.transport is not None:
            self.transport.close()
