"""Two counties write one case: who has not seen the other passes no gate, and both tell the same story."""

import itertools
import time

import pytest

from schemas.cases import ENTRIES_MAX, CaseAct, CaseStage
from schemas.governance.mediation_parts import CaseOutcome, ConsentMatter
from services.domain.mediation_thread import replay
from tests.cases import (
    CASE,
    DUSHAN,
    MONDAY,
    NANDAN,
    Pair,
    code_of,
    consents,
    entry,
    facts,
    named,
    road,
    signatures,
    step,
    verdict_on,
)


def ready_to_accept() -> Pair:
    """Both parties have agreed, and both counties have seen it."""
    pair = Pair()
    pair.play(*road(CaseStage.REGISTERED), *consents(ConsentMatter.MEDIATION))
    return pair


def test_two_gates_pass_at_once() -> None:
    """Both accept without having seen the other: the lead's counts, at both ends, and the other is told why."""
    pair = ready_to_accept()
    first, second = pair.nandan.write(CaseAct.ACCEPTED), pair.dushan.write(CaseAct.ACCEPTED)
    assert pair.nandan.file().state.stage is pair.dushan.file().state.stage is CaseStage.ACCEPTED
    pair.meet()

    for office in (pair.nandan, pair.dushan):
        assert code_of(office.file(), first) is None
        assert code_of(office.file(), second) == "case.gate_taken"
    assert pair.nandan.file() == pair.dushan.file()


def test_the_other_county_wins_although_it_does_not_lead() -> None:
    """After the lead was handed over the new leader's gate counts."""
    pair = ready_to_accept()
    pair.play(step(NANDAN, CaseAct.LEAD_OFFERED), step(DUSHAN, CaseAct.LEAD_HANDED))
    first, second = pair.nandan.write(CaseAct.ACCEPTED), pair.dushan.write(CaseAct.REFUSED)
    pair.meet()

    assert code_of(pair.nandan.file(), first) == "case.gate_taken"
    assert code_of(pair.dushan.file(), second) is None
    assert pair.nandan.file().state.stage is pair.dushan.file().state.stage is CaseStage.NOT_ACCEPTED


@pytest.mark.parametrize("leads", [NANDAN, DUSHAN])
@pytest.mark.parametrize("first", ["0" * 64, "f" * 64])
def test_a_county_wins_by_the_id_of_its_entry(leads: str, first: str) -> None:
    """Who leads decides, whatever the ids are: they could be tried out until one is small."""
    pair = ready_to_accept()
    if leads == DUSHAN:
        pair.play(step(NANDAN, CaseAct.LEAD_OFFERED), step(DUSHAN, CaseAct.LEAD_HANDED))
    heads = pair.nandan.file().heads
    gates = {NANDAN: entry(facts(CaseAct.ACCEPTED), NANDAN, heads, first)}
    gates[DUSHAN] = entry(facts(CaseAct.REFUSED), DUSHAN, heads, "8" * 64)
    pair.nandan.take(*gates.values())

    passed = [county for county, one in gates.items() if code_of(pair.nandan.file(), one) is None]
    assert passed == [leads]


def test_a_gate_that_cannot_pass_keeps_the_other_from_passing() -> None:
    """The lead's own does not count for a reason of its own: then the other one does."""
    pair = ready_to_accept()
    bad, good = pair.nandan.write(CaseAct.IN_FORCE), pair.dushan.write(CaseAct.ACCEPTED)
    pair.meet()

    assert code_of(pair.nandan.file(), bad) == "case.not_now"
    assert code_of(pair.nandan.file(), good) is None


