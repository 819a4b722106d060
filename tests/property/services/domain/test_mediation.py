"""Any two counties, writing anything in any order over a link that comes and goes: what must hold of a case."""

import random
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.calendars import Workdays
from schemas.cases import CaseAct, CaseEntry, CaseStage
from schemas.governance.mediation_parts import ConsentMatter, NoticeMatter
from services.domain.mediation import GATES
from services.domain.mediation_terms import RuleCode, Term, judge_last_day, last_day, term_of, unmoved_end
from services.domain.mediation_thread import CaseFile, replay
from services.domain.workdays import is_workday
from tests.cases import CASE, DUSHAN, MONDAY, NANDAN, OTHER_DIGEST, Pair, counted, road, signatures, step

# How likely an act is drawn: those that lead on more often, so that deep stages are reached at all.
ACTS = st.sampled_from([*CaseAct, *(4 * [CaseAct.CONSENT_GIVEN, CaseAct.AGREEMENT_SIGNED, CaseAct.IN_FORCE])])
COUNTIES = st.sampled_from([NANDAN, DUSHAN])
PARTIES = st.sampled_from(["p1", "p2"])
OPEN_LINK = st.sampled_from(["both", "nandan", "dushan", "none"])
BEGINNINGS = st.sampled_from(
    [
        CaseStage.REGISTERED,
        CaseStage.PANEL_SET,
        CaseStage.IN_SESSION,
        CaseStage.AGREED_ORAL,
        CaseStage.AGREED_WRITTEN_PENDING,
        CaseStage.IN_FORCE,
        CaseStage.PERFORMING,
    ]
)


@st.composite
def changes(draw: st.DrawFn, act: CaseAct) -> dict[str, object]:
    """What an office may write into an act: mostly what fits, now and then what does not."""
    if act is CaseAct.CONSENT_GIVEN:
        return {"party": draw(PARTIES), "matter": draw(st.sampled_from(ConsentMatter)), "until": date(2026, 5, 1)}
    if act is CaseAct.AGREEMENT_SIGNED:
        who = draw(st.sampled_from([{"party": "p1"}, {"party": "p2"}, {"mediator": "m1"}, {"mediator": "m2"}, {}]))
        return {**who, "sha256": draw(st.sampled_from([OTHER_DIGEST, None]))} if draw(st.booleans()) else dict(who)
    if act in (CaseAct.CONSENT_REFUSED, CaseAct.WITHDRAWN):
        return {"party": draw(PARTIES)}
    if act is CaseAct.NOTICE_GIVEN:
        return {"told": draw(st.sampled_from(NoticeMatter))}
    return {}


@st.composite
def stories(draw: st.DrawFn, *, met: bool = True) -> Pair:
    """A case whose beginning is honest and whose rest is anything; entries of each county arrive in their order."""
    pair = Pair()
    pair.play(*road(draw(BEGINNINGS)))
    if draw(st.booleans()):
        left = draw(st.integers(0, 7))
        signing = signatures()
        pair.play(*signing[:left], *signing[left + 1 :])
    for _ in range(draw(st.integers(1, 12))):
        act = draw(ACTS)
        pair.office(draw(COUNTIES)).write(act, MONDAY + timedelta(days=draw(st.integers(0, 40))), **draw(changes(act)))
        link = draw(OPEN_LINK)
        if link in ("both", "nandan"):
            pair.nandan.take(*pair.dushan.own)
        if link in ("both", "dushan"):
            pair.dushan.take(*pair.nandan.own)
    if met:
        pair.meet()
    return pair


@settings(max_examples=150)
@given(stories(), st.randoms(use_true_random=False))
def test_the_two_counties_tell_two_stories(pair: Pair, rng: random.Random) -> None:
    """Whatever each did and in whatever order it came: with the same entries it is the same file."""
    entries = list(pair.nandan.held.values())
    rng.shuffle(entries)

    assert pair.nandan.file() == pair.dushan.file() == replay(CASE, entries)
    assert len(pair.nandan.file().story) == len(entries)


@settings(max_examples=150)
@given(stories())
def test_an_agreement_is_in_force_without_every_signature(pair: Pair) -> None:
    """Before every *in force* that counts stand, behind the draft it names, all that sign it."""
    told = list(counted(pair.nandan.file()))
    for at, one in enumerate(told):
        if one.facts.act is CaseAct.IN_FORCE:
            drafts = [number for number, other in enumerate(told[:at]) if other.facts.act in _DRAFTS]
            draft = told[drafts[-1]]
            signing = {_signatory(other) for other in told[drafts[-1] : at] if other.facts.sha256 == draft.facts.sha256}
            assert one.facts.sha256 == draft.facts.sha256
            assert {NANDAN, DUSHAN} <= signing
            people = set(draft.facts.refs) if draft.facts.act is CaseAct.DRAFTED_ORAL else signing
            assert {"p1", "p2"} <= people
            assert draft.facts.act is CaseAct.DRAFTED_ORAL or {"m1", "m2", "stamp"} <= signing


