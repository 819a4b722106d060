"""Everything that a snapshot can be asked, so that two stores can be compared by their answers."""

from typing import Any, Final

from schemas.base import Status
from schemas.courses import CourseKind
from schemas.envelope import Envelope
from schemas.records import Direction
from schemas.searches import Wanted
from schemas.subjects import Lane
from schemas.threads import Family
from services.ports import Snapshot
from tests import papers
from tests.contract.store.samples import ALERT, BULLETIN, RECEIPT, THEM, THIRD, US, at, envelope, hexed

CHANNELS: Final = ("out", "in")
EPOCHS: Final = ("1-00000000000000aa", "2-00000000000000aa")
SEQS: Final = range(8)
TYPES: Final = (BULLETIN, ALERT, RECEIPT)
_EXERCISES: Final = 4
"""Every so manieth link is of an exercise."""

WANTED: Final = (
    Wanted(),
    Wanted(direction=Direction.INCOMING, wire_type=ALERT),
    Wanted(mutual="information", since=at(20), until=at(60)),
    Wanted(level=2),
)
"""What a search is narrowed by."""

PAGES: Final = (
    (None, None, 0, False),
    (None, None, 3, True),
    (Direction.INCOMING, ALERT, 0, True),
    (Direction.OUTGOING, None, 2, False),
    (None, ALERT, 0, True),
)
"""Direction, type, since, newest first."""


def linked(channel: str, epoch: str, seq: int) -> Envelope:
    """The link at a place."""
    source, to = (US, (THEM, THIRD)) if channel == "out" else (THEM, (US,))
    wire_type, status = TYPES[seq % len(TYPES)], Status.EXERCISE if seq % _EXERCISES == 1 else Status.ACTUAL
    deadline = at(900) if seq % 2 else None
    return envelope(
        seq,
        channel=channel,
        epoch=epoch,
        source=source,
        to=to,
        wire_type=wire_type,
        status=status,
        acknowledge_by=deadline,
    )


IDS: Final = tuple(linked(channel, epoch, seq).envelope_id for channel in CHANNELS for epoch in EPOCHS for seq in SEQS)


def everything(one: Snapshot) -> dict[str, Any]:
    """Ask every question a snapshot can be asked."""
    pages = [
        one.events(direction=direction, wire_type=wire_type, since=since, limit=4, newest_first=newest)
        for direction, wire_type, since, newest in PAGES
    ]
    return {
        "pages": pages,
        "events": [one.event(envelope_id) for envelope_id in IDS],
        "deliveries": [one.deliveries(envelope_id) for envelope_id in IDS],
        "receipts": [one.receipts(envelope_id) for envelope_id in IDS],
        "chains": [one.chain(hexed(channel), epoch) for channel in CHANNELS for epoch in EPOCHS],
        "lanes": [(one.lane_end(lane), one.published_up_to(lane), one.in_doubt(lane)) for lane in Lane],
        "waiting": [one.waiting(lane, 0, 99, 10**6) for lane in Lane],
        "positions": [one.position(name) for name in ("county", "note")],
        "journal": (one.journal(0, 999), one.journal_end()),
        "notices": (one.notices(open_only=True, limit=9), one.notices(open_only=False, limit=9)),
        "quarantined": one.quarantined(9),
        "chains_of": [one.chains_of(county) for county in (US, THEM)],
        "counts": dict(one.counts()),
        "oldest": dict(one.oldest_unstored()),
        "erasures": [one.erasures_of(envelope_id) for envelope_id in IDS],
        "held": one.oldest_held(),
        "published": [one.is_published(papers.x25519_record(name).kid, name) for name in ("old", "young")],
        "publications": [one.publications_of(papers.x25519_record(name).kid) for name in ("old", "young")],
        "cases": [one.cases.newest(open_only=only, limit=5) for only in (True, False)],
        "entries": [one.cases.entries(case_id) for case_id in IDS],
        "custody": (dict(one.condemned()), one.ended(at(50), 3), one.openings(1, 3), one.last_opening()),
        "openings": [one.openings_of(envelope_id, 2) for envelope_id in IDS],
        "steps": [one.steps_of(kind, name * 32) for kind in CourseKind for name in "12"],
        "courses": [one.courses(kind, open_only=only, limit=3) for kind in CourseKind for only in (True, False)],
        "threads": [one.threads.rows(family, state=None, before=0, limit=5) for family in Family],
        "owing": one.owing(),
        "runs": [[found.envelope for found in one.run_of(number, 1, 5, 2000)] for number in (1, 2, 3)],
        "heard": dict(one.last_heard()),
        "heads": one.heads(),
        "gaps": one.gaps(9),
        "claims": one.claims(9),
        "forks": one.forks(9),
        "signals": one.heard(BULLETIN),
        "words": [list(one.search.looks(bucket, 1)) for bucket in (1, 2, 3)],
        "searched": [
            list(one.search.events_in(0, places, wanted, 9)) for wanted in WANTED for places in (None, b"\x02\x05\x0a")
        ],
        "index": (one.search.figures(), one.search.next_block(), one.search.erasures_in(0), one.search.last_position()),
        "unacknowledged": (
            one.unacknowledged(99),
            one.search.unacknowledged_in(0),
            one.events(direction=None, wire_type=None, since=0, limit=4, newest_first=True, unacknowledged=True),
            one.events(direction=None, wire_type=ALERT, since=2, limit=4, unacknowledged=True),
        ),
        "signed": [one.signed_at(number, seq) for number in (1, 2) for seq in SEQS],
    }
