"""What the services need from outside to exchange CAP documents, as Protocols; see ``services.ports``."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from schemas.cap import CapAlert
from schemas.cap_records import (
    CapAnswerRow,
    CapDocument,
    CapFigures,
    CapRead,
    FeedEntry,
    Polled,
    Seen,
)
from schemas.errors import Fault


class CapText(Protocol):
    """CAP 1.2 as XML, and feeds as Atom. XML is read and written beside the loop, one document at a time."""

    async def read(
        self, data: bytes, *, must_be_signed: bool, signers: Collection[str], now: datetime
    ) -> CapRead | Fault:
        """Read a document; of a signed one only what a registered authority signed.

        Args:
            data: As it came; more than 256 KiB are refused.
            must_be_signed: Refuse one without a signature. One that bears a signature is never taken unverified.
            signers: Registered authorities whose signature counts here; every one if empty.
            now: Aware UTC.
        """

    async def write(self, document: CapAlert, *, sign: bool) -> bytes | Fault:
        """Write a document; signed if ``sign`` is set and this county has a key for it."""

    async def feed(
        self, entries: Sequence[FeedEntry], *, feed_id: str, title: str, author: str, updated: datetime, link: str
    ) -> bytes:
        """Write an Atom feed, the entries in their order."""


class CapFeed(Protocol):
    """One feed of CAP documents elsewhere."""

    async def poll(self, seen: Seen) -> Polled | Fault:
        """Ask once for what is new since ``seen``.

        Raises:
            UnavailableError: It does not answer; ask later.
        """


class CapShown(Protocol):
    """Reading what was taken."""

    def document(self, number: int) -> CapDocument | None:
        """Return one document with its bytes, or None."""

    def by_key(self, key: str) -> CapDocument | None:
        """Return the document of this sender, identifier and time, with its bytes, or None."""

    def by_alert(self, alert_id: str) -> CapDocument | None:
        """Return the newest document whose event bears this alert id, with its bytes, or None."""

    def documents(self, *, held_only: bool, limit: int) -> list[CapDocument]:
        """Return documents without their bytes, the newest first."""

    def answers(self, event_id: str, limit: int) -> list[CapAnswerRow]:
        """Return what foreign systems answered to an event, oldest first."""

    def events_of(self, alert_id: str) -> list[str]:
        """Return the envelope ids of the alerts of this id, own and received, oldest first, at most 16."""

    def feed(self, name: str, url: str) -> Seen:
        """Return what is known of a feed at this address; nothing if it was never asked."""

    def figures(self) -> CapFigures:
        """Return figures for metrics."""


class CapBook(CapShown, Protocol):
    """Writing the same."""

    def add(self, row: CapDocument) -> CapDocument:
        """Keep a document (its ``number`` is ignored) and return it with its number.

        Raises:
            InvariantError: There is one of this key already.
        """

    def close(self, number: int, *, event_id: str | None, alert_id: str, by: str, at: datetime) -> None:
        """An officer has dealt with a held document: draft and bytes are destroyed.

        Args:
            number: Of the document.
            event_id: Of the event that it became after all; None if it became none.
            alert_id: Of that event; as before if there is none.
            by: Who.
            at: When.
        """

    def add_answer(self, event_id: str, row: CapAnswerRow) -> bool:
        """Keep an answer; False, and nothing changes, if its key is known for this event."""

    def keep_feed(self, name: str, url: str, seen: Seen) -> None:
        """Keep what is known of a feed, instead of what was before."""


class ShowsCap(Protocol):
    """The part of ``services.ports.Snapshot`` that is about CAP."""

    @property
    def cap(self) -> CapShown:
        """Documents, answers, feeds."""


class KeepsCap(ShowsCap, Protocol):
    """The part of ``services.ports.Transaction`` that is about CAP."""

    @property
    def cap(self) -> CapBook:
        """Documents, answers, feeds."""
