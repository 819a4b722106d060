"""What later events are judged by: alerts and their predecessors, population reports, and marks.

Most links have none of these and cost one comparison here.
"""

import json
from collections.abc import Collection, Iterable
from typing import Final

from adapters.sqlite.batch import Batch
from adapters.sqlite.reached import Ask
from adapters.sqlite.threads import INSERT_ACT
from adapters.sqlite.values import Row, micros, moment
from schemas.base import Status
from schemas.courses import CourseStep
from schemas.records import AlertFacts, FlowPeople, HeldAlert, Mark, NewLink

_INSERT_ALERT: Final = "INSERT INTO alerts (position, alert_id, source, level, expires) VALUES (?, ?, ?, ?, ?)"
_INSERT_PREDECESSOR: Final = "INSERT OR IGNORE INTO alert_predecessors (position, alert_id) VALUES (?, ?)"
_INSERT_FLOW: Final = "INSERT INTO flow_reports (source, people, position) VALUES (?, ?, ?)"
_INSERT_STEP: Final = """
    INSERT INTO course_steps (kind, course_id, position, wire_type, facts) VALUES (?, ?, ?, ?, ?)"""
_INSERT_MARK: Final = "INSERT OR IGNORE INTO event_marks (position, mark) VALUES (?, ?)"

_SELECT_ALERTS: Final = """
    SELECT a.position, a.alert_id, a.source, a.level, a.expires, json_extract(CAST(e.header AS TEXT), '$.status')
    FROM alerts AS a CROSS JOIN envelopes AS e ON e.position = a.position
    WHERE a.alert_id IN (SELECT value FROM json_each(?)) ORDER BY a.position"""
_SELECT_EVENT: Final = """
    WITH RECURSIVE
        joined (alert_id) AS (
            SELECT value FROM json_each(?1)
            UNION
            SELECT p.alert_id FROM joined AS j
            CROSS JOIN alerts AS a ON a.alert_id = j.alert_id AND a.source IN (SELECT value FROM json_each(?2))
            CROSS JOIN alert_predecessors AS p ON p.position = a.position
            UNION
            SELECT a.alert_id FROM joined AS j
            CROSS JOIN alert_predecessors AS p ON p.alert_id = j.alert_id
            CROSS JOIN alerts AS a ON a.position = p.position AND a.source IN (SELECT value FROM json_each(?2))
            LIMIT 1000
        )
    SELECT a.position, a.alert_id, a.source, a.level, a.expires, json_extract(CAST(e.header AS TEXT), '$.status')
    FROM joined AS j
    CROSS JOIN alerts AS a ON a.alert_id = j.alert_id AND a.source IN (SELECT value FROM json_each(?2))
    CROSS JOIN envelopes AS e ON e.position = a.position
    ORDER BY a.position DESC LIMIT 1000"""
# By their ends: newest first, SQLite would look at every alert there ever was.
SELECT_VALID: Final = """
    SELECT position FROM alerts INDEXED BY alerts_by_end WHERE expires > ? ORDER BY position DESC LIMIT ?"""
_SELECT_PREDECESSORS: Final = "SELECT alert_id FROM alert_predecessors WHERE position = ? ORDER BY alert_id"
SELECT_FLOWS: Final = """
    SELECT position FROM flow_reports WHERE source = ? AND people = ? ORDER BY position DESC LIMIT ?"""
_SELECT_MARKS: Final = "SELECT mark FROM event_marks WHERE position = ? ORDER BY mark"


class Histories:
    """The writer's end."""

    def __init__(self, batch: Batch) -> None:
        """Append through ``batch``."""
        self._append_alert = batch.rows(_INSERT_ALERT)
        self._append_predecessor = batch.rows(_INSERT_PREDECESSOR)
        self._append_flow = batch.rows(_INSERT_FLOW)
        self._append_mark = batch.rows(_INSERT_MARK)
        self._append_step = batch.rows(_INSERT_STEP)
        self._append_act = batch.rows(INSERT_ACT)

    def note(self, position: int, link: NewLink) -> None:
        """Keep what later events are judged by."""
        source, about = link.envelope.header.source, link.about
        if isinstance(about, AlertFacts):
            self._append_alert((position, about.alert_id, source, about.level, micros(about.expires)))
            for alert_id in about.predecessors:
                self._append_predecessor((position, alert_id))
        elif isinstance(about, CourseStep):
            self._append_step((about.kind.value, about.course_id, position, about.wire_type, about.facts))
        elif isinstance(about, FlowPeople):
            self._append_flow((source, spelled(about), position))
        elif about is not None:
            self._append_act((about.family.value, about.key, position))
        for mark in link.marks:
            self._append_mark((position, mark.value))


def spelled(people: FlowPeople) -> str:
    """Spell whom a report counts as one column."""
    return f"{people.period}/{people.period_start.isoformat()}/{people.origin}/{people.destination}"


def alerts_of(ask: Ask, alert_ids: Collection[str]) -> list[HeldAlert]:
    """Return the alerts recorded under these ids, oldest first."""
    return _held(ask, ask(_SELECT_ALERTS, (json.dumps(list(alert_ids)),)))


def alerts_joined(ask: Ask, alert_ids: Collection[str], sources: Collection[str]) -> list[HeldAlert]:
    """Return the alerts of these sources that belong to one event with these ids, oldest first."""
    newest_first = list(ask(_SELECT_EVENT, (json.dumps(list(alert_ids)), json.dumps(list(sources)))))
    return _held(ask, reversed(newest_first))


def _held(ask: Ask, rows: Iterable[Row]) -> list[HeldAlert]:
    return [
        HeldAlert(source, AlertFacts(alert_id, level, moment(expires), _predecessors(ask, position)), Status(status))
        for position, alert_id, source, level, expires, status in list(rows)
    ]


def _predecessors(ask: Ask, position: int) -> tuple[str, ...]:
    return tuple(row[0] for row in ask(_SELECT_PREDECESSORS, (position,)))


def marks_of(ask: Ask, position: int) -> tuple[Mark, ...]:
    """Return what is doubtful about an event."""
    return tuple(Mark(row[0]) for row in ask(_SELECT_MARKS, (position,)))
