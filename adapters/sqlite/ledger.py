# ruff: noqa: S608 - only constants of this module are put into statements; every value is bound
"""Aggregates for the ledger: SQLite groups and counts, ``services.domain.ledger`` puts the groups together.

The rows of a span are found by looking at every row once: a ledger is asked for a few times a month, and an index by
time would cost every event.
"""

from datetime import datetime
from typing import Final

from adapters.sqlite.outbox import position_of
from adapters.sqlite.reached import ACKNOWLEDGED, REFUSED, STORED, Ask
from adapters.sqlite.values import micros
from schemas.control import TAKING_STAGES
from schemas.ledgers import CASES, DeliveryGroup, EventGroup, MatterGroup
from schemas.records import Direction

_TAKING: Final = ", ".join(f"'{stage.value}'" for stage in sorted(TAKING_STAGES))
_SECOND: Final = "1000000"


def _month(column: str) -> str:
    return f"strftime('%Y-%m', {column} / {_SECOND} + 28800, 'unixepoch')"  # Beijing, which has no summer time


_LISTED: Final = f"""
    SELECT {_month("e.recorded_at")} AS month, e.direction, e.wire_type, e.chain_number, e.seq,
        e.recorded_at / {_SECOND} AS recorded, CAST(e.header AS TEXT) AS header,
        json_extract(CAST(e.header AS TEXT), '$.status') <> 'actual' AS drill
    FROM envelopes AS e WHERE e.listed = 1 AND e.recorded_at >= ?1 AND e.recorded_at < ?2"""
_EVENTS: Final = f"""
    WITH listed AS ({_LISTED})
    SELECT month, direction, wire_type, drill, count(*) FROM listed
    GROUP BY month, direction, wire_type, drill ORDER BY month, direction, wire_type, drill"""


def _reached(fact: str) -> str:
    """When a recipient proved a fact, in seconds: ranges of one fact never overlap, so the nearest one decides."""
    return f"""(
        SELECT CASE WHEN r.last_seq >= o.seq THEN r.at / {_SECOND} END FROM reached AS r
        WHERE r.chain_number = o.chain_number AND r.recipient = o.partner AND r.fact = '{fact}' AND r.first_seq <= o.seq
        ORDER BY r.first_seq DESC LIMIT 1)"""


_SENT: Final = f"""
    WITH listed AS ({_LISTED} AND e.direction = 'out'),
    owed AS (
        SELECT DISTINCT l.month, l.wire_type, l.chain_number, l.seq, l.recorded, l.drill, c.value AS partner
        FROM listed AS l
        CROSS JOIN expectations AS x ON x.chain_number = l.chain_number AND l.seq BETWEEN x.first_seq AND x.last_seq
        CROSS JOIN json_each('["' || replace(x.recipients, ',', '","') || '"]') AS c
    ),
    facts AS (
        SELECT o.month, o.wire_type, o.drill, o.partner, o.recorded,
            {_reached(STORED)} AS stored, {_reached(ACKNOWLEDGED)} AS taken, {_reached(REFUSED)} AS refused
        FROM owed AS o
    )
    SELECT month, partner, wire_type, drill, max(0, stored - recorded) AS storing, max(0, taken - recorded) AS taking,
        refused IS NOT NULL AS refusal, count(*)
    FROM facts GROUP BY month, partner, wire_type, drill, storing, taking, refusal
    ORDER BY month, partner, wire_type, drill, storing, taking, refusal"""

# A time on the wire ends in Z or in an offset; its fraction, of any length, is left out.
_TIME: Final = "json_extract(l.header, '$.time')"
_CLAIMED: Final = f"""
    unixepoch(substr({_TIME}, 1, 19) || CASE WHEN {_TIME} LIKE '%Z' THEN 'Z' ELSE substr({_TIME}, -6) END)"""
