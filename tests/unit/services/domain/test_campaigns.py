"""Campaigns: who may say what, which plan and which answers count."""

import itertools
from typing import Any

import pytest

from schemas.outreach.campaigns import CampaignAnnounced, CampaignAnswered, CampaignChanged, CampaignClosed, Reply
from services.domain.acts import Act
from services.domain.campaigns import fold, judge
from tests.joint import FOUR, LEAD, act, answer, campaign, closing
from tests.papers import FUNING, LIBO, NANDAN, TIANE


def announced(**changes: Any) -> Act:  # noqa: ANN401 - any field
    return act(CampaignAnnounced, campaign(**changes), LEAD)


def changed(sequence: int, minutes: float = 10, **changes: Any) -> Act:  # noqa: ANN401 - any field
    return act(CampaignChanged, campaign(sequence, **changes), LEAD, minutes)


def answered(county: str, reply: str = "accepted", sequence: int = 0, minutes: float = 5) -> Act:
    return act(CampaignAnswered, answer(reply, sequence), county, minutes)


def closed(sequence: int, outcome: str = "held", minutes: float = 90) -> Act:
    return act(CampaignClosed, closing(sequence, outcome), LEAD, minutes)


LATER: dict[str, Any] = {"starts": "2027-07-01T09:00:00.000+08:00", "ends": "2027-07-01T17:00:00.000+08:00"}


def test_three_answers_stand_with_the_plan() -> None:
    """Who has not answered is asked still."""
    state = fold([announced(), answered(NANDAN), answered(TIANE, "tentative"), answered(NANDAN, "declined", minutes=6)])
    assert state is not None
    assert [state.reply_of(county) for county in (NANDAN, TIANE, LIBO)] == [Reply.DECLINED, Reply.TENTATIVE, None]
    assert (state.word, state.sequence, state.void) == ("open", 0, ())


def test_a_moved_campaign_keeps_answers_to_another_day() -> None:
    """Who accepted Wednesday has not accepted Thursday; who accepted a plan whose text was corrected has."""
    corrected = fold([announced(), answered(LIBO), changed(1, traffic_note="请走东线")])
    moved = fold([announced(), answered(LIBO), changed(1, **LATER), changed(2, **LATER, traffic_note="请走东线")])
    assert corrected is not None
    assert moved is not None
    assert corrected.reply_of(LIBO) is Reply.ACCEPTED
    assert (moved.reply_of(LIBO), moved.moved) == (None, 1)


def test_what_the_lead_says_of_a_partner_stands_where_that_county_was_not_heard() -> None:
    """A third county gets the answers by way of the lead; its own answer prevails."""
    partners = [one | {"reply": "accepted"} for one in campaign()["partners"]]
    state = fold([announced(), changed(1, partners=partners), answered(LIBO, "declined", 1, 20)])
    assert state is not None
    assert (state.reply_of(NANDAN), state.reply_of(LIBO)) == (Reply.ACCEPTED, Reply.DECLINED)


def test_two_plans_have_one_number() -> None:
    """The earlier counts, at every county; the other is void and says so."""
    first, second = changed(1, 10, name="甲案"), changed(1, 11, name="乙案")
    for order in itertools.permutations([announced(), first, second]):
        state = fold(order)
        assert state is not None
        assert state.plan.name == "甲案"
        assert [(one.act, one.fault.code) for one in state.void] == [(second, "campaign.sequence")]


def test_a_closed_campaign_is_changed() -> None:
    """What comes behind the closing has no effect."""
    state = fold([announced(), closed(1, "cancelled"), changed(2, 95)])
    assert state is not None
    assert (state.word, state.sequence) == ("cancelled", 1)
    assert [one.fault.code for one in state.void] == ["campaign.closed"]


def test_the_same_word_under_two_agreements_counts_once() -> None:
    """One invitation to two rounds of partners is one invitation."""
    again = act(CampaignAnnounced, campaign(), LEAD, 3)
    state = fold([announced(), again])
    assert state is not None
    assert state.void == ()
    assert judge([announced()], again, FOUR) is None


def test_a_newly_invited_county_has_the_plan_without_its_history() -> None:
    """The change is whole: nothing else is needed."""
    state = fold([changed(3)])
    assert state is not None
    assert state.sequence == 3
    assert fold([closed(3)]) is None


@pytest.mark.parametrize(
    ("held", "made", "code", "final"),
    [
        ([], act(CampaignAnnounced, campaign(), LIBO), "thread.not_owner", True),
        ([announced()], act(CampaignChanged, campaign(1), LIBO), "thread.not_owner", True),
        ([announced()], act(CampaignClosed, closing(1), LIBO), "thread.not_owner", True),
        ([announced()], answered(LEAD), "campaign.own", True),
        ([], answered(LIBO), "thread.unknown", False),
        ([], closed(1), "thread.unknown", False),
        ([announced()], act(CampaignAnnounced, campaign(name="另一活动"), LEAD), "campaign.announced", False),
        ([announced()], changed(2), "campaign.sequence", False),
        ([announced()], closed(2), "campaign.sequence", False),
        ([announced()], answered(LIBO, sequence=1), "campaign.sequence", False),
        ([announced(), changed(1)], answered(LIBO, sequence=0), "campaign.sequence", False),
        ([announced()], answered(FUNING), "campaign.not_invited", False),
        ([announced(), closed(1)], answered(LIBO), "campaign.closed", False),
        ([announced(), closed(1)], changed(2), "campaign.closed", False),
        ([announced(), closed(1)], closed(2, "cancelled"), "campaign.closed", False),
    ],
)
def test_an_act_out_of_turn_is_made(held: list[Act], made: Act, code: str, *, final: bool) -> None:
    """Who opened it alone changes and closes it; everybody answers for itself, and to the newest plan."""
    refusal = judge(held, made, FOUR)
    assert refusal is not None
    assert (refusal.fault.code, refusal.final) == (code, final)


@pytest.mark.parametrize(
    ("held", "made"),
    [
        ([], announced()),
        ([], changed(4)),
        ([announced()], changed(1)),
        ([announced()], answered(LIBO)),
        ([announced(), answered(LIBO)], answered(LIBO, "declined", minutes=7)),
        ([announced(), changed(1)], answered(LIBO, sequence=1, minutes=20)),
        ([announced(), changed(1)], closed(2)),
    ],
)
def test_an_act_in_turn_is_refused(held: list[Act], made: Act) -> None:
    """A restored county may send the whole plan again; an answer may be changed."""
    assert judge(held, made, FOUR) is None


def test_an_answer_does_not_reach_who_asked() -> None:
    """The county that leads would wait for it for ever."""
    refusal = judge([announced()], answered(LIBO), [NANDAN, TIANE])
    assert refusal is not None
    assert (refusal.fault.code, refusal.fault.field, refusal.final) == ("thread.owner_left_out", "to", True)
