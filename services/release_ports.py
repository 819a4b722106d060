"""What the services need of a store to release events by two officers, as Protocols; see services.ports."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from schemas.releases import Countersigning, Draft, DraftState, ReleaseRow


class ReleasesShown(Protocol):
    """Drafts, and who stands behind what was sent: reading."""

    def draft(self, draft_id: str) -> Draft | None:
        """Return one draft, or None."""

    def drafts(self, states: Collection[DraftState], limit: int) -> list[Draft]:
        """Return drafts in these states, the one that changed last first."""

    def open_count(self) -> int:
        """Return how many drafts are neither sent nor withdrawn."""

    def of_event(self, envelope_id: str) -> list[ReleaseRow]:
        """Return what was put on record about an event, whether it is here or not, in the order of its time."""

    def released_under(self, source: str, terms: str) -> str | None:
        """Return the event of ``source`` that was released under terms (64 hex digits) that an officer signed."""

    def countersigning(self, envelope_id: str) -> Countersigning | None:
        """Return what still waits for a second officer's name under an event that was sent alone, or None."""

    def overdue(self, now: datetime, limit: int) -> list[Countersigning]:
        """Return those whose time has passed and of which nobody was told, the longest overdue first."""


class Releases(ReleasesShown, Protocol):
    """Drafts, and who stands behind what was sent: writing."""

    def put(self, draft: Draft) -> None:
        """Keep a draft, in place of what there was of it."""

    def note(self, envelope_id: str, row: ReleaseRow) -> None:
        """Keep a record about an event; the same record again changes nothing."""

    def expect(self, row: Countersigning) -> None:
        """From now on a second officer's name is missing."""

    def mark_told(self, envelope_id: str) -> None:
        """The own duty officer was told that it is overdue."""

    def countersigned(self, envelope_id: str) -> None:
        """It is missing no more."""


class ShowsReleases(Protocol):
    """What a snapshot shows of drafts and releases."""

    @property
    def releases(self) -> ReleasesShown:
        """Drafts, and who stands behind what was sent."""


class KeepsReleases(ShowsReleases, Protocol):
    """What a transaction does with drafts and releases."""

    @property
    def releases(self) -> Releases:
        """Drafts, and who stands behind what was sent."""
