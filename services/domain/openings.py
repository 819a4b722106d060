"""The log of openings: who was shown personal content, each row bound to the one before, so that none goes unnoticed.

What is bound is everything but the content itself. Rows that are taken off the end leave a chain that still holds: the
auditor compares number and digest of the last row with those noted the time before.

Source: docs/decisions/0026-answer-for-content-in-custody.md
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from schemas.access import Access
from schemas.custody import Opening, OpeningReason
from services.domain.encoding import length_prefixed

NONE_YET: Final = "0" * 64
"""Stands for the row before the first one."""
_LABEL: Final = b"sihu-opening-v1\0"


@dataclass(frozen=True, slots=True)
class LogVerdict:
    """What a walk over the log found.

    Attributes:
        count: Rows that follow from the first one without a break.
        digest: Of the last of them.
        broken_at: Number of the first row that does not follow, None if all do.
    """

    count: int
    digest: str
    broken_at: int | None = None

    @property
    def holds(self) -> bool:
        """Nothing was changed, and nothing is missing before the last row."""
        return self.broken_at is None


def next_opening(
    last: Opening | None, *, envelope_id: str, access: Access, reason: OpeningReason, now: datetime
) -> Opening:
    """Return the row that follows the newest one.

    Args:
        last: The newest row, None if there is none.
        envelope_id: Of the event whose content is shown.
        access: The token that asks.
        reason: Why.
        now: Aware UTC.
    """
    number, before = (last.number + 1, last.digest) if last else (1, NONE_YET)
    row = Opening(number, envelope_id, now, access.name, access.officer or "", reason, "")
    return Opening(number, envelope_id, now, access.name, access.officer or "", reason, digest_of_row(before, row))


def digest_of_row(before: str, row: Opening) -> str:
    """Return the digest of a row behind the one whose digest is ``before``."""
    at = row.opened_at.isoformat(timespec="microseconds")
    parts = (before, str(row.number), row.envelope_id, at, row.access, row.officer, row.reason.value)
    return hashlib.sha256(_LABEL + length_prefixed(parts)).hexdigest()


def go_on(verdict: LogVerdict, rows: Iterable[Opening]) -> LogVerdict:
    """Go on with a walk over the log.

    Args:
        verdict: Of the rows before; ``LogVerdict(0, NONE_YET)`` at the start.
        rows: The next ones, in order.
    """
    count, digest = verdict.count, verdict.digest
    for row in rows:
        if row.number != count + 1 or row.digest != digest_of_row(digest, row):
            return LogVerdict(count, digest, row.number)
        count, digest = row.number, row.digest
    return LogVerdict(count, digest)