def test_a_gate_passes_over_evidence_that_its_writer_had_not_seen() -> None:
    """The link is down: both add evidence; whoever accepts then, on either side, has to look and try again."""
    pair = ready_to_accept()
    added = [office.write(CaseAct.EVIDENCE_ADDED, sha256=named(office.county)) for office in (pair.nandan, pair.dushan)]
    blind = pair.nandan.write(CaseAct.ACCEPTED)
    assert pair.nandan.file().state.stage is CaseStage.ACCEPTED
    pair.meet()

    for office in (pair.nandan, pair.dushan):
        file = office.file()
        assert code_of(file, blind) == "case.head_unseen"
        assert [code_of(file, one) for one in added] == [None, None]
        assert file.state.stage is CaseStage.REGISTERED
    seeing = pair.dushan.write(CaseAct.ACCEPTED)
    pair.meet()
    assert code_of(pair.nandan.file(), seeing) is None


def test_a_refusal_on_one_side_meets_an_acceptance_on_the_other() -> None:
    """The refusal counts, whoever leads."""
    pair = ready_to_accept()
    accepted, refused = pair.nandan.write(CaseAct.ACCEPTED), pair.dushan.write(CaseAct.CONSENT_REFUSED, party="p2")
    pair.meet()

    assert code_of(pair.nandan.file(), accepted) == "case.head_unseen"
    assert code_of(pair.dushan.file(), refused) is None
    assert pair.nandan.file().state.stage is pair.dushan.file().state.stage is CaseStage.NOT_ACCEPTED


def test_what_stood_on_a_gate_falls_with_it_at_one_end_only() -> None:
    """A panel that was set behind an acceptance that does not count does not count either, at both ends."""
    pair = ready_to_accept()
    pair.nandan.write(CaseAct.ACCEPTED)
    panel = pair.nandan.write(CaseAct.PANEL_SET)
    pair.dushan.write(CaseAct.NOTICE_GIVEN)
    pair.meet()

    assert [code_of(office.file(), panel) for office in (pair.nandan, pair.dushan)] == ["case.not_now"] * 2


def test_a_gate_is_called_settled_before_the_other_county_has_followed_it() -> None:
    """From then on no entry that is not here can change it."""
    pair = ready_to_accept()
    accepted = pair.nandan.write(CaseAct.ACCEPTED)
    pair.meet()
    before = verdict_on(pair.nandan.file(), accepted).settled
    pair.dushan.write(CaseAct.PANEL_SET)
    pair.meet()

    assert (before, verdict_on(pair.nandan.file(), accepted).settled) == (False, True)


def test_an_entry_is_called_settled_although_one_before_it_is_not() -> None:
    """独山 leads and has followed 南丹's gate, beaten by its own; then evidence voids its own, and 南丹's counts."""
    pair = ready_to_accept()
    pair.play(step(NANDAN, CaseAct.LEAD_OFFERED), step(DUSHAN, CaseAct.LEAD_HANDED))
    beaten, winning = pair.nandan.write(CaseAct.ACCEPTED), pair.dushan.write(CaseAct.REFUSED)
    pair.dushan.take(beaten)
    pair.dushan.write(CaseAct.NOTICE_GIVEN)
    before = verdict_on(pair.dushan.file(), beaten)
    pair.nandan.write(CaseAct.EVIDENCE_ADDED)
    pair.meet()

    assert before.fault is not None
    assert not before.settled
    assert code_of(pair.dushan.file(), winning) == "case.head_unseen"
    assert code_of(pair.dushan.file(), beaten) is None


def test_the_order_of_arrival_changes_the_story() -> None:
    """Every order in which nine entries of a split thread can come gives one story."""
    pair = ready_to_accept()
    for office in (pair.nandan, pair.dushan):
        office.write(CaseAct.EVIDENCE_ADDED, sha256=named(office.county))
        office.write(CaseAct.ACCEPTED)
    pair.meet()
    entries = [*pair.nandan.own, *pair.dushan.own]
    expected = replay(CASE, entries)

    assert len(expected.story) == len(entries)
    assert all(replay(CASE, order) == expected for order in itertools.islice(itertools.permutations(entries), 2000))


