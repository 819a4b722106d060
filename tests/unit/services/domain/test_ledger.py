"""What a ledger tells: every word in Chinese, every item of the checklist, and of few persons nothing."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import pytest

from schemas.cases import CaseStage
from schemas.courses import CourseKind
from schemas.development.projects import ProjectOutcome
from schemas.development.resources import ResourceKind
from schemas.governance.mediation_parts import CaseOutcome, DisputeKind
from schemas.governance.services import ClosingOutcome, Decision, ServiceMode
from schemas.ledgers import REFERRAL_MESSAGES, UNTOLD, EventGroup, Ledger, MatterGroup
from schemas.outreach.campaigns import CampaignKind, CampaignOutcome
from schemas.records import Direction
from services.domain.briefs import draft_of
from services.domain.ledger import Counted, ledger_of
from services.domain.ledger_small import TOLD_APART_FROM
from services.domain.ledger_words import kind_zh, state_zh
from services.domain.referrals import ReferralState
from tests.papers import HUANJIANG, LIBO, NOW

MONTH = "2026-03"
WORDS: list[tuple[Any, str, Iterable[str]]] = [
    (kind_zh, "campaign", CampaignKind),
    (kind_zh, "offer", ResourceKind),
    (kind_zh, "case", DisputeKind),
    (kind_zh, "service", ServiceMode),
    (kind_zh, "referral", ("",)),
    (state_zh, "campaign", CampaignOutcome),
    (state_zh, "project", ProjectOutcome),
    (state_zh, "case", (*CaseStage, *CaseOutcome)),
    (state_zh, "service", ("open", *Decision, ClosingOutcome.WITHDRAWN)),
    (state_zh, "referral", (*ReferralState, UNTOLD)),
]


def made(matters: Iterable[MatterGroup] = (), events: Iterable[EventGroup] = ()) -> Ledger:
    """A ledger of these groups."""
    counted = Counted(list(events), [], list(matters))
    return ledger_of(counted, county=HUANJIANG, first=date(2026, 3, 1), last=date(2026, 3, 31), now=NOW)


def referrals(**outcomes: int) -> list[MatterGroup]:
    """Referrals by outcome."""
    return [MatterGroup(MONTH, "referral", "", outcome, "", count) for outcome, count in outcomes.items()]


def messages(**names: int) -> list[EventGroup]:
    """Events of referrals by the last word of their type."""
    types = {f"cn.sihu.information.referral_{name}.v1": count for name, count in names.items()}
    return [EventGroup(MONTH, Direction.OUTGOING, wire_type, drill=False, count=n) for wire_type, n in types.items()]


def checked(ledger: Ledger, item: int, label: str) -> int | None:
    """Return one figure of the checklist."""
    (found,) = (one.value for one in ledger.checklist if (one.item, one.label) == (item, label))
    return found


@pytest.mark.parametrize(("called", "family", "words"), WORDS)
def test_a_word_has_no_chinese(called: Any, family: str, words: Iterable[str]) -> None:  # noqa: ANN401
    """The page that a leader signs would show a name of the program."""
    for one in words:
        assert not called(family, one).isascii(), (family, one)


def test_how_the_only_referral_ended_is_told() -> None:
    """Whoever knows who was referred would learn from a printed page that it was taken back."""
    few = made(referrals(withdrawn=1, completed=8), messages(offered=9, completed=8, withdrawn=1))
    assert [(one.outcome, one.count) for one in few.matters] == [(UNTOLD, 9)]
    assert checked(few, 29, "服务对接单发起") == 9
    assert checked(few, 29, "服务对接单办结") is None
    assert checked(few, 29, "服务对接单撤回") is None
    assert [(one.wire_type, one.sent) for one in few.by_type] == [(REFERRAL_MESSAGES, 18)]
    assert "withdrawn" not in str(draft_of(few))
    assert "referral untold" in str(draft_of(few))


def test_many_referrals_are_told_by_outcome() -> None:
    """From ten on, the work that was done is shown."""
    many = made(referrals(withdrawn=1, completed=TOLD_APART_FROM - 1), messages(offered=10, withdrawn=1))
    assert [(one.outcome, one.count) for one in many.matters] == [("completed", 9), ("withdrawn", 1)]
    assert (checked(many, 29, "服务对接单办结"), checked(many, 29, "服务对接单撤回")) == (9, 1)
    assert len(many.by_type) == 2


def test_a_quiet_period_is_shown_with_zeros() -> None:
    """That nothing was done is a record, too; nothing is hidden where there is nothing."""
    assert {one.value for one in made().checklist} == {0}
    assert made().by_type == ()


def test_the_last_month_of_few_shows_by_type() -> None:
    """A referral of an earlier period ends in this one: by type it would stand alone."""
    late = made([], messages(completed=1))
    assert [one.wire_type for one in late.by_type] == [REFERRAL_MESSAGES]


def test_disputes_and_requests_count_for_the_checklist() -> None:
    """By outcome; by partner beside them."""
    matters = [
        MatterGroup(MONTH, "case", "water", outcome, county, 1)
        for outcome in ("in_force", "performed", "failed")
        for county in ("", HUANJIANG, LIBO)
    ]
    matters.append(MatterGroup(MONTH, CourseKind.SERVICE, "online", "granted", "", 4))
    matters.append(MatterGroup(MONTH, CourseKind.SERVICE, "online", "refused", "", 1))
    plans = [
        EventGroup(MONTH, Direction.INCOMING, f"cn.sihu.governance.{name}.v1", drill=False, count=2)
        for name in ("plan_published", "drill_held", "hazard_checked")
    ]
    found = made(matters, plans)
    assert checked(found, 46, "联合调解案件") == 3
    assert checked(found, 46, "达成协议的联合调解案件") == 2
    assert checked(found, 46, "已履行的联合调解案件") == 1
    assert checked(found, 46, "联合应急预案") == checked(found, 46, "演练") == checked(found, 46, "边界联合排查") == 2
    assert checked(found, 48, "联合演练与排查") == 4
    assert (checked(found, 29, "跨省通办事项"), checked(found, 29, "已准予的跨省通办事项")) == (5, 4)
    standing = next(one.by_partner for one in found.matters if one.family == "case")
    assert [(one.county, one.state) for one in standing if one.county == LIBO] == [
        (LIBO, "failed"),
        (LIBO, "in_force"),
        (LIBO, "performed"),
    ]
