"""Campaigns, offers and projects as the API shows them: rows of lists, and each folded anew from its acts."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from schemas.errors import Fault, NotFoundError
from schemas.ids import CountyCode
from schemas.outreach.campaigns import CampaignPartner
from schemas.threads import ACTS_MAX, Family, ThreadOf, ThreadParty, ThreadRow
from services.domain import campaigns, offers, projects
from services.domain.acts import Act, Void
from services.domain.threads import acts_of
from services.gateway.thread_answers import (
    ActLine,
    AnswerOf,
    CampaignDetail,
    DecisionLine,
    MilestoneLine,
    NegotiationLine,
    OfferDetail,
    PartyLine,
    ProjectDetail,
    ReportsLine,
    ThreadLine,
    ThreadList,
)
from services.ports import Snapshot

S = TypeVar("S")


def thread_list(rows: Sequence[ThreadRow], limit: int) -> ThreadList:
    """Return a page of threads."""
    last = rows[-1].position if len(rows) == limit else 0
    return ThreadList(threads=tuple(thread_line(row) for row in rows), next_since=last)


def thread_line(row: ThreadRow) -> ThreadLine:
    """Return one line of a list."""
    return ThreadLine(
        family=row.thread.family,
        key=row.thread.key,
        owner=CountyCode(row.thread.owner),
        kind=row.kind,
        title=row.title,
        state=row.state,
        opened_at=row.opened_at,
        changed_at=row.changed_at,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        position=row.position,
        parties=tuple(_party(one) for one in row.parties),
    )


def campaign_detail(snapshot: Snapshot, key: str) -> CampaignDetail:
    """Return a campaign with its answers and acts.

    Raises:
        NotFoundError: None of this name is here.
    """
    acts, state, line = _folded(snapshot, ThreadOf(Family.CAMPAIGN, key), campaigns.fold)
    answers = (
        AnswerOf(county=one.county, office=_office(state, one), role=one.role, reply=state.reply_of(one.county))
        for one in state.plan.partners
    )
    return CampaignDetail(
        line=line,
        sequence=state.sequence,
        plan=state.plan.model_dump(mode="json", exclude_none=True),
        answers=tuple(answers),
        summary=state.closing.summary if state.closing else "",
        acts=_act_lines(acts, state.void),
    )


def offer_detail(snapshot: Snapshot, key: str) -> OfferDetail:
    """Return an offer with its negotiations and acts.

    Raises:
        NotFoundError: None of this name is here.
    """
    thread = ThreadOf(Family.OFFER, key)
    acts, state, line = _folded(snapshot, thread, offers.fold)
    talks = tuple(_negotiation(thread, state, one) for _, one in sorted(state.negotiations.items()))
    return OfferDetail(
        line=line,
        offer=state.offer.model_dump(mode="json", exclude_none=True),
        negotiations=talks,
        agreed_quantity=state.agreed_quantity,
        overbooked=state.offer.quantity is not None and state.agreed_quantity > state.offer.quantity,
        reason=state.withdrawal.reason if state.withdrawal else "",
        acts=_act_lines(acts, state.void),
    )


def project_detail(snapshot: Snapshot, key: str) -> ProjectDetail:
    """Return a project with its milestones and acts.

    Raises:
        NotFoundError: None of this name is here.
    """
    acts, state, line = _folded(snapshot, ThreadOf(Family.PROJECT, key), projects.fold)
    plan = state.plan
    return ProjectDetail(
        line=line,
        goal=plan.goal,
        budget_band=plan.budget_band,
        parties=tuple(_decision(state, one.county, one.office) for one in plan.parties),
        milestones=tuple(
            MilestoneLine(**one.model_dump(), state=state.milestones[one.number]) for one in plan.milestones
        ),
        reports=tuple(
            ReportsLine(county=CountyCode(county), number=number) for county, number in sorted(state.reports.items())
        ),
        summary=state.closing.summary if state.closing else "",
        acts=_act_lines(acts, state.void),
    )


def _folded(
    snapshot: Snapshot, thread: ThreadOf, fold: Callable[[Sequence[Act]], S | None]
) -> tuple[list[Act], S, ThreadLine]:
    acts, row = acts_of(snapshot.threads.acts(thread, ACTS_MAX)), snapshot.threads.row(thread)
    state = fold(acts)
    if state is None or row is None:
        raise NotFoundError(Fault("request.not_found", "id", f"no {thread.family} of this name is here; see the list"))
    return acts, state, thread_line(row)


def _act_lines(acts: Sequence[Act], void: Sequence[Void]) -> tuple[ActLine, ...]:
    faults = {one.act.envelope_id: one.fault for one in void}
    return tuple(
        ActLine(
            envelope_id=one.envelope_id,
            source=CountyCode(one.source),
            type=one.event.wire_type,
            at=one.at,
            void=faults[one.envelope_id].code if one.envelope_id in faults else "",
            mend=faults[one.envelope_id].mend if one.envelope_id in faults else "",
        )
        for one in acts
    )


def _office(state: campaigns.CampaignState, partner: CampaignPartner) -> str:
    answer = state.answers.get(partner.county)
    return answer.office if answer else partner.office


def _negotiation(thread: ThreadOf, state: offers.OfferState, talk: offers.Negotiation) -> NegotiationLine:
    terms = talk.terms.event if talk.terms else state.offer
    return NegotiationLine(
        county=CountyCode(talk.county),
        state=talk.word,
        number=talk.number,
        quantity=state.quantity_of(talk),
        terms=getattr(terms, "terms", None) or "",
        terms_by=CountyCode(talk.terms.source if talk.terms else thread.owner),
        asked_by=CountyCode(talk.asked_by) if talk.asked_by else None,
        last_answer=talk.last,
    )


def _decision(state: projects.ProjectState, county: CountyCode, office: str) -> DecisionLine:
    said = state.decisions.get(county)
    return DecisionLine(county=county, office=said.office if said else office, decision=said.decision if said else None)


def _party(party: ThreadParty) -> PartyLine:
    return PartyLine(county=CountyCode(party.county), role=party.role, state=party.state)
