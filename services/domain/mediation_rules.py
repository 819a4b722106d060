"""What must be true for an act to count, beyond that the table lets it happen: the law, and two counties as equals.

``judge_standing`` looks at the case alone, so it also tells what may come next; ``judge_act`` looks at what the event
says, too. Both are the same at both ends and know no clock: days are those that events say.

Source: docs/mediation.md, section "Rules"
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Final

from schemas.base import BEIJING
from schemas.cases import CaseAct, CaseEntry, CaseFacts, CaseStage, Confirmation
from schemas.errors import Fault
from schemas.governance.mediation_parts import CaseOutcome, ConsentMatter, NoticeMatter
from services.domain.mediation import confirmation_after, following
from services.domain.mediation_state import CaseState, act_in
from services.domain.mediation_terms import RuleCode, judge_last_day, rule_at, term_of

LONGEST: Final = timedelta(days=366)
"""Behind the day on which it began, no mediation goes on."""
_OUTCOMES: Final[Mapping[CaseStage, CaseOutcome]] = {
    CaseStage.PERFORMED: CaseOutcome.PERFORMED,
    CaseStage.NOT_ACCEPTED: CaseOutcome.NOT_ACCEPTED,
    CaseStage.WITHDRAWN: CaseOutcome.WITHDRAWN,
    CaseStage.FAILED: CaseOutcome.FAILED,
    CaseStage.ADVISED_COURT: CaseOutcome.COURT,
}
_OWN: Final = frozenset({CaseAct.CONSENT_GIVEN, CaseAct.AGREEMENT_SIGNED})
"""Words of a party or a mediator that only the office of his own county may pass on."""


def judge_entry(state: CaseState, entry: CaseEntry) -> Fault | None:
    """Tell why an entry does not count in this state, or None: table, standing, and what it says."""
    act, day = act_in(state, entry.facts), entry.facts.on or entry.time.astimezone(BEIJING).date()
    return judge_standing(state, act, entry.county, day) or judge_act(state, entry, day)


def judge_standing(state: CaseState, act: CaseAct, county: str, day: date) -> Fault | None:
    """Tell why an act could not count now, whatever it said, or None.

    Args:
        state: Of the case.
        act: What is to happen.
        county: Who is to write it.
        day: On which day: it decides which law holds.
    """
    step = following(state.stage, act, state.before)
    if isinstance(step, Fault):
        return step
    court = confirmation_after(state.confirmation, act)
    if isinstance(court, Fault):
        return court
    rule = _STANDING.get(act)
    return rule(state, county, day) if rule is not None else None


def judge_act(state: CaseState, entry: CaseEntry, day: date) -> Fault | None:
    """Tell why what an event says does not fit the case, or None; the standing is judged already."""
    facts = entry.facts
    fault = _judge_people(state, facts, entry.county)
    rule = _SAYING.get(act_in(state, facts))
    return fault or (rule(state, entry, day) if rule is not None else None)


# -- who is named ----------------------------------------------------------------------------------


def _judge_people(state: CaseState, facts: CaseFacts, county: str) -> Fault | None:
    if facts.act is CaseAct.REGISTERED:
        return None
    parties, panel = dict(state.parties), dict(state.panel)
    for ref in (*((facts.party,) if facts.party else ()), *facts.refs):
        if ref not in parties:
            return Fault("case.unknown_party", "content.party", f"{ref} is no party of this case: {_listed(parties)}")
    for ref in (*((facts.mediator,) if facts.mediator else ()), *facts.sat):
        if ref not in panel:
            return Fault("case.unknown_mediator", "content.mediator", f"{ref} is not of the panel: {_listed(panel)}")
    speaker = parties.get(facts.party or "") or panel.get(facts.mediator or "")
    if facts.act in _OWN and speaker not in (None, county):
        mend = f"{facts.party or facts.mediator} speaks through the office of {speaker}: let that county send it"
        return Fault("case.other_county", "content", mend)
    return None


# -- standing --------------------------------------------------------------------------------------


def _may_accept(state: CaseState, _county: str, day: date) -> Fault | None:
    return _consent(state, ConsentMatter.MEDIATION, RuleCode.VOLUNTARY, day)


def _may_hold(state: CaseState, _county: str, day: date) -> Fault | None:
    if not state.sessions:
        return Fault("case.no_session", "content.session_no", "call the session first: `case_session_set`")
    untold = [ref for ref in state.party_refs if (NoticeMatter.RIGHTS_AND_DUTIES, ref) not in state.told]
    if untold:
        mend = f"tell {_listed(untold)} of rights and duties first ({rule_at(RuleCode.RIGHTS_TOLD, day).source})"
        return Fault("case.rights_untold", "type", mend)
    return _whole_panel(state, day) or _consent(state, ConsentMatter.MEDIATORS, RuleCode.MEDIATORS, day)


def _may_draft(state: CaseState, _county: str, day: date) -> Fault | None:
    return _whole_panel(state, day)


def _may_bind(state: CaseState, _county: str, day: date) -> Fault | None:
    missing = state.lacks_signatures()
    if missing:
        mend = f"still to sign this text: {_listed(missing)} ({rule_at(RuleCode.WRITTEN, day).source})"
        return Fault("case.unsigned", "content.sha256", mend)
    if state.draft_panel != tuple(sorted(ref for ref, _ in state.panel)):
        return Fault("case.other_panel", "content.sha256", "the panel has changed: draft the agreement again")
    return _whole_panel(state, day)


def _may_offer(state: CaseState, county: str, _day: date) -> Fault | None:
    return None if county == state.lead else Fault("case.not_lead", "type", f"{state.lead} leads this case")


def _may_take(state: CaseState, county: str, _day: date) -> Fault | None:
    if state.offered == county:
        return None
    return Fault("case.lead_not_offered", "type", f"{state.lead} leads and has not offered it to {county}")


def _may_advise(state: CaseState, _county: str, _day: date) -> Fault | None:
    if state.stage is CaseStage.URGED or state.confirmation is Confirmation.REFUSED:
        return None
    return Fault("case.not_now", "type", "urge the party first, unless a court has refused to confirm the agreement")


def _whole_panel(state: CaseState, day: date) -> Fault | None:
    if len(state.sitting()) == len(state.panel):
        return None
    gone = [ref for ref, _ in state.panel if ref in state.barred]
    mend = f"put others in the place of {_listed(gone)} first ({rule_at(RuleCode.MEDIATORS, day).source})"
    return Fault("case.mediator_challenged", "content", mend)


def _consent(state: CaseState, matter: ConsentMatter, code: RuleCode, day: date) -> Fault | None:
    missing = state.lacks_consent(matter)
    if not missing:
        return None
    mend = f"{_listed(missing)} must agree to `{matter.value}` first ({rule_at(code, day).source})"
    return Fault("case.no_consent", "content", mend)


_Standing = Callable[[CaseState, str, date], Fault | None]
_STANDING: Final[Mapping[CaseAct, _Standing]] = {
    CaseAct.ACCEPTED: _may_accept,
    CaseAct.SESSION_HELD: _may_hold,
    CaseAct.DRAFTED_ORAL: _may_draft,
    CaseAct.DRAFTED_WRITTEN: _may_draft,
    CaseAct.IN_FORCE: _may_bind,
    CaseAct.LEAD_OFFERED: _may_offer,
    CaseAct.LEAD_HANDED: _may_take,
    CaseAct.COURT_ADVISED: _may_advise,
    CaseAct.ARCHIVED: _may_offer,
}


# -- what it says ----------------------------------------------------------------------------------


def _month(_state: CaseState, entry: CaseEntry, day: date) -> Fault | None:
    until = entry.facts.until
    return None if until is None else judge_last_day(until, day, term_of(RuleCode.ONE_MONTH, day), "content.due_on")


def _seats(state: CaseState, entry: CaseEntry, day: date) -> Fault | None:
    named = entry.facts.mediators
    if strangers := sorted({one.county for one in named} ^ set(state.counties)):
        mend = f"mediators come from {_listed(state.counties)}, at least one from each; see {strangers[0]}"
        return Fault("case.other_county", "content.mediators", mend)
    if back := [one.ref for one in named if one.ref in state.barred]:
        mend = f"{_listed(back)} was challenged; name another ({rule_at(RuleCode.MEDIATORS, day).source})"
        return Fault("case.mediator_challenged", "content.mediators", mend)
    return None


def _offer(state: CaseState, entry: CaseEntry, _day: date) -> Fault | None:
    other = state.other(entry.county)
    return None if entry.facts.lead == other else Fault("case.other_county", "content.to", f"offer it to {other}")


def _taking(state: CaseState, entry: CaseEntry, _day: date) -> Fault | None:
    if entry.facts.lead == state.lead:
        return None
    return Fault("case.other_county", "content.taken_from", f"{state.lead} has the lead")


def _calling(state: CaseState, entry: CaseEntry, day: date) -> Fault | None:
    return _in_time(state, entry.time.astimezone(BEIJING).date(), day)


def _holding(state: CaseState, entry: CaseEntry, day: date) -> Fault | None:
    facts = entry.facts
    if all(one.number != facts.session_no for one in state.sessions):
        return Fault("case.no_session", "content.session_no", "no session of this number is called")
    if facts.outsiders and (fault := _consent(state, ConsentMatter.OUTSIDERS, RuleCode.OUTSIDERS, day)):
        return fault
    if facts.open_to_public and (fault := _consent(state, ConsentMatter.OPEN_SESSION, RuleCode.OPENNESS, day)):
        return fault
    return _in_time(state, day, day)


def _extending(state: CaseState, entry: CaseEntry, day: date) -> Fault | None:
    until = entry.facts.until
    if until is None or state.limit is None or state.began_on is None or until <= state.limit:
        return Fault("case.last_day", "content.until", f"name a day after {state.limit}")
    if until > state.began_on + LONGEST:
        return Fault("case.last_day", "content.until", f"name a day until {state.began_on + LONGEST}")
    missing = state.lacks_consent(ConsentMatter.LONGER_TERM, until)
    if not missing:
        return None
    source = rule_at(RuleCode.ONE_MONTH, day).source
    return Fault("case.no_consent", "content.until", f"{_listed(missing)} must agree to {until} first ({source})")


def _drafting(state: CaseState, entry: CaseEntry, day: date) -> Fault | None:
    facts = entry.facts
    if {(one.ref, one.county) for one in facts.parties} != set(state.parties):
        return Fault("case.other_parties", "content.document.parties", "name the parties of the case, all of them")
    if {(one.ref, one.county) for one in facts.mediators} != set(state.panel):
        return Fault("case.other_panel", "content.document.mediators", "name the mediators of the panel, all of them")
    silent = [ref for ref in state.party_refs if ref not in facts.refs]
    if facts.act is CaseAct.DRAFTED_ORAL and silent:
        mend = f"{_listed(silent)} did not agree ({rule_at(RuleCode.ORAL, day).source})"
        return Fault("case.no_consent", "content.agreed_by", mend)
    return _in_time(state, day, day)


def _same_text(state: CaseState, entry: CaseEntry, _day: date) -> Fault | None:
    if entry.facts.sha256 == state.draft:
        return None
    return Fault("case.other_text", "content.sha256", f"the newest draft has the digest {state.draft}")


def _binding(state: CaseState, entry: CaseEntry, day: date) -> Fault | None:
    facts = entry.facts
    without = [ref for ref in state.party_refs if ref not in facts.refs]
    if state.stage is CaseStage.AGREED_WRITTEN_PENDING and without:
        mend = f"give {_listed(without)} a copy first ({rule_at(RuleCode.WRITTEN, day).source})"
        return Fault("case.no_copy", "content.copies_to", mend)
    late = facts.until and judge_last_day(facts.until, day, term_of(RuleCode.CONFIRMATION, day), "content.confirm_by")
    return _same_text(state, entry, day) or late or None


def _filing(state: CaseState, entry: CaseEntry, day: date) -> Fault | None:
    source = rule_at(RuleCode.CONFIRMATION, state.in_force_on or day).source
    absent = [ref for ref in state.party_refs if ref not in entry.facts.refs]
    if absent:
        return Fault("case.not_joint", "content.parties", f"{_listed(absent)} must apply with the others ({source})")
    if state.confirm_by is not None and day > state.confirm_by:
        return Fault("case.time_over", "content.filed_on", f"the last day was {state.confirm_by} ({source})")
    return None


def _owing(state: CaseState, entry: CaseEntry, _day: date) -> Fault | None:
    parties, known = dict(state.parties), {one.no for one in state.items}
    for item in entry.facts.items:
        if item.party not in parties:
            return Fault("case.unknown_party", "content.items", f"{item.party} is no party: {_listed(parties)}")
        if item.no in known:
            return Fault("case.item_known", "content.items", f"number {item.no} is given; take another")
    return None


def _reporting(state: CaseState, entry: CaseEntry, _day: date) -> Fault | None:
    numbers = [str(one.no) for one in state.items]
    if str(entry.facts.item_no) in numbers:
        return None
    return Fault("case.no_item", "content.item_no", f"no duty has this number: {_listed(numbers)}")


def _breach(state: CaseState, entry: CaseEntry, day: date) -> Fault | None:
    facts = entry.facts
    item = next((one for one in state.items if one.no == facts.item_no), None)
    if item is None or item.party != facts.party:
        return Fault("case.no_item", "content.item_no", f"{facts.party} has no duty of this number")
    if item.no in state.done:
        return Fault("case.no_breach", "content.item_no", "this duty was met")
    if day <= item.due_on:
        return Fault("case.no_breach", "content.found_on", f"it is due on {item.due_on}; until then it is no breach")
    return None


def _ending(state: CaseState, entry: CaseEntry, _day: date) -> Fault | None:
    outcome = _OUTCOMES[state.stage]
    if entry.facts.outcome is outcome:
        return None
    return Fault("case.other_outcome", "content.outcome", f"the case is `{state.stage.value}`: write `{outcome.value}`")


def _taking_back(state: CaseState, entry: CaseEntry, _day: date) -> Fault | None:
    owner = dict(state.withdrawable).get(entry.facts.entry or "")
    if owner == entry.county and entry.facts.entry not in state.withdrawn:
        return None
    mend = "a county takes back its own evidence, visits and proposals, each once; this is none of them"
    return Fault("case.not_withdrawable", "content.entry", mend)


def _in_time(state: CaseState, on: date, day: date) -> Fault | None:
    if state.limit is None or on <= state.limit:
        return None
    source = rule_at(RuleCode.ONE_MONTH, state.began_on or day).source
    mend = f"the time was over on {state.limit}: every party must agree to more time, or it has failed ({source})"
    return Fault("case.time_over", "content", mend)


_Saying = Callable[[CaseState, CaseEntry, date], Fault | None]
_SAYING: Final[Mapping[CaseAct, _Saying]] = {
    CaseAct.ACCEPTED: _month,
    CaseAct.PANEL_SET: _seats,
    CaseAct.LEAD_OFFERED: _offer,
    CaseAct.LEAD_HANDED: _taking,
    CaseAct.SESSION_SET: _calling,
    CaseAct.SESSION_HELD: _holding,
    CaseAct.EXTENDED: _extending,
    CaseAct.ENTRY_WITHDRAWN: _taking_back,
    CaseAct.DRAFTED_ORAL: _drafting,
    CaseAct.DRAFTED_WRITTEN: _drafting,
    CaseAct.AGREEMENT_SIGNED: _same_text,
    CaseAct.STAMPED: _same_text,
    CaseAct.IN_FORCE: _binding,
    CaseAct.CONFIRMATION_FILED: _filing,
    CaseAct.PERFORMANCE_DUE: _owing,
    CaseAct.PERFORMANCE_REPORTED: _reporting,
    CaseAct.PERFORMANCE_COMPLETED: _reporting,
    CaseAct.BREACHED: _breach,
    CaseAct.REOPENED: _month,
    CaseAct.CLOSED: _ending,
}


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
