"""Offers between counties: one negotiation with each partner, in turns that both sides number.

Acts of a negotiation are taken in the order of their numbers; of two with one number — both sides wrote at once — that
of the county that offers counts, and the other must read it and write again. A withdrawal names how far each
negotiation had come: what was agreed by then stays, what came later is void. So both sides see the same.

Source: docs/decisions/0035-fold-threads-from-their-acts.md
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, cast

from schemas.development.resources import OfferAnswer, ResourceAnswered, ResourceOffered, ResourceWithdrawn
from schemas.errors import Fault
from schemas.threads import ThreadOf, ThreadParty, ThreadRow
from services.domain.acts import (
    Act,
    Refusal,
    Void,
    by_time,
    is_repeated,
    not_owner,
    opened_once,
    said_by,
    unknown,
    without_owner,
)

AGREED: Final = "agreed"
DECLINED: Final = "declined"
QUESTIONED: Final = "questioned"
TALKING: Final = "talking"
OPEN: Final = "open"
WITHDRAWN: Final = "withdrawn"

_KEY: Final = "content.offer_id"
_ANSWER: Final = "content.answer"
_SETTLED: Final = Fault("offer.settled", _ANSWER, "this negotiation is over; a new offer opens another")
_OWN_TERMS: Final = Fault(
    "offer.own_terms", _ANSWER, "the terms on the table are your own: the other side accepts them"
)
_NOT_ASKED: Final = Fault("offer.not_asked", _ANSWER, "the other side has asked nothing; counter, accept or decline")
_LATE: Final = Fault("offer.late", "content.number", "the other side wrote before: read it, and count on from there")
_WITHDRAWN: Final = Fault("offer.withdrawn", _KEY, "the offer was withdrawn before")
_EXPIRED: Final = Fault("offer.expired", _KEY, "the offer was valid until an earlier time")
_TAKEN: Final = Fault("offer.offered", _KEY, "another offer has this name; take a new one")


@dataclass(frozen=True, slots=True)
class Negotiation:
    """Where the talk with one partner stands.

    Attributes:
        number: Of the last act that counts; 0 before the first.
        terms: The act that put the present terms on the table; None: those of the offer itself.
        asked_by: Who asked a question that is not answered yet; empty if nobody did.
        word: talking, questioned, agreed or declined.
        last: What the last act that counts has said.
    """

    county: str
    number: int = 0
    terms: Act | None = None
    asked_by: str = ""
    word: str = TALKING
    last: OfferAnswer | None = None

    @property
    def is_over(self) -> bool:
        """Agreed or declined."""
        return self.word in {AGREED, DECLINED}


@dataclass(frozen=True, slots=True)
class OfferState:
    """An offer as its acts leave it."""

    offer: ResourceOffered
    opened_at: datetime
    changed_at: datetime
    withdrawal: ResourceWithdrawn | None
    negotiations: Mapping[str, Negotiation]
    """By partner; one that has said nothing and was told nothing has none."""
    void: tuple[Void, ...]

    @property
    def word(self) -> str:
        """Its state in one word: open or withdrawn; whether its time has passed is for the reader's clock."""
        return WITHDRAWN if self.withdrawal else OPEN

    @property
    def agreed_quantity(self) -> int:
        """Units agreed on with all partners; may be more than was offered, if several accepted at once."""
        return sum(self.quantity_of(one) for one in self.negotiations.values() if one.word == AGREED)

    def quantity_of(self, talk: Negotiation) -> int:
        """Return the units on the table of a negotiation; 0 if nothing is counted."""
        terms = talk.terms.event if talk.terms else None
        named = terms.quantity if isinstance(terms, ResourceAnswered) else None
        return named or self.offer.quantity or 0


def fold(acts: Sequence[Act]) -> OfferState | None:
    """Return the state that a set of acts leaves; None if the offer itself is not among them.

    Args:
        acts: Of one offer, in any order.
    """
    owner = next((_key(one)[:6] for one in acts), "")
    opened = opened_once(acts, owner, begins=ResourceOffered, ends=ResourceWithdrawn, taken=_TAKEN)
    if opened is None:
        return None
    offer, ended = cast("ResourceOffered", opened.act.event), opened.ended
    withdrawal = cast("ResourceWithdrawn", ended.event) if ended else None
    seen: dict[str, int] | None = {one.county: one.number for one in withdrawal.seen} if withdrawal else None
    void = list(opened.void)
    talks: dict[str, Negotiation] = {}
    counted = [opened.act, *([ended] if ended else [])]
    answers = [one for one in acts if isinstance(one.event, ResourceAnswered)]
    said = set()
    for act in sorted(answers, key=lambda one: (_number(one), one.source != owner, *by_time(one))):
        if said_by(act) in said:
            continue
        found = _follow(talks, act, owner, offer, seen)
        if isinstance(found, Fault):
            void.append(Void(act, found))
        else:
            talks[found.county] = found
            counted.append(act)
            said.add(said_by(act))
    return OfferState(offer, opened.act.at, max(one.at for one in counted), withdrawal, talks, tuple(void))


