"""Courses of work: their steps, recorded with their links, and what each stands at."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import apsw

from adapters.sqlite.batch import Batch
from adapters.sqlite.custody import CustodyReading
from adapters.sqlite.values import Row, joined, micros, moment, moment_or_none, parted
from schemas.courses import CourseKind, CourseRow, CourseStep, KeptStep
from schemas.envelope import Header

_KEEP: Final = """
    INSERT OR REPLACE INTO courses (
        kind, course_id, state, open, look_at, mode, outcome, opened_at, counties, moved)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, coalesce(
        (SELECT max(position) FROM course_steps WHERE kind = ?1 AND course_id = ?2), 0))"""
_SELECT_STEPS: Final = """
    SELECT s.wire_type, s.facts, e.envelope_id, e.recorded_at, e.header
    FROM course_steps AS s CROSS JOIN envelopes AS e ON e.position = s.position
    WHERE s.kind = ? AND s.course_id = ? ORDER BY s.position"""
_COLUMNS: Final = "kind, course_id, state, open, look_at, mode, outcome, opened_at, counties"
_SELECT_ALL: Final = f"SELECT {_COLUMNS} FROM courses WHERE kind = ? ORDER BY moved DESC, course_id LIMIT ?"  # noqa: S608
_SELECT_OPEN: Final = (
    f"SELECT {_COLUMNS} FROM courses WHERE kind = ? AND open = 1 ORDER BY moved DESC, course_id LIMIT ?"  # noqa: S608
)
_SELECT_DUE: Final = f"""
    SELECT {_COLUMNS} FROM courses WHERE kind = ? AND look_at <= ?
    ORDER BY look_at, course_id LIMIT ?"""  # noqa: S608


class CourseReading(CustodyReading):
    """Satisfies ``services.course_ports.ShownCourses``."""

    def _ask(self, sql: str, bindings: Row = ()) -> apsw.Cursor:
        raise NotImplementedError

    def steps_of(self, kind: CourseKind, course_id: str) -> list[KeptStep]:
        """Return the steps of a course in the order in which they were recorded."""
        rows = self._ask(_SELECT_STEPS, (kind.value, course_id))
        return [
            _kept(CourseStep(kind, course_id, wire_type, facts), envelope_id, recorded_at, header)
            for wire_type, facts, envelope_id, recorded_at, header in rows
        ]

    def courses(self, kind: CourseKind, *, open_only: bool, limit: int) -> list[CourseRow]:
        """Return courses, the one that moved last before the others."""
        return _rows(self._ask(_SELECT_OPEN if open_only else _SELECT_ALL, (kind.value, limit)))

    def courses_due(self, kind: CourseKind, now: datetime, limit: int) -> list[CourseRow]:
        """Return the courses to be looked at by now, those that wait longest first."""
        return _rows(self._ask(_SELECT_DUE, (kind.value, micros(now), limit)))


class SqliteCourses:
    """Satisfies ``services.course_ports.Courses``."""

    def __init__(self, batch: Batch) -> None:
        """Write through ``batch``."""
        self._batch = batch

    def keep(self, row: CourseRow) -> None:
        """Keep what a course stands at, in place of what it stood at before."""
        at, opened = (None if one is None else micros(one) for one in (row.look_at, row.opened_at))
        counted = row.mode, row.outcome, opened, joined(row.counties)
        self._batch.run(_KEEP, (row.kind.value, row.course_id, row.state, row.open, at, *counted))


def _kept(step: CourseStep, envelope_id: bytes, recorded_at: int, header_bytes: bytes) -> KeptStep:
    header = Header.model_validate_json(header_bytes)
    return KeptStep(
        step,
        envelope_id.hex(),
        header.source,
        tuple(header.to),
        header.agreement_id,
        header.time,
        moment(recorded_at),
    )


def _rows(found: Iterable[Row]) -> list[CourseRow]:
    return [
        CourseRow(
            CourseKind(kind),
            course_id,
            state,
            bool(is_open),
            moment_or_none(look_at),
            mode,
            outcome,
            moment_or_none(opened_at),
            parted(counties) if counties else (),
        )
        for kind, course_id, state, is_open, look_at, mode, outcome, opened_at, counties in found
    ]
