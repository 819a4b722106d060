"""What recipients proved, as ranges of a chain that never overlap per fact: how it is asked."""

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

import apsw

from adapters.sqlite.values import Row, parted
from schemas.control import ReceiptStage

STORED: Final = "stored"
HANDED_OVER: Final = "handed_over"
ACKNOWLEDGED: Final = "acknowledged"
REFUSED: Final = "refused"
DECLINED: Final = "declined"
EXHAUSTED: Final = "exhausted"
FACTS: Final = (STORED, HANDED_OVER, ACKNOWLEDGED, REFUSED, DECLINED, EXHAUSTED)

FACT_OF: Final = {
    ReceiptStage.STORED: STORED,
    ReceiptStage.HANDED_OVER: HANDED_OVER,
    ReceiptStage.ACKNOWLEDGED: ACKNOWLEDGED,
    ReceiptStage.ACTIONED: ACKNOWLEDGED,
    ReceiptStage.DECLINED: DECLINED,
    ReceiptStage.REJECTED: REFUSED,
    ReceiptStage.EXPIRED: REFUSED,
    ReceiptStage.EXHAUSTED: EXHAUSTED,
}
RANK_OF: Final = {ReceiptStage.ACKNOWLEDGED: 1, ReceiptStage.ACTIONED: 2}
"""How final a human answer is."""

SELECT_SPANS: Final = (
    "SELECT first_seq, last_seq, recipients FROM expectations WHERE chain_number = ? ORDER BY first_seq"
)
SELECT_REACHED: Final = """
    SELECT first_seq, last_seq, at, officer, answer, code FROM reached
    WHERE chain_number = ?1 AND recipient = ?2 AND fact = ?3 AND first_seq <= ?4 ORDER BY first_seq DESC LIMIT 1"""

Ask = Callable[[str, Row], apsw.Cursor]


class Span(NamedTuple):
    """A run of a chain that is owed to the same recipients, named in ascending order."""

    first: int
    last: int
    named: tuple[str, ...]
    recipients: frozenset[str]


class Reached(NamedTuple):
    """A range of a chain of which one recipient proved one fact."""

    first: int
    last: int
    at: int
    officer: str | None
    answer: str | None
    code: str | None


def reached_at(ask: Ask, chain: int, recipient: str, fact: str, seq: int) -> Reached | None:
    """Return the range that holds ``seq``, or None if this fact has not been proved of it."""
    for row in ask(SELECT_REACHED, (chain, recipient, fact, seq)):
        found = Reached(*row)
        return found if found.last >= seq else None
    return None


def next_owed(spans: Iterable[Span], after: int) -> int | None:
    """Return the first sequence behind ``after`` that is expected, or None."""
    return min((max(span.first, after + 1) for span in spans if span.last > after), default=None)


def spans_of(rows: Iterable[Row]) -> tuple[Span, ...]:
    """Read (first, last, recipients) rows."""
    return tuple(span_of(low, high, parted(recipients)) for low, high, recipients in rows)


def span_of(low: int, high: int, named: tuple[str, ...]) -> Span:
    """Make a span of recipients named in ascending order."""
    return Span(low, high, named, frozenset(named))
