"""Courses of work over the memory store's containers."""

from datetime import datetime

from adapters.memory.custody import CustodyReading
from adapters.memory.state import State
from schemas.courses import CourseKind, CourseRow, CourseStep, KeptStep


class CourseReading(CustodyReading):
    """Satisfies ``services.course_ports.ShownCourses``."""

    def steps_of(self, kind: CourseKind, course_id: str) -> list[KeptStep]:
        """Return the steps of a course in the order in which they were recorded."""
        return [one for _, one in _steps(self._state, kind, course_id)]

    def courses(self, kind: CourseKind, *, open_only: bool, limit: int) -> list[CourseRow]:
        """Return courses, the one that moved last before the others."""
        rows = [
            (-moved, row.course_id, row)
            for moved, row in self._state.courses.values()
            if row.kind is kind and (row.open or not open_only)
        ]
        return [row for _, _, row in sorted(rows, key=lambda one: one[:2])[:limit]]

    def courses_due(self, kind: CourseKind, now: datetime, limit: int) -> list[CourseRow]:
        """Return the courses to be looked at by now, those that wait longest first."""
        due = [
            (row.look_at, row.course_id, row)
            for _, row in self._state.courses.values()
            if row.kind is kind and row.look_at is not None and row.look_at <= now
        ]
        return [row for _, _, row in sorted(due, key=lambda one: one[:2])[:limit]]


class MemoryCourses:
    """Satisfies ``services.course_ports.Courses``."""

    def __init__(self, state: State) -> None:
        """Work on ``state``."""
        self._state = state

    def keep(self, row: CourseRow) -> None:
        """Keep what a course stands at, in place of what it stood at before."""
        steps = _steps(self._state, row.kind, row.course_id)
        self._state.courses[row.kind, row.course_id] = max((at for at, _ in steps), default=0), row


def _steps(state: State, kind: CourseKind, course_id: str) -> list[tuple[int, KeptStep]]:
    return [
        (
            position,
            KeptStep(
                about,
                link.event.envelope.envelope_id,
                link.event.envelope.header.source,
                tuple(link.event.envelope.header.to),
                link.event.envelope.header.agreement_id,
                link.event.envelope.header.time,
                link.event.recorded_at,
            ),
        )
        for position, link in sorted(state.links.items())
        if link.listed
        and isinstance(about := link.about, CourseStep)
        and (about.kind, about.course_id) == (kind, course_id)
    ]