def test_an_entry_counts_before_what_it_follows_is_here() -> None:
    """It waits, and is no head; when the missing one comes it has its place."""
    pair = ready_to_accept()
    one, two = pair.dushan.write(CaseAct.EVIDENCE_ADDED), pair.dushan.write(CaseAct.VISIT_MADE)
    pair.nandan.take(two)
    waiting = pair.nandan.file()
    pair.nandan.take(one)

    assert waiting.waiting == (two,)
    assert two.envelope_id not in waiting.heads
    assert pair.nandan.file() == pair.dushan.file()


def test_a_case_without_its_registration_has_a_stage() -> None:
    """Everything waits."""
    lonely = entry(facts(CaseAct.EVIDENCE_ADDED), DUSHAN, [CASE])

    assert replay(CASE, [lonely]).waiting == (lonely,)
    assert replay(CASE, [lonely]).state.stage is CaseStage.DRAFTED


def test_a_third_county_writes_into_the_case() -> None:
    """It is no part of the story, and no head that the other county could not have seen."""
    pair = ready_to_accept()
    strange = entry(facts(CaseAct.EVIDENCE_ADDED), "451226", [CASE])
    pair.nandan.take(strange)

    assert pair.nandan.file() == pair.dushan.file()


def test_entries_that_follow_each_other_in_a_circle_are_told() -> None:
    """No honest node can make them; they wait for ever."""
    one = entry(facts(CaseAct.EVIDENCE_ADDED), NANDAN, ["b" * 64], "a" * 64)
    two = entry(facts(CaseAct.VISIT_MADE), NANDAN, ["a" * 64], "b" * 64)
    first = entry(facts(CaseAct.REGISTERED), NANDAN, (), CASE)

    assert len(replay(CASE, [first, one, two]).waiting) == 2


def test_a_county_that_runs_twice_passes_two_gates() -> None:
    """Two entries of one county that did not see each other are treated as those of two: one gate counts."""
    pair = ready_to_accept()
    heads = pair.nandan.file().heads
    twins = [entry(facts(CaseAct.ACCEPTED), NANDAN, heads, named(number)) for number in (1, 2)]
    pair.nandan.take(*twins)

    assert sorted(filter(None, (code_of(pair.nandan.file(), one) for one in twins))) == ["case.gate_taken"]


def test_a_whole_case_is_not_told_alike() -> None:
    """From registration to the archive every entry counts, in the order in which it was written."""
    steps = [*road(CaseStage.AGREED_WRITTEN_PENDING), *signatures(), step(DUSHAN, CaseAct.IN_FORCE)]
    steps += [step(NANDAN, CaseAct.PERFORMANCE_DUE), step(DUSHAN, CaseAct.PERFORMANCE_REPORTED)]
    steps += [step(NANDAN, CaseAct.CLOSED, outcome=CaseOutcome.PERFORMED), step(NANDAN, CaseAct.ARCHIVED)]

    file = Pair().play(*steps, on=MONDAY)

    assert [judged.fault for judged in file.story] == [None] * len(steps)
    assert [judged.entry.facts.act for judged in file.story] == [act for _, act, _ in steps]
    assert file.state.stage is CaseStage.ARCHIVED


@pytest.mark.parametrize("count", [ENTRIES_MAX])
def test_a_long_case_takes_long_to_tell(count: int) -> None:
    """The largest there may be, every second entry from the other county: told within two seconds of CPU time."""
    pair = ready_to_accept()
    seen: tuple[str, ...] = pair.nandan.file().heads
    entries = list(pair.nandan.held.values())
    for number in range(count - len(entries)):
        county = (NANDAN, DUSHAN)[number % 2]
        entries.append(entry(facts(CaseAct.EVIDENCE_ADDED), county, seen, named(number)))
        seen = (entries[-1].envelope_id,)
    began = time.process_time()

    assert len(replay(CASE, entries).story) == count
    assert time.process_time() - began < 2
