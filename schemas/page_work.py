"""What waits to be handed to a provider, and what came back.

No telephone number stands in these rows, nor in any other of the database: the roster knows them.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from schemas.pages import Medium


class WorkKind(StrEnum):
    """What is to be handed over."""

    PAGE = "page"
    """A page of an escalation: text and address are worked out when it goes out."""
    TEXT_BACK = "text_back"
    """What an officer is told back: the text stands in the row."""
    NUMBER_MARK = "number_mark"
    """What became known of a number is to be recorded in the roster, which is a file: no provider is concerned."""


@dataclass(frozen=True, slots=True)
class PageWork:
    """One page that is to be submitted; the row goes once every part was taken, or nothing more is tried.

    Attributes:
        page_id: As in ``PageRow``; 32 hexadecimal digits of its own for what is no page.
        recipient: Name of the officer, or of the office.
        level: Of the alert; 4 for what is no page.
        next_at: Not before; of a number's mark, when it became known.
        lease_until: Somebody is at it until then; None if nobody is. A lease that ran out is taken again: the page may
            then go out twice, under the same id and with the same code.
        provider: Who is to be tried; empty to choose.
        parts: Which parts are still to be taken; empty for all.
        total: How many parts the text had when it first went out; 0 before.
        reference: Octet that joins the parts at the handset.
        text: Of a text back; of a number's mark, the mark and the number's tag.
    """

    page_id: str
    kind: WorkKind
    medium: Medium
    recipient: str
    level: int
    next_at: datetime
    lease_until: datetime | None = None
    provider: str = ""
    parts: tuple[int, ...] = ()
    total: int = 0
    reference: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class PagingFigures:
    """What waits at one moment.

    Attributes:
        open: Escalations that nobody has taken and whose ladder is not at its end.
        exhausted: Those whose ladder is: a person has to call.
        waiting: Pages that are to be handed to a provider.
        oldest_waiting: Since when the first of them is due; None if none is.
        held: SMS that are held back.
    """

    open: int = 0
    exhausted: int = 0
    waiting: int = 0
    oldest_waiting: datetime | None = None
    held: int = 0


class ReplyOutcome(StrEnum):
    """What became of a text that came from a telephone."""

    ANSWERED = "answered"
    ASKED_BACK = "asked_back"
    UNHEEDED = "unheeded"
    """Not understood, and no question went back: too many within the hour."""
    OPTED_OUT = "opted_out"
    UNKNOWN_NUMBER = "unknown_number"


@dataclass(frozen=True, slots=True)
class ReplyTaken:
    """A text or keyed digits that came back, once: the same one again changes nothing.

    Attributes:
        reply_id: SHA-256 over provider and the provider's own id, lowercase hex; over sender, text and the minute if
            it gives none.
        officer: Whose number it came from; empty for a number that no roster knows, of which nothing else is kept.
        text: As decoded, at most 200 characters; never of digits keyed in.
    """

    reply_id: str
    provider: str
    officer: str
    text: str
    outcome: ReplyOutcome
    heard_at: datetime
