"""Telling people: what one officer is told by one medium, and what the medium says of it.

A *page* (通知) is one officer told once, by one medium. A *provider* is one configured way out, such as the
SMPP link of one carrier. Adapters take a ``Dispatch`` and hand back ``Report``, ``Reply`` and ``Keyed``.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, Self

from schemas.base import Status

PAGE_ID_PATTERN: Final = r"^[0-9a-f]{32}$"
PARTS_MAX: Final = 8
"""Most parts of one SMS: 536 UTF-16 units."""
_SHOWN_HEAD: Final = 3
_SHOWN_TAIL: Final = 2


class Medium(StrEnum):
    """By what a person is reached."""

    CONSOLE = "console"
    SMS = "sms"
    VOICE = "voice"
    FAX = "fax"
    EMAIL = "email"
    WEBHOOK = "webhook"


class Tier(StrEnum):
    """Who is told, in the order in which an escalation climbs."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    LEADER = "leader"
    OFFICE = "office"
    """The duty office itself: its telephone and fax."""
    SUPERIOR = "superior"
    """Duty room of the next higher level."""


class Strength(StrEnum):
    """How sure it is who answered, strongest first; what is kept with every answer."""

    WEB_SIGNED = "web_signed"
    VOICE_PIN = "voice_pin"
    SMS_NUMBER = "sms_number"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can do.

    Attributes:
        reply: An answer comes back by the same way.
        report: The far side says whether a page was delivered.
        extension: The sender's number may be lengthened by our code, so that a bare reply resolves.
        template: Free text is refused: a template's name and its variables go out.
        segments: We cut a long SMS into parts ourselves; else the provider does, and ``parts`` holds one part.
        cost_fen: Of one part, in fen; 0 if unknown.
    """

    reply: bool = False
    report: bool = False
    extension: bool = False
    template: bool = False
    segments: bool = False
    cost_fen: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an SMS.

    Attributes:
        number: From 1.
        total: 1 for a single SMS, which carries no user data header.
        reference: The octet that joins the parts of one SMS at the handset.
        text: At most 70 UTF-16 units if single, else 67; never half a surrogate pair.
    """

    number: int
    total: int
    reference: int
    text: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A document that goes with a fax or a mail."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One page as it is handed to a provider.

    Attributes:
        page_id: 32 hexadecimal digits, the same after a crash: the far side may use it against doubles.
        address: Telephone number, mail address or URL. Never in a log; see ``masked``.
        text: The whole text, 【演练】 first in an exercise.
        parts: Of an SMS, those that are to go out now: after a partial failure only some.
        extension: Digits behind the sender's number; empty for none.
        template: Name of the text form at a provider that refuses free text.
        variables: What goes into the template, in its order.
        subject: Of a mail or fax.
        spoken: What a voice call says; ``text`` if empty.
        pin_wanted: Whether a voice call asks for the officer's PIN.
        payload: Body of a webhook, JSON as bytes.
        tried_at: When this provider may have had it before, aware UTC; None for the first time. It may have gone out.
    """

    page_id: str
    medium: Medium
    address: str = field(repr=False)
    text: str
    parts: tuple[Part, ...] = ()
    extension: str = ""
    template: str = ""
    variables: tuple[tuple[str, str], ...] = ()
    subject: str = ""
    spoken: str = ""
    pin_wanted: bool = False
    payload: bytes = field(default=b"", repr=False)
    attachment: Attachment | None = None
    status: Status = Status.ACTUAL
    tried_at: datetime | None = None

    @property
    def masked(self) -> str:
        """The address as a log may show it."""
        return masked(self.address)


class Retry(StrEnum):
    """What a refusal means."""

    TEMPORARY = "temporary"
    """The same again may go through: 5, 15, 45 s, then the next provider."""
    THROTTLED = "throttled"
    """We are too fast; nothing is wrong with the page. Wait, then the same provider."""
    PERMANENT = "permanent"
    """Never by this way: next medium now."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """The provider took one part (or the whole page: part 1) and will report under ``reference``."""

    part: int
    reference: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider did not take one part; ``code`` is its own code, ``text`` says it in words.

    Attributes:
        wait_seconds: How long the provider asks us to wait; 0 if it does not say.
    """

    part: int
    retry: Retry
    code: str
    text: str = ""
    wait_seconds: int = 0


PartResult = Submitted | Refused


class ReportState(StrEnum):
    """What a delivery report says; only the last two are final."""

    ACCEPTED = "accepted"
    """On its way."""
    UNKNOWN = "unknown"
    """The far side cannot tell."""
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Report:
    """A provider says what became of one part.

    Attributes:
        provider: Name of the configured provider that heard it.
        reference: As in ``Submitted``; a provider may report what we do not know (yet).
        code: The provider's own, e.g. ``DELIVRD`` or ``UNDELIV/012``.
        done_at: By the provider's clock, aware UTC; None if it does not say.
        heard_at: By ours, aware UTC.
    """

    provider: str
    reference: str
    state: ReportState
    code: str
    done_at: datetime | None
    heard_at: datetime


@dataclass(frozen=True, slots=True)
class Reply:
    """A text that came from a telephone.

    Attributes:
        message_id: The provider's own id of it, empty if it gives none: the same reply may come twice.
        sender: Number it came from, as the provider spells it.
        extension: Digits behind our own number that it was sent to; empty if there were none.
        text: Decoded by its declared coding, never guessed.
    """

    provider: str
    message_id: str
    sender: str = field(repr=False)
    extension: str
    text: str
    heard_at: datetime


@dataclass(frozen=True, slots=True)
class Keyed:
    """What was keyed in during a voice call: digits as pressed, without the closing ``#``."""

    provider: str
    page_id: str
    digits: str = field(repr=False)
    heard_at: datetime


Inbound = Report | Reply | Keyed


@dataclass(frozen=True, slots=True)
class Health:
    """How a provider is doing, by its own heartbeat.

    Attributes:
        ready: It takes pages now.
        since: Since when that is so, aware UTC.
        problem: What is wrong, one line without secrets or numbers; empty while ready.
        last_heard_at: When the far side was last heard; None if never.
    """

    ready: bool
    since: datetime
    problem: str = ""
    last_heard_at: datetime | None = None

    def noted(self, problem: str, now: datetime, *, heard: bool) -> Self:
        """Return how it is doing after one more call: ``problem`` is empty if that went well.

        Args:
            problem: As above.
            now: Aware UTC.
            heard: Whether the far side itself spoke.
        """
        ready = not problem
        since = self.since if ready is self.ready else now
        return replace(
            self, ready=ready, since=since, problem=problem, last_heard_at=now if heard else self.last_heard_at
        )


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody on duty, or an office, and how they are reached; only verified addresses, the preferred one first.

    Attributes:
        officer: Name of the officer's credential; the office's own name for an office or a duty room.
        display: A role at a desk, e.g. 值班员甲.
        sleeps: Bulletins wait for the end of quiet hours.
    """

    officer: str
    display: str
    tier: Tier
    addresses: tuple[tuple[Medium, str], ...] = field(repr=False)
    sleeps: bool = True

    def address(self, medium: Medium) -> str | None:
        """Return the preferred address of a medium, or None."""
        return next((address for kind, address in self.addresses if kind is medium), None)


def masked(address: str) -> str:
    """Return an address as a log may show it: the first three and the last two characters."""
    if len(address) <= _SHOWN_HEAD + _SHOWN_TAIL:
        return "*" * len(address)
    hidden = len(address) - _SHOWN_HEAD - _SHOWN_TAIL
    return address[:_SHOWN_HEAD] + "*" * hidden + address[-_SHOWN_TAIL:]
