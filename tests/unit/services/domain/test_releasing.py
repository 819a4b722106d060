"""The second officer: what needs one, who may be one, and every step of a draft."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from schemas.base import Event, Status
from schemas.catalogue import TYPES, parse_new
from schemas.errors import Fault
from schemas.governance.mediation import CASE_PREFIX
from schemas.information.alerts import Alert
from schemas.officers import OfficerCredential, Role
from schemas.releases import ENDED, Draft, DraftState, Fixed
from schemas.statements import ReleaseStatement, ReleaseVerdict, SignedStatement
from services.domain.releasing import (
    ALONE,
    BULLETINS,
    NEXT,
    SECONDS,
    WRITERS,
    Act,
    approved,
    changed,
    ends_grave,
    handed_in,
    judge_alone,
    judge_approved,
    judge_author,
    judge_countersigner,
    judge_review,
    judge_sender,
    judge_writer,
    may_be_alone,
    needs_second,
    next_state,
    returned,
    sent,
    withdrawn,
)
from tests import papers

NOW = papers.NOW
DIGEST, OTHER = "aa" * 32, "bb" * 32
DRAWN, ANEW = Fixed("00" * 16, b"k" * 32, b"s" * 16), Fixed("11" * 16, b"K" * 32, b"S" * 16)
OWN = SignedStatement(
    statement=ReleaseStatement(
        county=papers.LIBO, officer="duty-a", verdict=ReleaseVerdict.DRAFTED, subject=DIGEST, signed_at=NOW
    ),
    signature="A" * 86,
)


def draft(state: DraftState = DraftState.DRAFTING, **changes: Any) -> Draft:  # noqa: ANN401 - fields of a draft
    made = Draft(
        draft_id="0" * 32,
        wire_type=papers.POLICY,
        body=b"{}",
        author="duty-a",
        author_name="值班员甲",
        created_at=NOW,
        changed_at=NOW,
        state=state,
        digest=DIGEST,
    )
    return replace(made, **changes)


def officer(name: str, *roles: Role, public: str = "") -> OfficerCredential:
    return OfficerCredential(
        county=papers.LIBO,
        officer=name,
        display_name=f"值班员{name}",
        roles=roles,
        public=public or (name * 43)[:43],
        issued_at=NOW,
        expires_at=NOW + timedelta(days=1),
    )


def alert(level: int | None) -> Event:
    content = papers.alert_content(warning_level=level, report_stage="followup", report_no=2)
    event = parse_new(papers.ALERT, content)
    assert not isinstance(event, tuple), event
    return event


def code_of(outcome: object) -> str:
    return outcome.code if isinstance(outcome, Fault) else ""


def later() -> datetime:
    return NOW + timedelta(minutes=1)


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_alerts_of_levels_1_and_2_need_a_second_officer(level: int) -> None:
    """A red alert by one hand alone; or a blue one that waits for nobody's sake."""
    assert needs_second(papers.ALERT, alert(level), Status.ACTUAL) is (level <= 2)


def test_no_field_that_an_officer_leaves_out_gets_around_the_rule() -> None:
    """Without any scale it is the severity that counts; and a first report counts as level 2 at least."""
    assert needs_second(papers.ALERT, alert(None), Status.ACTUAL)
    first = parse_new(papers.ALERT, papers.alert_content(warning_level=4))
    assert isinstance(first, Alert)
    assert needs_second(papers.ALERT, first, Status.ACTUAL)


@pytest.mark.parametrize("status", [Status.EXERCISE, Status.TEST])
def test_exercises_and_tests_need_none(status: Status) -> None:
    """Else nobody would practise at night what must be done at night."""
    assert not needs_second(papers.ALERT, alert(1), status)
    assert not ends_grave([1], status)


def test_a_status_that_is_no_exercise_gets_around_nothing() -> None:
    """Every other status is judged as an actual event is."""
    assert needs_second(papers.ALERT, alert(1), Status.SYSTEM)


