"""What the services need of a store to follow courses of work; part of ``services.ports``, which see."""

from datetime import datetime
from typing import Protocol

from schemas.courses import CourseKind, CourseRow, KeptStep


class ShownCourses(Protocol):
    """Reading courses and their steps."""

    def steps_of(self, kind: CourseKind, course_id: str) -> list[KeptStep]:
        """Return the steps of a course in the order in which they were recorded; links that were refused are none."""

    def courses(self, kind: CourseKind, *, open_only: bool, limit: int) -> list[CourseRow]:
        """Return courses, the one that moved last before the others."""

    def courses_due(self, kind: CourseKind, now: datetime, limit: int) -> list[CourseRow]:
        """Return the courses to be looked at by now, those that wait longest first."""


class Courses(Protocol):
    """Writing what courses stand at."""

    def keep(self, row: CourseRow) -> None:
        """Keep what a course stands at, in place of what it stood at before."""


class InCourses(Protocol):
    """The book of a transaction."""

    @property
    def course_book(self) -> Courses:
        """What courses stand at; their steps are recorded with their links."""
