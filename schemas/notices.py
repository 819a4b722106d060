"""What this county's own duty officer is told by the node itself, until the cause is gone."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final


class NoticeKind(StrEnum):
    """Why this county's own duty officer is told something."""

    NOT_STORED = "not_stored"
    NOT_ACKNOWLEDGED = "not_acknowledged"
    REFUSED = "refused"
    QUARANTINED = "quarantined"
    FORKED = "forked"
    OWN_UNKNOWN = "own_unknown"
    """An envelope signed by ourselves that our store lacks: an old backup came back, or a clone runs."""
    EXPIRING = "expiring"
    """A certificate, registry or agreement comes to its end."""
    CLOCK_AHEAD = "clock_ahead"
    """A county claims times that our clock is far from having reached."""
    PREDECESSOR_MISSING = "predecessor_missing"
    """An alert replaces or ends one that is not here."""
    SILENT = "silent"
    """No beacon of a partner for two intervals."""
    EPOCH_DROPPED = "epoch_dropped"
    """A county goes on in a new epoch without links that we hold: an old backup came back there."""
    TWINS = "twins"
    """Two nodes of one county, ours or a partner's, run at once: a restored one beside the first, or a copy."""
    MISSING = "missing"
    """Links of a channel that exist, by the word of its source or of a witness, are not here."""
    EXHAUSTED = "exhausted"
    """Everybody on duty was told of an alert and nobody took it: call by hand."""
    OVERDUE = "overdue"
    """This county has not acknowledged an alert in time."""
    COVERAGE_GAP = "coverage_gap"
    """Nobody is on duty where somebody should be, or a duty number cannot be reached."""
    SOURCE_NOT_TOLD = "source_not_told"
    """An alert was taken here, and its source could not be told so."""
    PROVIDER_DOWN = "provider_down"
    """A way to reach people does not work."""
    NOT_ERASED = "not_erased"
    """A neighbour has not said that it erased what a person took back or what is done."""
    SERVICE_OVERDUE = "service_overdue"
    """A request of another province waits for an office longer than it was promised."""
    KEY_REVOKED = "key_revoked"
    """A key was revoked, and what was taken here is trusted no longer."""
    CAP_HELD = "cap_held"
    """A CAP document waits for an officer."""
    CAP_FEED = "cap_feed"
    """A feed of CAP documents cannot be read, or a document of it was not taken."""
    CAP_ANSWER = "cap_answer"
    """A foreign system did not take an alert."""
    NOT_COUNTERSIGNED = "not_countersigned"
    """An alert that one officer sent alone has waited too long for a second officer's name."""
    CASE_DUE = "case_due"
    """A day of a case of joint mediation has come, or is near."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Told to this county's own duty officer, until the cause is gone."""

    number: int
    kind: NoticeKind
    about: str
    """Envelope id, channel or document that it is about."""
    county: str
    """The county concerned; empty if none."""
    text: str
    """Chinese, one line, with the telephone to call where there is one."""
    told_at: datetime
    resolved_at: datetime | None
    closed_by: str | None = None
    """The person, or the token bound to none, who closed it; None while it is open or if the cause went by itself."""


SELF_ENDING: Final = frozenset({NoticeKind.EXPIRING, NoticeKind.CASE_DUE})
"""Kinds that nobody closes: told again while the cause lasts, they end when what expires is renewed, or is done."""