_DRAFTS = (CaseAct.DRAFTED_ORAL, CaseAct.DRAFTED_WRITTEN)


def _signatory(one: CaseEntry) -> str | None:
    if one.facts.act is CaseAct.STAMPED:
        return "stamp"
    if one.facts.act is not CaseAct.AGREEMENT_SIGNED:
        return None
    return one.facts.party or one.facts.mediator or one.county


@settings(max_examples=150)
@given(stories())
def test_a_refused_case_is_accepted(pair: Pair) -> None:
    """Behind a clear refusal, a withdrawal or a failure that counts nothing binds anybody."""
    told = list(counted(pair.nandan.file()))
    ends = {CaseAct.CONSENT_REFUSED, CaseAct.WITHDRAWN, CaseAct.FAILED, CaseAct.REFUSED}
    for at, one in enumerate(told):
        if one.facts.act in ends:
            behind = {other.facts.act for other in told[at:]}
            assert not behind & {CaseAct.ACCEPTED, CaseAct.SESSION_HELD, *_DRAFTS, CaseAct.IN_FORCE}


@settings(max_examples=150)
@given(stories())
def test_a_gate_counts_whose_writer_had_not_seen_the_other_county(pair: Pair) -> None:
    """Everything that counts beside a gate is in its past or in its future; so of two at once one counts."""
    file = pair.nandan.file()
    pasts = _pasts(file)
    for one in counted(file):
        if one.facts.act in GATES:
            for other in counted(file):
                related = other == one or other.envelope_id in pasts[one.envelope_id]
                assert related or one.envelope_id in pasts[other.envelope_id]


def _pasts(file: CaseFile) -> dict[str, set[str]]:
    pasts: dict[str, set[str]] = {}
    for judged in file.story:
        seen = judged.entry.seen
        pasts[judged.entry.envelope_id] = set(seen).union(*(pasts[one] for one in seen))
    return pasts


@settings(max_examples=150)
@given(stories(met=False), COUNTIES, st.lists(st.tuples(COUNTIES, ACTS), max_size=4))
def test_what_a_county_was_told_to_be_settled_changes(pair: Pair, county: str, more: list[tuple[str, CaseAct]]) -> None:
    """It keeps its verdict whatever is still on its way, and whatever honest offices write from then on."""
    before = {one.entry.envelope_id: one.fault for one in pair.office(county).file().story if one.settled}
    for writer, act in more:
        pair.office(writer).write(act)
    pair.meet()
    after = {one.entry.envelope_id: one.fault for one in pair.office(county).file().story}

    assert {at: after[at] for at in before} == before


@settings(max_examples=60)
@given(BEGINNINGS, COUNTIES, ACTS, ACTS)
def test_two_gates_pass_from_two_sides_at_once(stage: CaseStage, first: str, one: CaseAct, two: CaseAct) -> None:
    """Whatever the gates are, both having seen the same: at most one counts, and the same one at both ends."""
    pair = Pair()
    pair.play(*road(stage))
    other = DUSHAN if first == NANDAN else NANDAN
    made = [pair.office(county).write(act) for county, act in ((first, one), (other, two))]
    pair.meet()
    passed = [entry for entry in counted(pair.dushan.file()) if entry in made and entry.facts.act in GATES]

    assert len(passed) <= 1
    assert pair.nandan.file() == pair.dushan.file()


@given(st.dates(date(2000, 1, 1), date(2090, 12, 31)), st.sampled_from([Term(months=1), Term(days=30), Term(days=0)]))
def test_a_term_is_longer_or_shorter_than_it_says(start: date, term: Term) -> None:
    """A month has 28 to 31 days; thirty days are thirty; and no table of days off makes it shorter."""
    end = unmoved_end(start, term)
    bare = Workdays(frozenset(), {}, {})
    moved = last_day(start, term, bare)

    assert 28 * term.months + term.days <= (end - start).days <= 31 * term.months + term.days
    assert is_workday(moved, bare)
    assert end <= moved <= end + timedelta(days=2)
    assert judge_last_day(moved, start, term, "x") is None
    assert term_of(RuleCode.ONE_MONTH, start) == Term(months=1)


def test_the_stories_reach_nothing() -> None:
    """The strategy is no good if honest beginnings do not count; this one is in force behind seven signatures."""
    file = Pair().play(*road(CaseStage.AGREED_WRITTEN_PENDING), *signatures(), step(DUSHAN, CaseAct.IN_FORCE))

    assert file.state.stage is CaseStage.IN_FORCE
