"""Recount what was accepted and what arrived: a separate program that shares no code with the node.

It reads the senders' own logs of their 202 answers and each county's database, and believes neither
receipts nor counters. ``python -m services.demo.recount DIR`` prints one JSON object; exit 1 if
anything was lost, doubled, out of order, unexpected, or not receipted. Under ``paging`` stands how
people were told by other ways than the desk, and which receipts of theirs the sources hold.

``DIR`` holds one folder per county, named by its code, with ``sihu.db`` and ``accepted.jsonl``: one
line per 202 with envelope_id, source, channel, epoch, seq, type and to.
"""

import argparse
import json
import sqlite3
import sys
from collections import Counter
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

_ALERT: Final = "cn.sihu.information.alert_"

_ARRIVED: Final = """
SELECT lower(hex(e.envelope_id)), c.channel, c.epoch, e.seq, e.wire_type, e.position
FROM envelopes AS e JOIN chains AS c ON c.number = e.chain_number
WHERE e.direction = 'in' AND e.refused = 0 AND e.wire_type NOT LIKE 'cn.sihu.control.%'
ORDER BY e.position
"""

_SENT: Final = "SELECT lower(hex(envelope_id)) FROM envelopes WHERE direction = 'out'"

_STORED: Final = """
SELECT c.channel, c.epoch, r.receiver, r.first_seq, r.seq
FROM receipts AS r JOIN chains AS c ON c.number = r.target_chain
WHERE r.direction = 'in' AND r.stage = 'stored'
"""

_TOLD: Final = """
SELECT p.version,
    p.purpose IN ('step', 'passed_on') AND (p.due_at > e.taken_at OR p.submitted_at > e.taken_at + 10000000)
FROM pages AS p JOIN escalations AS e ON e.key = p.escalation
WHERE p.medium <> 'console' AND p.submitted_at IS NOT NULL
"""

_TAKEN: Final = """
SELECT r.receiver, c.channel, c.epoch, r.seq, r.means, r.recorded_at
FROM receipts AS r JOIN chains AS c ON c.number = r.target_chain
WHERE r.direction = 'in' AND r.stage IN ('acknowledged', 'actioned')
ORDER BY r.number DESC
"""

_ACCEPTED_AT: Final = "SELECT lower(hex(envelope_id)), recorded_at FROM envelopes WHERE direction = 'out'"

_BY_PAGE: Final = frozenset({"sms_number", "voice_pin"})
_MICROSECONDS: Final = 1_000_000

Place = tuple[str, str, int]  # channel, epoch, sequence


@dataclass(slots=True)
class Count:
    """What was found. Deliveries are accepted events × their recipients."""

    events: int = 0
    deliveries: int = 0
    arrived: int = 0
    stored: int = 0
    lost: int = 0
    duplicated: int = 0
    out_of_order: int = 0
    unexpected: int = 0

    @property
    def holds(self) -> bool:
        """True if every delivery arrived once, in order, and its *stored* receipt is back."""
        clean = self.lost == self.duplicated == self.out_of_order == self.unexpected == 0
        return clean and self.deliveries == self.arrived == self.stored


@dataclass(slots=True)
class Paging:
    """What came of telling people.

    Attributes:
        paged: Pages that a provider took.
        answered: Events that an officer took by answering a page: the source holds that receipt.
        means: Of every event that people were told of by a page and that somebody took: how often by which means.
        seconds: From the source's acceptance to its record of that receipt, the longest of those answered.
        late: Pages of the ladder that were decided on after somebody had taken the event, or went out more than 10 s
            after that: for so long a provider may have had one already.
    """

    paged: int = 0
    answered: int = 0
    means: dict[str, int] = field(default_factory=dict)
    seconds: float | None = None
    late: int = 0


def accepted_in(directory: Path) -> list[dict[str, Any]]:
    """Read every county's log of 202 answers; the same answer given again is one event."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(directory.glob("[1-9]*/accepted.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            found[row["envelope_id"]] = row
    return list(found.values())


def rows_of(database: Path, query: str) -> list[tuple[Any, ...]]:
    """Read rows of one county's database, read-only."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchall()


def recount(directory: Path) -> Count:
    """Count everything in ``directory``."""
    events = accepted_in(directory)
    count = Count(events=len(events), deliveries=sum(len(event["to"]) for event in events))
    databases = sorted(directory.glob("[1-9]*/sihu.db"))
    sent = {row[0] for database in databases for row in rows_of(database, _SENT)}
    for database in databases:
        _count_arrivals(count, database, [event for event in events if database.parent.name in event["to"]], sent)
    receipts = {path.parent.name: _receipts(path) for path in databases}
    count.stored = sum(_receipted(event, receipts) for event in events)
    return count


