"""The audit log: what people did, each entry bound to the one before, so that none goes unnoticed.

Entries that are taken off the end leave a chain that still holds: the auditor compares number and digest of the last
one with those noted the time before. Old entries go from the front, never without an entry that says up to which: what
is left is anchored by it.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from schemas.consoles import ABOUT_MAX, ACT_PATTERN, NOTE_MAX, AuditEntry
from schemas.errors import InvariantError
from services.domain.encoding import length_prefixed

NONE_YET: Final = "0" * 64
"""Stands for the entry before the first one."""
PRUNED: Final = "audit.pruned"
"""Act of the entry that anchors what is left: about is the last number that went, note its digest."""
_LABEL: Final = b"sihu-audit-v1\0"
_ACT: Final = re.compile(ACT_PATTERN)


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """What a walk over the log found.

    Attributes:
        first: Number of the oldest entry that is kept, 0 if there is none.
        last: Number of the newest one that follows without a break.
        digest: Of that one.
        broken_at: Number of the first entry that does not follow, None if all do.
        anchor: What the oldest entry stands on: number and digest of the one before it.
        anchored: That was said in the log itself, or there was nothing before.
    """

    first: int = 0
    last: int = 0
    digest: str = NONE_YET
    broken_at: int | None = None
    anchor: tuple[int, str] = (0, NONE_YET)
    anchored: bool = True

    @property
    def holds(self) -> bool:
        """Nothing was changed, and nothing is missing but off the end or by an entry that says so."""
        return self.broken_at is None and self.anchored


def next_entry(
    last: AuditEntry | None, *, officer: str, act: str, about: str = "", note: str = "", now: datetime
) -> AuditEntry:
    """Return the entry that follows the newest one; texts that are too long are cut.

    Args:
        last: The newest entry, None if there is none.
        officer: Who; empty where nobody is known.
        act: ``family.verb_done``.
        about: On what.
        note: A few plain words, never content.
        now: Aware UTC.

    Raises:
        InvariantError: ``act`` has another form.
    """
    if _ACT.fullmatch(act) is None:
        raise InvariantError(f"an act is written family.verb_done, not {act}")
    number, before = (last.number + 1, last.digest) if last else (1, NONE_YET)
    plain = AuditEntry(number, now, officer, act, about[:ABOUT_MAX], note[:NOTE_MAX], before, "")
    return replace(plain, digest=digest_of_entry(plain))


def digest_of_entry(entry: AuditEntry) -> str:
    """Return the digest that an entry must have."""
    at = entry.at.isoformat(timespec="microseconds")
    parts = (entry.previous, str(entry.number), at, entry.officer, entry.act, entry.about, entry.note)
    return hashlib.sha256(_LABEL + length_prefixed(parts)).hexdigest()


def go_on(verdict: AuditVerdict, entries: Iterable[AuditEntry]) -> AuditVerdict:
    """Go on with a walk over the log.

    Args:
        verdict: Of the entries before; ``AuditVerdict()`` at the start.
        entries: The next ones, in order.
    """
    for entry in entries:
        if verdict.broken_at is not None:
            break
        if verdict.first == 0:
            verdict = _begun(entry)
        follows = entry.number == verdict.last + 1 and entry.previous == verdict.digest
        if not follows or entry.digest != digest_of_entry(entry):
            return replace(verdict, broken_at=entry.number)
        anchors = entry.act == PRUNED and (entry.about, entry.note) == (str(verdict.anchor[0]), verdict.anchor[1])
        verdict = replace(verdict, last=entry.number, digest=entry.digest, anchored=verdict.anchored or anchors)
    return verdict


def _begun(entry: AuditEntry) -> AuditVerdict:
    before = entry.number - 1
    return AuditVerdict(
        first=entry.number,
        last=before,
        digest=entry.previous if before else NONE_YET,
        anchor=(before, entry.previous),
        anchored=before == 0,
    )
