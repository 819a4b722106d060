"""An event of a case takes its place: judged by the case before, told anew after; in the transaction that keeps it.

Source: docs/mediation.md; docs/decisions/0034-let-two-counties-write-one-case.md
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from schemas.base import BEIJING, Event
from schemas.cases import HELD_MAX, CaseAct, CaseEntry
from schemas.catalogue import parse_new
from schemas.control import HeadBeaconed
from schemas.envelope import Header, RefRelation
from schemas.errors import Fault
from schemas.governance.mediation import CaseEvent
from services.domain.completeness import INTERVAL_SECONDS
from services.domain.drafting import Outgoing
from services.domain.mediation_acts import entry_of, facts_of
from services.domain.mediation_door import seen_in
from services.domain.mediation_next import judge_next, row_of
from services.domain.mediation_rules import judge_entry
from services.domain.mediation_thread import CaseFile, replay
from services.ports import Snapshot, Transaction

SILENT_AFTER: Final = timedelta(seconds=2 * INTERVAL_SECONDS)
"""A county whose newest beacon is older may have written what is not here."""
_LOOKED_AT: Final = 1000
_UNKNOWN: Final = Fault("case.not_found", "refs", "no such case is here; see GET /api/v1/cases")


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes, by which agreement, to whom.

    Attributes:
        silent_after: Older than that, the other county's newest beacon proves nothing.
    """

    county: str
    to: tuple[str, ...]
    agreement_id: str
    silent_after: timedelta = SILENT_AFTER


def file_of(snapshot: Snapshot, case_id: str) -> CaseFile:
    """Return a case as it follows from what is here."""
    return replay(case_id, snapshot.cases.entries(case_id))


def has_heard(snapshot: Snapshot, county: str, now: datetime, silent_after: timedelta = SILENT_AFTER) -> bool:
    """Tell whether everything that a county has sent is here: by its own word, and that word is fresh."""
    heard = next((one for one in snapshot.heard(HeadBeaconed.wire_type) if one.county == county), None)
    if heard is None or now - heard.heard_at > silent_after:
        return False
    return not any(one.source == county for one in snapshot.claims(_LOOKED_AT)) and not any(
        one.chain.source == county for one in snapshot.gaps(_LOOKED_AT)
    )


def judge_own(tx: Snapshot, entry: CaseEntry, writer: Writer, now: datetime) -> Fault | None:
    """Tell why an own entry must not be written now, or None: compare-and-set by the whole case.

    Args:
        tx: The transaction that will keep it.
        entry: As it would be written; its envelope id does not count.
        writer: Who writes it.
        now: Aware UTC.
    """
    if entry.facts.act is CaseAct.REGISTERED and not entry.seen:
        return None
    row = tx.cases.case(entry.case_id)
    if row is None:
        return _UNKNOWN
    if row.agreement_id != writer.agreement_id:
        return Fault("case.agreement", "agreement", f"this case is written under {row.agreement_id}")
    if set(row.counties) != {writer.county, *writer.to}:
        return Fault("case.audience", "to", f"this case is between {' and '.join(row.counties)}")
    file = file_of(tx, entry.case_id)
    if entry.seen != file.heads:
        shown = ", ".join(one[:10] for one in file.heads)
        mend = f"the newest entries are {shown}: look at the case again, then name them"
        return Fault("case.late", "last_seen", mend)
    heard = has_heard(tx, writer.to[0], now, writer.silent_after)
    today = entry.facts.on or now.astimezone(BEIJING).date()
    return judge_next(file, entry.facts.act, writer.county, today=today, heard=heard) or judge_entry(file.state, entry)


def judge_received(tx: Snapshot, event: Event | None, header: Header) -> Fault | None:
    """Tell why a received event of a case cannot be taken, or None; whether it counts is for the story to tell."""
    if not isinstance(event, CaseEvent):
        return None
    entry = entry_of(event, header, "")
    row = tx.cases.case(entry.case_id) if entry is not None and entry.case_id else None
    if row is None:
        return None  # its registration may be on its way, or lie behind a backup of ours
    if header.source not in row.counties or not set(header.to) <= set(row.counties):
        return Fault("case.stranger", "refs", f"this case is between {' and '.join(row.counties)}")
    if header.agreement_id != row.agreement_id:
        return Fault("case.agreement", "agreement", f"this case is written under {row.agreement_id}")
    if row.entries >= HELD_MAX:
        return Fault("case.full", "refs", f"a case has {HELD_MAX} entries at most: register a new one")
    return None


def own_entry(event: CaseEvent, outgoing: Outgoing, *, county: str, now: datetime, envelope_id: str = "") -> CaseEntry:
    """Return an own event as the entry that it becomes at both ends.

    Args:
        event: Its content.
        outgoing: Everything else about it.
        county: Ourselves.
        now: The time at which it is posted.
        envelope_id: Once it has one; a registration's is the case's id.
    """
    case_id = next((ref.id for ref in outgoing.refs if ref.rel is RefRelation.CASE), envelope_id)
    said_at = now.replace(microsecond=now.microsecond // 1000 * 1000)  # as the header carries it
    seen = seen_in(outgoing.refs)
    return CaseEntry(envelope_id, case_id, county, outgoing.wire_type, said_at, seen, facts_of(event))


def note_own(tx: Transaction, outgoing: Outgoing, envelope_id: str, *, county: str, now: datetime) -> None:
    """Keep an own event of a case, posted in this transaction, as its entry, and tell the case anew."""
    event = parse_new(outgoing.wire_type, outgoing.content)
    if not isinstance(event, CaseEvent):
        return
    entry = own_entry(event, outgoing, county=county, now=now, envelope_id=envelope_id)
    tx.cases.add(entry)
    tell_anew(tx, entry.case_id, outgoing.agreement.agreement.id, (county, *outgoing.to), now)


class Casebook:
    """What one batch brings to cases: each entry is kept at once, each case told anew once, at the end."""

    def __init__(self, tx: Transaction, now: datetime) -> None:
        """Work on ``tx``; ``now`` is this county's time for the whole batch."""
        self._tx, self._now = tx, now
        self._touched: dict[str, Header] = {}

    def note(self, event: Event | None, header: Header, envelope_id: str) -> None:
        """Keep an event of a case as its entry; anything else changes nothing."""
        entry = entry_of(event, header, envelope_id)
        if entry is not None:
            self._tx.cases.add(entry)
            self._touched[entry.case_id] = header

    def tell(self) -> None:
        """Tell every case anew that an entry came to."""
        for case_id, header in self._touched.items():
            tell_anew(self._tx, case_id, header.agreement_id, (header.source, *header.to), self._now)
        self._touched.clear()


def tell_anew(tx: Transaction, case_id: str, agreement_id: str, counties: Iterable[str], now: datetime) -> None:
    """Write down what follows from the entries that are here."""
    row = row_of(file_of(tx, case_id), agreement_id=agreement_id, counties=tuple(counties), changed_at=now)
    tx.cases.keep(row)