def _count_arrivals(count: Count, database: Path, expected: list[dict[str, Any]], sent: set[str]) -> None:
    rows = rows_of(database, _ARRIVED)
    by_id = Counter(row[0] for row in rows)
    by_place = Counter((row[1], row[2], row[3]) for row in rows)
    wanted = {event["envelope_id"]: (event["channel"], event["epoch"], event["seq"]) for event in expected}
    places = {row[0]: (row[1], row[2], row[3]) for row in rows}
    count.arrived += sum(1 for envelope_id in wanted if envelope_id in by_id)
    count.lost += sum(1 for envelope_id, place in wanted.items() if places.get(envelope_id) != place)
    doubled_ids = sum(times - 1 for times in by_id.values())
    doubled_places = sum(times - 1 for times in by_place.values())
    count.duplicated += max(doubled_ids, doubled_places)
    # Somebody may have sent by hand, past the logs: that is in its sender's own database.
    count.unexpected += sum(1 for envelope_id in by_id if envelope_id not in wanted and envelope_id not in sent)
    count.out_of_order += _misplaced(rows)


def paging(directory: Path) -> Paging:
    """Count what came of telling people in every county of ``directory``."""
    databases = {path.parent.name: path for path in sorted(directory.glob("[1-9]*/sihu.db"))}
    pages = {county: rows_of(path, _TOLD) for county, path in databases.items()}
    late = sum(bool(row[1]) for rows in pages.values() for row in rows)
    found = Paging(paged=sum(len(rows) for rows in pages.values()), late=late)
    told = {(county, row[0]) for county, rows in pages.items() for row in rows}
    taken = {county: _taken(path) for county, path in databases.items()}
    accepted_at = {row[0]: row[1] for path in databases.values() for row in rows_of(path, _ACCEPTED_AT)}
    for event in accepted_in(directory):
        place = (event["channel"], event["epoch"], event["seq"])
        for county in event["to"]:
            answer = taken[event["source"]].get((county, place))
            if answer is not None and (county, event["envelope_id"]) in told:
                _note(found, *answer, accepted_at.get(event["envelope_id"], answer[1]))
    return found


def _taken(database: Path) -> dict[tuple[str, Place], tuple[str, int]]:
    """Return the means of the first receipt by which each event of a county was taken, and when it came there."""
    rows = rows_of(database, _TAKEN)  # the first one last, so that it stays
    return {(row[0], (row[1], row[2], row[3])): (row[4], row[5]) for row in rows}


def _note(found: Paging, means: str, recorded_at: int, accepted_at: int) -> None:
    found.means[means] = found.means.get(means, 0) + 1
    if means in _BY_PAGE:
        found.answered += 1
        found.seconds = max(found.seconds or 0.0, round((recorded_at - accepted_at) / _MICROSECONDS, 2))


def _misplaced(rows: list[tuple[Any, ...]]) -> int:
    """Alerts may overtake; everything else of a channel was taken in by ascending sequence."""
    last: dict[tuple[str, str], int] = {}
    misplaced = 0
    for _, channel, epoch, seq, wire_type, _ in rows:
        if wire_type.startswith(_ALERT):
            continue
        misplaced += seq <= last.get((channel, epoch), 0)
        last[channel, epoch] = seq
    return misplaced


def _receipts(database: Path) -> set[tuple[str, Place]]:
    return {
        (receiver, (channel, epoch, seq))
        for channel, epoch, receiver, first, last in rows_of(database, _STORED)
        for seq in range(first, last + 1)
    }


def _receipted(event: dict[str, Any], receipts: dict[str, set[tuple[str, Place]]]) -> int:
    held = receipts.get(event["source"], set())
    place = (event["channel"], event["epoch"], event["seq"])
    return sum(1 for county in event["to"] if (county, place) in held)


def main() -> int:
    """Print the count as one JSON object; 0 if everything holds."""
    parser = argparse.ArgumentParser(description="Recount accepted events against every county's database.")
    parser.add_argument("directory", type=Path, help="folder with one folder per county")
    directory = parser.parse_args().directory
    count = recount(directory)
    found = {**asdict(count), "holds": count.holds, "paging": asdict(paging(directory))}
    sys.stdout.write(json.dumps(found) + "\n")
    return 0 if count.holds else 1


if __name__ == "__main__":
    sys.exit(main())