def test_to_lower_a_grave_alert_is_as_grave_as_to_raise_it() -> None:
    """One officer must not end a red alert by updating it to a blue one."""
    assert ends_grave([None, 3, 2], Status.ACTUAL)
    assert not ends_grave([3, 4], Status.ACTUAL)
    assert not ends_grave([None], Status.ACTUAL)


def test_exactly_alerts_and_bulletins_are_concerned() -> None:
    """A new type of the catalogue is looked at here: either it is a bulletin, or it needs none."""
    bulletins = {one.wire_type for one in TYPES if one.wire_type in BULLETINS}
    assert bulletins == set(BULLETINS)
    assert {one.rpartition(".")[0].rpartition(".")[2] for one in BULLETINS} == {
        "policy_bulletin_published",
        "work_bulletin_published",
        "situation_brief_published",
    }
    assert not any(one.startswith((CASE_PREFIX, "cn.sihu.control.")) for one in BULLETINS)
    assert may_be_alone(papers.ALERT)
    assert not any(may_be_alone(one) for one in BULLETINS)


EXPECTED = {
    DraftState.DRAFTING: "change:drafting hand_in:in_review send_unreviewed:sent withdraw:withdrawn",
    DraftState.IN_REVIEW: "change:drafting approve:approved return:returned send_unreviewed:sent withdraw:withdrawn",
    DraftState.RETURNED: "change:drafting hand_in:in_review withdraw:withdrawn",
    DraftState.APPROVED: "change:drafting return:returned send:sent withdraw:withdrawn",
    DraftState.SENT: "",
    DraftState.WITHDRAWN: "",
}


@pytest.mark.parametrize("state", list(DraftState))
@pytest.mark.parametrize("act", list(Act))
def test_every_state_and_act(state: DraftState, act: Act) -> None:
    """Whatever is not in the table is refused, and says what is possible."""
    table = dict(one.split(":") for one in EXPECTED[state].split())
    found = next_state(state, act)
    if act.value in table:
        assert found is DraftState(table[act.value])
    else:
        assert code_of(found) == "release.state"


def test_nothing_leaves_a_draft_that_has_ended() -> None:
    """Sent is sent."""
    assert not [one for one, _ in NEXT if one in ENDED]


def test_each_act_leads_where_the_table_says() -> None:
    """The functions that change a draft obey the table, and refuse what it lacks."""
    second = officer("b", Role.REVIEWER)
    waiting = handed_in(draft(), later())
    assert isinstance(waiting, Draft)
    good = approved(waiting, second, DIGEST, "", later())
    assert isinstance(good, Draft)
    assert (good.state, good.reviewer) == (DraftState.APPROVED, "值班员b")
    assert judge_approved(good, DIGEST) is None
    back = returned(waiting, second, "时间写错", later(), ANEW)
    assert isinstance(back, Draft)
    assert (back.state, back.note) == (DraftState.RETURNED, "时间写错")
    done = sent(good, "ee" * 32, later(), reviewed=True)
    assert isinstance(done, Draft)
    assert (done.state, done.body, done.digest) == (DraftState.SENT, b"", DIGEST)
    gone = withdrawn(good, later())
    assert isinstance(gone, Draft)
    assert (gone.state, gone.body) == (DraftState.WITHDRAWN, b"")
    for refused in (
        handed_in(done, later()),
        approved(draft(), second, DIGEST, "", later()),
        returned(draft(), second, "不", later(), ANEW),
        sent(draft(), "ee" * 32, later(), reviewed=True),
        withdrawn(done, later()),
        changed(done, b"x", OTHER, papers.POLICY, later(), ANEW),
    ):
        assert code_of(refused) == "release.state"


def test_a_change_voids_the_approval() -> None:
    """What was approved is those bytes and no others."""
    second = officer("b", Role.LIAISON)
    good = approved(draft(DraftState.IN_REVIEW), second, DIGEST, "", later())
    assert isinstance(good, Draft)
    other = changed(good, b"{ }", OTHER, papers.POLICY, later(), ANEW)
    assert isinstance(other, Draft)
    assert (other.state, other.approval) == (DraftState.DRAFTING, None)
    assert code_of(judge_approved(other, OTHER)) == "release.second_officer"
    assert code_of(judge_approved(good, OTHER)) == "release.changed"


