"""What the services need of a store to answer for the content in its custody; part of ``services.ports``, which see."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from schemas.custody import KeyPublication, Opening


class ShownCustody(Protocol):
    """Reading what is kept about contents and the keys that open them."""

    def is_published(self, kid: str, channel: str) -> bool:
        """Tell whether an office key of ours was published on a channel."""

    def publications_of(self, kid: str) -> list[KeyPublication]:
        """Return where an office key of ours was published, by channel."""

    def condemned(self) -> Mapping[str, datetime]:
        """Return the office keys of ours whose private halves are to go, and since when, by kid."""

    def ended(self, now: datetime, limit: int) -> list[str]:
        """Return the envelopes whose contents have come to their end, those that ended first before the others."""

    def openings(self, after: int, limit: int) -> list[Opening]:
        """Return the log of openings behind a number, in order."""

    def openings_of(self, envelope_id: str, limit: int) -> list[Opening]:
        """Return who was shown the content of an event, the newest first."""

    def last_opening(self) -> Opening | None:
        """Return the newest opening, or None."""


class Custody(Protocol):
    """Writing the same."""

    def condemn(self, kid: str, at: datetime) -> None:
        """The private half of this office key of ours is to go; the first time stays."""

    def forget_key(self, kid: str) -> None:
        """It is gone."""

    def postpone(self, envelope_id: str, until: datetime) -> None:
        """The content of an envelope cannot go before then."""

    def log_opening(self, opening: Opening) -> None:
        """Append to the log of openings; nothing is ever taken out of it."""


class InCustody(Protocol):
    """The book of a transaction."""

    @property
    def custody(self) -> Custody:
        """Contents that end, keys that must go, and who was shown what."""