def judge(held: Sequence[Act], act: Act, audience: Collection[str]) -> Refusal | None:
    """Tell why an act may not be made after those that are held; None if it may. The one function of both ends."""
    owner, event, state = _key(act)[:6], act.event, fold(held)
    if isinstance(event, ResourceAnswered):
        return _judge_sides(act, event, owner, audience) or _judge_answer(held, act, event, state)
    if act.source != owner:
        return not_owner(owner, _KEY)
    if is_repeated(act, held):
        return None
    if isinstance(event, ResourceOffered):
        return None if state is None else Refusal(_TAKEN)
    if state is None:
        return unknown(_KEY)
    return Refusal(_WITHDRAWN) if state.withdrawal else _judge_seen(cast("ResourceWithdrawn", event), state)


def row_of(thread: ThreadOf, state: OfferState, position: int) -> ThreadRow:
    """Return an offer as lists see it."""
    offer = state.offer
    parties = (ThreadParty(one.county, "", one.word) for one in state.negotiations.values())
    return ThreadRow(
        thread=thread,
        kind=offer.resource_kind.value,
        title=offer.title,
        state=state.word,
        opened_at=state.opened_at,
        changed_at=state.changed_at,
        starts_at=None,
        ends_at=offer.valid_until,
        position=position,
        parties=tuple(sorted(parties, key=lambda one: one.county)),
    )


def answers_open(state: str, *, own: str, terms_by: str, asked_by: str | None) -> frozenset[OfferAnswer]:
    """Return what one side of a negotiation may say now; `_after` is the table that this reads from one side.

    Args:
        state: Of the negotiation.
        own: The side that asks.
        terms_by: Whose terms are on the table.
        asked_by: Whose question is not answered; None if there is none.
    """
    if state in {AGREED, DECLINED}:
        return frozenset()
    found = {OfferAnswer.COUNTER, OfferAnswer.DECLINE, OfferAnswer.QUESTION}
    if terms_by != own:
        found.add(OfferAnswer.ACCEPT)
    if asked_by not in {None, own}:
        found.add(OfferAnswer.REPLY)
    return frozenset(found)


def _judge_sides(act: Act, event: ResourceAnswered, owner: str, audience: Collection[str]) -> Refusal | None:
    if act.source not in {owner, event.county}:
        fault = Fault("offer.not_yours", "content.county", f"this negotiation is between {owner} and {event.county}")
        return Refusal(fault, final=True)
    if act.source != owner:
        return without_owner(owner, audience)
    if event.county not in audience:
        return Refusal(Fault("offer.partner_left_out", "to", f"add {event.county}: it is answered"), final=True)
    return None


def _judge_answer(held: Sequence[Act], act: Act, event: ResourceAnswered, state: OfferState | None) -> Refusal | None:
    if state is None:
        return unknown(_KEY)
    if is_repeated(act, held):
        return None
    talk = state.negotiations.get(event.county, Negotiation(event.county))
    if event.number != talk.number + 1:
        return Refusal(
            Fault("offer.late", "content.number", f"{talk.number} acts were seen here: write {talk.number + 1}")
        )
    after = fold([*held, act])
    fault = next((one.fault for one in after.void if one.act is act), None) if after else None
    return Refusal(fault) if fault else None


def _judge_seen(event: ResourceWithdrawn, state: OfferState) -> Refusal | None:
    seen = {one.county: one.number for one in event.seen}
    known = {talk.county: talk.number for talk in state.negotiations.values()}
    if seen == known:
        return None
    named = ", ".join(f"{county} {number}" for county, number in sorted(known.items())) or "none"
    return Refusal(Fault("offer.seen", "content.seen", f"name how far each negotiation has come: {named}"))


def _follow(
    talks: Mapping[str, Negotiation], act: Act, owner: str, offer: ResourceOffered, seen: Mapping[str, int] | None
) -> Negotiation | Fault:
    """Return a negotiation as an act leaves it, or why the act is void."""
    event = cast("ResourceAnswered", act.event)
    talk = talks.get(event.county, Negotiation(event.county))
    if act.source not in {owner, event.county}:
        return Fault("offer.not_yours", "content.county", "a stranger to this negotiation wrote it")
    if act.at > offer.valid_until:
        return _EXPIRED
    if seen is not None and event.number > seen.get(event.county, 0):
        return _WITHDRAWN
    if event.number <= talk.number:
        return _LATE
    return _after(talk, act, event, by_owner=act.source == owner)


def _after(talk: Negotiation, act: Act, event: ResourceAnswered, *, by_owner: bool) -> Negotiation | Fault:
    """The transition table: what an answer does, and when it may be given."""
    if talk.is_over:
        return _SETTLED
    going_on = replace(talk, number=event.number, asked_by="", word=TALKING, last=event.answer)
    match event.answer:
        case OfferAnswer.ACCEPT:
            own = by_owner if talk.terms is None else talk.terms.source == act.source
            return _OWN_TERMS if own else replace(going_on, word=AGREED)
        case OfferAnswer.COUNTER:
            return replace(going_on, terms=act)
        case OfferAnswer.DECLINE:
            return replace(going_on, word=DECLINED)
        case OfferAnswer.QUESTION:
            return replace(going_on, asked_by=act.source, word=QUESTIONED)
        case OfferAnswer.REPLY:
            return going_on if talk.asked_by not in {"", act.source} else _NOT_ASKED


def _key(act: Act) -> str:
    return str(act.event.offer_id)  # type: ignore[attr-defined]  # each type of this family has one


def _number(act: Act) -> int:
    return cast("ResourceAnswered", act.event).number