_CAME: Final = f"""
    WITH listed AS ({_LISTED} AND e.direction = 'in'),
    facts AS (
        SELECT l.month, c.source AS partner, l.wire_type, l.drill, l.recorded, {_CLAIMED} AS claimed, (
            SELECT min(r.received_at) / {_SECOND} FROM receipts AS r
            WHERE r.target_chain = l.chain_number AND r.seq = l.seq AND r.direction = 'out' AND r.stage IN ({_TAKING})
        ) AS taken
        FROM listed AS l CROSS JOIN chains AS c ON c.number = l.chain_number
    )
    SELECT month, partner, wire_type, drill, max(0, recorded - claimed) AS storing, max(0, taken - recorded) AS taking,
        0, count(*)
    FROM facts GROUP BY month, partner, wire_type, drill, storing, taking
    ORDER BY month, partner, wire_type, drill, storing, taking"""


def _opened(first: str) -> str:
    """What was opened in the span, in earnest: the first event of it that is here was no exercise."""
    return f"""opened_at >= ?1 AND opened_at < ?2 AND NOT EXISTS (
        SELECT 1 FROM envelopes AS e WHERE e.listed = 1 AND {first}
        AND json_extract(CAST(e.header AS TEXT), '$.status') <> 'actual')"""


_FIRST_ACT: Final = """e.position = (
    SELECT min(a.position) FROM thread_acts AS a WHERE a.family = threads.family AND a.thread = threads.thread)"""
_REGISTRATION: Final = f"e.position = ({position_of('cases.case_id')})"
_FIRST_STEP: Final = """e.position = (
    SELECT min(s.position) FROM course_steps AS s WHERE s.kind = courses.kind AND s.course_id = courses.course_id)"""
_MATTERS: Final = f"""
    WITH opened AS (
        SELECT {_month("opened_at")} AS month, family, thread, kind, state FROM threads
        WHERE {_opened(_FIRST_ACT)}
    ),
    joint AS (
        SELECT {_month("opened_at")} AS month, '{CASES}' AS family, kind, outcome, counties FROM cases
        WHERE {_opened(_REGISTRATION)}
        UNION ALL
        SELECT {_month("opened_at")}, kind, mode, outcome, counties FROM courses
        WHERE {_opened(_FIRST_STEP)}
    )
    SELECT month, family, kind, state, '' AS partner, count(*) FROM opened GROUP BY month, family, kind, state
    UNION ALL
    SELECT o.month, o.family, o.kind, p.state, p.county, count(*) FROM opened AS o
    CROSS JOIN thread_parties AS p ON p.family = o.family AND p.thread = o.thread
    GROUP BY o.month, o.family, o.kind, p.state, p.county
    UNION ALL
    SELECT month, family, kind, outcome, '', count(*) FROM joint GROUP BY month, family, kind, outcome
    UNION ALL
    SELECT j.month, j.family, j.kind, j.outcome, c.value, count(*) FROM joint AS j
    CROSS JOIN json_each('["' || replace(j.counties, ',', '","') || '"]') AS c
    WHERE j.counties <> '' GROUP BY j.month, j.family, j.kind, j.outcome, c.value
    ORDER BY 1, 2, 3, 4, 5"""


class SqliteLedger:
    """Satisfies ``services.thread_ports.LedgerShown``."""

    def __init__(self, ask: Ask) -> None:
        """Read by ``ask``: a statement and its bindings."""
        self._ask = ask

    def events(self, since: datetime, until: datetime) -> list[EventGroup]:
        """Return how many events were recorded, in groups."""
        rows = self._ask(_EVENTS, (micros(since), micros(until)))
        return [EventGroup(month, Direction(way), kind, bool(drill), count) for month, way, kind, drill, count in rows]

    def deliveries(self, since: datetime, until: datetime) -> list[DeliveryGroup]:
        """Return how many deliveries there are, and how long they took, in groups."""
        span = (micros(since), micros(until))
        return [*self._deliveries(_CAME, Direction.INCOMING, span), *self._deliveries(_SENT, Direction.OUTGOING, span)]

    def _deliveries(self, sql: str, direction: Direction, span: tuple[int, int]) -> list[DeliveryGroup]:
        return [
            DeliveryGroup(month, direction, partner, wire_type, bool(drill), storing, taking, bool(refused), count)
            for month, partner, wire_type, drill, storing, taking, refused, count in self._ask(sql, span)
        ]

    def matters(self, since: datetime, until: datetime) -> list[MatterGroup]:
        """Return how many matters were opened, in groups."""
        return [MatterGroup(*row) for row in self._ask(_MATTERS, (micros(since), micros(until)))]
