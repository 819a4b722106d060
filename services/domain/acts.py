"""Acts: the events of one thread, and what may be wrong with one.

A thread — a campaign, an offer, a project — is written by several counties at once. Its state is a pure function of
the set of its acts, whatever order they came in: the acts are put into one order that every county computes alike, and
one that may not follow those before it is *void*, at both ends.

Source: docs/decisions/0035-fold-threads-from-their-acts.md
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from schemas.base import Event
from schemas.errors import Fault


@dataclass(frozen=True, slots=True)
class Act:
    """One event of a thread.

    Attributes:
        source: County that wrote it.
        at: When, by its signed header.
        envelope_id: Decides between acts that are alike in everything else.
        position: In this store; 0 for one that is not recorded yet. Never decides anything.
    """

    event: Event
    source: str
    at: datetime
    envelope_id: str
    position: int = 0


@dataclass(frozen=True, slots=True)
class Void:
    """An act that has no effect, and why."""

    act: Act
    fault: Fault


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an act may not be made now.

    Attributes:
        final: Whatever else may still arrive, it stays wrong: a receiver rejects it. Otherwise only its author, who
            can still mend it, is refused; a receiver keeps it, for what it seems to lack may be on the way.
    """

    fault: Fault
    final: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """How a thread was opened and ended by its owner, where that is said once and holds.

    Attributes:
        ended: None while it is open.
        void: Openings that say something else under the same name.
    """

    act: Act
    ended: Act | None
    void: tuple[Void, ...]


def opened_once(
    acts: Iterable[Act], owner: str, *, begins: type[Event], ends: type[Event], taken: Fault
) -> Opened | None:
    """Return how a thread was opened and ended; None if its opening is not among its acts.

    Args:
        acts: Of one thread, in any order.
        owner: The county that its name begins with: what others say of either counts nowhere.
        begins: The type that opens it.
        ends: The type that ends it.
        taken: Why another opening has no effect.
    """
    own = [one for one in acts if one.source == owner]
    openings = [one for one in own if isinstance(one.event, begins)]
    opened = _first_of(openings)
    if opened is None:
        return None
    void = tuple(Void(one, taken) for one in openings if one.event != opened.event)
    return Opened(opened, _first_of(one for one in own if isinstance(one.event, ends)), void)


def by_time(act: Act) -> tuple[datetime, str]:
    """Order acts by their authors' clocks; ids decide between equals."""
    return act.at, act.envelope_id


def said_by(act: Act) -> tuple[str, Event]:
    """Return what an act says and who says it: the same again, under another agreement, says nothing new."""
    return act.source, act.event


def is_repeated(act: Act, held: Iterable[Act]) -> bool:
    """Tell whether an act says what one of its county's has said already."""
    return any(said_by(one) == said_by(act) for one in held)


def without_owner(owner: str, audience: Collection[str]) -> Refusal | None:
    """Refuse what answers a county without being sent to it."""
    if owner in audience:
        return None
    return Refusal(Fault("thread.owner_left_out", "to", f"add {owner}: what is answered was opened there"), final=True)


def not_owner(owner: str, field: str) -> Refusal:
    """Refuse what only the county that opened a thread may say."""
    return Refusal(Fault("thread.not_owner", field, f"only {owner}, which opened this, may say so"), final=True)


def unknown(field: str) -> Refusal:
    """Refuse what goes on with a thread that is not here."""
    return Refusal(Fault("thread.unknown", field, "nothing was opened under this name, as far as this county knows"))


def _first_of(acts: Iterable[Act]) -> Act | None:
    """Return the earliest act, None if there is none."""
    return min(acts, key=by_time, default=None)
