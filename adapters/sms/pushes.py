"""What a provider pushes to us, before anybody has believed it; pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

from schemas.errors import Fault
from schemas.pages import Inbound

REPORT: Final = "report"
REPLY: Final = "reply"
BATCH_MAX: Final = 1000
REFERENCE_MAX: Final = 128
REPLY_MAX: Final = 2000
"""Characters of one reply; a longer one is cut, the answer stands at its head."""


@dataclass(frozen=True, slots=True)
class Push:
    """One request of a provider.

    Attributes:
        kind: ``report`` or ``reply``, the last segment of the address.
        query: As it came, percent-encoded.
        heard_at: By our clock, aware UTC.
    """

    kind: str
    method: str
    query: str = field(repr=False)
    body: bytes = field(repr=False)
    heard_at: datetime


@dataclass(frozen=True, slots=True)
class Read:
    """What a push says.

    Attributes:
        inbound: In the provider's order.
        unread: How many of its records we could not read.
    """

    inbound: tuple[Inbound, ...]
    unread: int = 0


class Reader(Protocol):
    """A provider that pushes."""

    @property
    def name(self) -> str:
        """Of the configured provider; it stands in the address."""

    @property
    def thanks(self) -> bytes:
        """What it expects to be answered once all is kept."""

    @property
    def thanks_type(self) -> str:
        """Content type of ``thanks``."""

    def read(self, push: Push) -> Read | Fault:
        """Return what a push says, or why it says nothing to us."""


MALFORMED: Final = Fault("push.malformed", "body", "the provider's document describes another form: see docs")
METHOD: Final = Fault("push.method", "method", "configure the provider's push as its part of the documentation says")


def read_records(records: object, one: Callable[[Mapping[str, Any]], Inbound | None]) -> Read | Fault:
    """Read a list of JSON objects, or a single one, each by itself: one that is unsound takes no other with it."""
    listed: Iterable[object] = records if isinstance(records, list) else [records]
    found: list[Inbound] = []
    unread = 0
    for number, record in enumerate(listed):
        inbound = one(record) if isinstance(record, dict) and number < BATCH_MAX else None
        if inbound is None:
            unread += 1
        else:
            found.append(inbound)
    return Read(tuple(found), unread) if found or not unread else MALFORMED


def sound_reference(reference: str) -> bool:
    """Tell whether a reference can be one: 1 to 128 printable characters."""
    return 0 < len(reference) <= REFERENCE_MAX and reference.isprintable()


def sound_sender(sender: str) -> bool:
    """Tell whether a sender's number can be one: 3 to 24 digits, perhaps with a plus before."""
    digits = sender.removeprefix("+")
    return 3 <= len(digits) <= 24 and digits.isascii() and digits.isdigit()  # noqa: PLR2004 - the doc says which


def sound_text(text: str) -> str:
    """Return a reply's text in bounds, without halves of characters: JSON can carry one, a store not."""
    return text[:REPLY_MAX].encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def extension_of(destination: str, service_number: str) -> str:
    """Return the digits behind our own number; empty if the number is not ours, or nothing stands behind it."""
    rest = destination.removeprefix(service_number)
    ours = bool(service_number) and destination.startswith(service_number)
    return rest if ours and rest.isascii() and rest.isdigit() else ""