def test_what_was_signed_goes_with_the_text_that_it_was_of() -> None:
    """After a change and after a return another content id is drawn: an old signature fits the same words no more."""
    waiting = handed_in(draft(fixed=DRAWN), later(), OWN)
    assert isinstance(waiting, Draft)
    assert (waiting.fixed, waiting.submission) == (DRAWN, OWN)
    good = approved(waiting, officer("b", Role.DUTY), DIGEST, "", later(), OWN)
    assert isinstance(good, Draft)
    assert good.approval is not None
    assert good.approval.own == OWN
    for after in (
        changed(good, b"{}", DIGEST, papers.POLICY, later(), ANEW),
        returned(good, officer("b", Role.DUTY), "不", later(), ANEW),
    ):
        assert isinstance(after, Draft)
        assert (after.fixed, after.submission, after.approval) == (ANEW, None, None)
    for ended in (sent(good, "ee" * 32, later(), reviewed=True), withdrawn(good, later())):
        assert isinstance(ended, Draft)
        assert ended.fixed is None  # a content's key stays nowhere where an erasure would miss it


def test_nobody_approves_what_has_changed_under_his_eyes() -> None:
    """The digest is that of the text which was shown."""
    assert code_of(approved(draft(DraftState.IN_REVIEW), officer("b", Role.DUTY), OTHER, "", later())) == (
        "release.changed"
    )


def test_a_draft_goes_back_with_a_reason_only() -> None:
    """Else its author guesses."""
    assert (
        code_of(returned(draft(DraftState.IN_REVIEW), officer("b", Role.DUTY), " ", later(), ANEW)) == "release.no_note"
    )


@pytest.mark.parametrize("role", list(Role))
def test_each_role_may_what_is_written_of_it(role: Role) -> None:
    """An auditor writes nothing; a mediator or administrator is no second officer."""
    one = officer("b", role)
    assert (judge_writer(one) is None) is (role in WRITERS)
    assert (judge_review(draft(), one, None) is None) is (role in SECONDS)
    assert (judge_countersigner("duty-a", {"key"}, one) is None) is (role in SECONDS)
    assert (judge_alone(papers.ALERT, one, needed=True) is None) is (role in ALONE)
    assert {Role.DUTY, Role.LIAISON, Role.REVIEWER, Role.MEDIATOR} == WRITERS
    assert {Role.DUTY, Role.LIAISON, Role.REVIEWER} == SECONDS
    assert {Role.DUTY, Role.LIAISON} == ALONE


def test_one_person_is_never_both_officers() -> None:
    """Not under the same id, and not under another id with the same key."""
    author, twin = officer("duty-a", Role.DUTY), officer("b", Role.DUTY, public=("duty-a" * 43)[:43])
    assert code_of(judge_review(draft(), author, None)) == "release.same_officer"
    assert code_of(judge_review(draft(), twin, author)) == "release.same_officer"
    assert code_of(judge_countersigner("duty-a", set(), author)) == "release.same_officer"
    assert code_of(judge_countersigner("duty-a", {author.public}, twin)) == "release.same_officer"


def test_who_may_touch_and_who_may_send() -> None:
    """Its author changes it; it is sent by whoever wrote or approved it."""
    good = approved(draft(DraftState.IN_REVIEW), officer("b", Role.DUTY), DIGEST, "", later())
    assert isinstance(good, Draft)
    assert judge_author(good, "duty-a") is None
    assert code_of(judge_author(good, "b")) == "release.not_author"
    assert [code_of(judge_sender(good, who)) for who in ("duty-a", "b", "c")] == ["", "", "release.not_author"]
    assert code_of(judge_sender(draft(), "b")) == "release.not_author"


def test_alone_is_for_alerts_that_need_two() -> None:
    """Neither for what one officer may send anyway, nor for a bulletin that can wait for the morning."""
    duty = officer("a", Role.DUTY)
    assert code_of(judge_alone(papers.ALERT, duty, needed=False)) == "release.alone_not_needed"
    assert code_of(judge_alone(papers.POLICY, duty, needed=True)) == "release.alone_bulletin"
