"""Threads of every family: to which one an event belongs, whether it may follow, and the row that lists see.

Source: docs/decisions/0035-fold-threads-from-their-acts.md
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from schemas.base import Event
from schemas.catalogue import parse_received
from schemas.development.projects import ProjectClosed, ProjectJoined, ProjectProgressed, ProjectProposed
from schemas.development.resources import ResourceAnswered, ResourceOffered, ResourceWithdrawn
from schemas.envelope import Header
from schemas.errors import Fault
from schemas.outreach.campaigns import Campaign, CampaignAnswered, CampaignClosed
from schemas.records import StoredEvent
from schemas.threads import OWNER_ACTS_MAX, PARTNER_ACTS_MAX, Family, ThreadOf, ThreadRow
from services.domain import campaigns, offers, projects
from services.domain.acts import Act, Refusal
from services.domain.reading import content_of


@dataclass(frozen=True, slots=True)
class _Rules:
    """What differs from family to family."""

    field: str
    judge: Callable[[Sequence[Act], Act, Collection[str]], Refusal | None]
    fold: Callable[[Sequence[Act]], Any]
    row_of: Callable[[ThreadOf, Any, int], ThreadRow]


_RULES: Final = {
    Family.CAMPAIGN: _Rules("ics_uid", campaigns.judge, campaigns.fold, campaigns.row_of),
    Family.OFFER: _Rules("offer_id", offers.judge, offers.fold, offers.row_of),
    Family.PROJECT: _Rules("project_id", projects.judge, projects.fold, projects.row_of),
}
_FAMILIES: Final[tuple[tuple[tuple[type[Event], ...], Family], ...]] = (
    ((Campaign, CampaignAnswered, CampaignClosed), Family.CAMPAIGN),
    ((ResourceOffered, ResourceAnswered, ResourceWithdrawn), Family.OFFER),
    ((ProjectProposed, ProjectJoined, ProjectProgressed, ProjectClosed), Family.PROJECT),
)


def thread_of(event: Event | None) -> ThreadOf | None:
    """Return the thread that an event belongs to; None for most types."""
    for types, family in _FAMILIES:
        if isinstance(event, types):
            return ThreadOf(family, getattr(event, _RULES[family].field))
    return None


def act_of(event: Event, header: Header, envelope_id: str, position: int = 0) -> Act:
    """Return an event as an act of its thread."""
    return Act(event, header.source, header.time, envelope_id, position)


def acts_of(stored: Iterable[StoredEvent]) -> list[Act]:
    """Read stored acts again; one that was erased, or that today's model cannot read, is passed over."""
    found: list[Act] = []
    for one in stored:
        header = one.envelope.header
        parsed = parse_received(header.type, content_of(one), header.schema_ref.digest)
        if not isinstance(parsed, tuple):
            found.append(act_of(parsed.event, header, one.envelope.envelope_id, one.position))
    return found


def judge(thread: ThreadOf, held: Sequence[Act], act: Act, audience: Collection[str]) -> Refusal | None:
    """Tell why an act may not be made after those that are held; None if it may. The one function of both ends.

    Args:
        thread: To which it belongs.
        held: The acts of that thread that are here, in any order.
        act: About to be made, or just arrived.
        audience: To whom it is addressed.
    """
    most = OWNER_ACTS_MAX if act.source == thread.owner else PARTNER_ACTS_MAX
    if sum(one.source == act.source for one in held) >= most:
        field = f"content.{_RULES[thread.family].field}"
        return Refusal(
            Fault("thread.too_long", field, f"{most} acts of one county are the most; open another"), final=True
        )
    return _RULES[thread.family].judge(held, act, audience)


def row_of(thread: ThreadOf, acts: Sequence[Act]) -> ThreadRow | None:
    """Return a thread as lists see it; None if what opens it is not here."""
    rules = _RULES[thread.family]
    state = rules.fold(acts)
    if state is None:
        return None
    return rules.row_of(thread, state, max(one.position for one in acts))
