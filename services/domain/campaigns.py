"""Joint campaigns: who may change, answer, close; which plan and which answers count.

Sequence numbers are those of RFC 5545 (section 3.8.7.4): plans and the closing count up; of two plans with one number
the earlier counts. An answer counts as long as time and places are those that it answered; the newest of a county
prevails, by sequence and then by time (RFC 5546, section 2.1.5).

Source: docs/decisions/0035-fold-threads-from-their-acts.md
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final, cast

from schemas.base import Event
from schemas.errors import Fault
from schemas.outreach.campaigns import Campaign, CampaignAnnounced, CampaignAnswered, CampaignClosed, Reply
from schemas.threads import ThreadOf, ThreadParty, ThreadRow
from services.domain.acts import Act, Refusal, Void, by_time, is_repeated, not_owner, said_by, unknown, without_owner

ASKED: Final = "asked"
OPEN: Final = "open"
_KEY: Final = "content.ics_uid"
_SEQUENCE: Final = "content.sequence"
_CLOSED: Final = Fault("campaign.closed", _KEY, "it is over: held or called off; announce another one")
_ANNOUNCED: Final = Fault("campaign.announced", _KEY, "it is announced already; send a change, or take another name")
_TAKEN: Final = Fault("campaign.sequence", _SEQUENCE, "another plan has this number; count up")
_UNINVITED: Final = Fault(
    "campaign.not_invited", _KEY, "this county is not among its partners; call the one that leads"
)


@dataclass(frozen=True, slots=True)
class CampaignState:
    """A campaign as its acts leave it.

    Attributes:
        plan: The newest plan.
        sequence: Of the newest plan, or of the closing.
        moved: The newest plan that changed time or places; answers to earlier ones count no more.
        opened_at: When its first plan was made.
        changed_at: When the newest act that counts was made.
        closing: How it ended; None while it is open.
        answers: County and its newest answer, whether it still counts or not.
        void: Acts without effect.
    """

    plan: Campaign
    sequence: int
    moved: int
    opened_at: datetime
    changed_at: datetime
    closing: CampaignClosed | None
    answers: Mapping[str, CampaignAnswered]
    void: tuple[Void, ...]

    @property
    def word(self) -> str:
        """Its state in one word: open, held, cancelled."""
        return self.closing.outcome.value if self.closing else OPEN

    def reply_of(self, county: str) -> Reply | None:
        """Return what a partner has answered to time and places as they are; None if it has not."""
        answer = self.answers.get(county)
        if answer is not None:
            return answer.reply if answer.sequence >= self.moved else None
        return next((one.reply for one in self.plan.partners if one.county == county), None)


def fold(acts: Sequence[Act]) -> CampaignState | None:
    """Return the state that a set of acts leaves; None without any plan.

    Args:
        acts: Of one campaign, in any order.
    """
    owner = next((_key(one)[:6] for one in acts), "")
    own = [one for one in acts if one.source == owner and not isinstance(one.event, CampaignAnswered)]
    plans, closing, void = _owned(own)
    if not plans:
        return None
    newest = cast("Campaign", plans[-1].event)
    answers, unheard = _answers([one for one in acts if isinstance(one.event, CampaignAnswered)], newest)
    counted = [*plans, *answers.values(), *([closing] if closing else [])]
    return CampaignState(
        plan=newest,
        sequence=_sequence(closing or plans[-1]),
        moved=_moved(plans),
        opened_at=plans[0].at,
        changed_at=max(one.at for one in counted),
        closing=cast("CampaignClosed", closing.event) if closing else None,
        answers={county: cast("CampaignAnswered", one.event) for county, one in answers.items()},
        void=(*void, *unheard),
    )


def judge(held: Sequence[Act], act: Act, audience: Collection[str]) -> Refusal | None:
    """Tell why an act may not be made after those that are held; None if it may. The one function of both ends."""
    owner = _key(act)[:6]
    if not isinstance(act.event, CampaignAnswered):
        return not_owner(owner, _KEY) if act.source != owner else _judge_plan(held, act)
    if act.source == owner:
        return Refusal(Fault("campaign.own", _KEY, "this county leads it and takes part by itself"), final=True)
    return without_owner(owner, audience) or _judge_answer(fold(held), act.event, act.source)


def row_of(thread: ThreadOf, state: CampaignState, position: int) -> ThreadRow:
    """Return a campaign as lists see it."""
    plan = state.plan
    parties = (ThreadParty(one.county, one.role.value, _word(state.reply_of(one.county))) for one in plan.partners)
    return ThreadRow(
        thread=thread,
        kind=plan.campaign_kind.value,
        title=plan.name,
        state=state.word,
        opened_at=state.opened_at,
        changed_at=state.changed_at,
        starts_at=plan.starts,
        ends_at=plan.ends,
        position=position,
        parties=tuple(sorted(parties, key=lambda one: one.county)),
    )


def _word(reply: Reply | None) -> str:
    return reply.value if reply else ASKED


def _judge_plan(held: Sequence[Act], act: Act) -> Refusal | None:
    state = fold(held)
    if is_repeated(act, held):
        return None
    if state is None:  # a plan is whole: it may follow what a restored store has lost
        return unknown(_KEY) if isinstance(act.event, CampaignClosed) else None
    if state.closing is not None:
        return Refusal(_CLOSED)
    if isinstance(act.event, CampaignAnnounced):
        return Refusal(_ANNOUNCED)
    if _sequence(act) != state.sequence + 1:
        return Refusal(Fault("campaign.sequence", _SEQUENCE, f"count up by one: write {state.sequence + 1}"))
    return None


def _judge_answer(state: CampaignState | None, answer: CampaignAnswered, source: str) -> Refusal | None:
    if state is None:
        return unknown(_KEY)
    if state.closing is not None:
        return Refusal(_CLOSED)
    if source not in {one.county for one in state.plan.partners}:
        return Refusal(_UNINVITED)
    if answer.sequence != state.sequence:
        return Refusal(Fault("campaign.sequence", _SEQUENCE, f"answer the newest plan: write {state.sequence}"))
    return None


def _owned(acts: Sequence[Act]) -> tuple[list[Act], Act | None, list[Void]]:
    """Return the plans that count, by number; the closing; and what has no effect."""
    plans: list[Act] = []
    void: list[Void] = []
    closing: Act | None = None
    said: set[tuple[str, Event]] = set()
    for act in sorted(acts, key=lambda one: (_sequence(one), *by_time(one))):
        if said_by(act) in said:
            continue
        if closing is not None:
            void.append(Void(act, _CLOSED))
        elif plans and _sequence(act) <= _sequence(plans[-1]):
            void.append(Void(act, _TAKEN))
        else:
            said.add(said_by(act))
            if isinstance(act.event, CampaignClosed):
                closing = act
            else:
                plans.append(act)
    return plans, closing, void


def _answers(acts: Sequence[Act], plan: Campaign) -> tuple[dict[str, Act], list[Void]]:
    invited = {one.county for one in plan.partners}
    newest = {one.source: one for one in sorted(acts, key=lambda one: (_sequence(one), *by_time(one)))}
    void = [Void(one, _UNINVITED) for one in acts if one.source not in invited]
    return {county: one for county, one in newest.items() if county in invited}, void


def _moved(plans: Sequence[Act]) -> int:
    moved = _sequence(plans[0])
    for before, after in pairwise(plans):
        if _where_and_when(before) != _where_and_when(after):
            moved = _sequence(after)
    return moved


def _where_and_when(act: Act) -> tuple[object, ...]:
    plan = cast("Campaign", act.event)
    return plan.starts, plan.ends, plan.places


def _sequence(act: Act) -> int:
    return int(act.event.sequence)  # type: ignore[attr-defined]  # each type of this family has one


def _key(act: Act) -> str:
    return str(act.event.ics_uid)  # type: ignore[attr-defined]  # each type of this family has one
