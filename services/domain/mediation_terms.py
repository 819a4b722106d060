"""The days of a case, and the law behind every rule: dated rows, so that an old case is judged by the law of its day.

A term is counted from the day after; a last day that is not worked moves to the next workday of the writer's county.
The writer puts the last day into its event, so both counties have the same one; the other end checks that it lies
where any table of days off could have put it.

Source: docs/mediation.md, section "Rules"
"""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from schemas.calendars import Workdays
from schemas.errors import Fault, InvariantError
from services.domain.workdays import is_workday

MOVED_MOST: Final = 15
"""Days: more than any holiday of the years behind us with the weekends beside it."""
WARNED_ON: Final = (20, 27)
"""Days after the day of acceptance on which the officers are reminded that a month is short."""
_MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class Term:
    """A length of time in months or days."""

    months: int = 0
    days: int = 0


class RuleCode(StrEnum):
    """What a rule is about."""

    FREE = "free"
    OTHER_WAYS = "other_ways"
    VOLUNTARY = "voluntary"
    MEDIATORS = "mediators"
    PRIVACY = "privacy"
    OUTSIDERS = "outsiders"
    OPENNESS = "openness"
    RIGHTS_TOLD = "rights_told"
    DANGER = "danger"
    FAILURE = "failure"
    FILE = "file"
    ONE_MONTH = "one_month"
    WRITTEN = "written"
    ORAL = "oral"
    FOLLOW_UP = "follow_up"
    CONFIRMATION = "confirmation"
    BOTH_COUNTIES = "both_counties"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, its source, and from when to when it holds.

    Attributes:
        source: Law and article.
        text: What it says, in the words of an officer.
        valid_until: Last day, None while it holds.
        term: How long, where it sets a time.
    """

    code: RuleCode
    source: str
    text: str
    valid_from: date
    valid_until: date | None = None
    term: Term | None = None


_LAW: Final = date(2011, 1, 1)
_ORDER: Final = date(2002, 11, 1)
_PML: Final = "人民调解法"
_WORK: Final = "人民调解工作若干规定（司法部令第75号）"

RULES: Final = (
    Rule(RuleCode.FREE, f"{_PML}第四条", "不收取任何费用", _LAW),
    Rule(RuleCode.OTHER_WAYS, f"{_PML}第三条", "不因调解阻止当事人通过仲裁、行政、司法等途径维护权利", _LAW),
    Rule(RuleCode.VOLUNTARY, f"{_PML}第十七条、第二十三条", "一方明确拒绝的不得调解，当事人可以随时终止调解", _LAW),
    Rule(RuleCode.MEDIATORS, f"{_PML}第十九条、第二十三条", "调解员由当事人选择或者接受", _LAW),
    Rule(RuleCode.PRIVACY, f"{_PML}第十五条", "不得泄露当事人的个人隐私、商业秘密", _LAW),
    Rule(RuleCode.OUTSIDERS, f"{_PML}第二十条", "征得当事人同意后可以邀请亲属、邻里等参与调解", _LAW),
    Rule(RuleCode.OPENNESS, f"{_PML}第二十三条", "当事人可以要求调解公开进行或者不公开进行", _LAW),
    Rule(RuleCode.RIGHTS_TOLD, f"{_WORK}第三十条", "调解前告知当事人的权利和义务", _ORDER),
    Rule(RuleCode.DANGER, f"{_PML}第二十五条", "可能激化的纠纷应当及时采取预防措施并报告", _LAW),
    Rule(RuleCode.FAILURE, f"{_PML}第二十六条", "调解不成的应当终止调解，并告知其他途径", _LAW),
    Rule(RuleCode.FILE, f"{_PML}第二十七条", "记录调解情况，建立调解工作档案", _LAW),
    Rule(RuleCode.ONE_MONTH, f"{_WORK}第三十三条", "一般在一个月内调结", _ORDER, term=Term(months=1)),
    Rule(RuleCode.WRITTEN, f"{_PML}第二十九条", "各方签名、盖章或者按指印，调解员签名并加盖印章后生效", _LAW),
    Rule(RuleCode.ORAL, f"{_PML}第三十条", "口头协议自各方达成协议之日起生效", _LAW),
    Rule(RuleCode.FOLLOW_UP, f"{_PML}第三十一条", "对协议的履行情况进行监督，督促当事人履行", _LAW),
    Rule(
        RuleCode.CONFIRMATION,
        f"{_PML}第三十三条",
        "自协议生效之日起三十日内共同向人民法院申请司法确认",
        _LAW,
        date(2012, 12, 31),
        Term(days=30),
    ),
    Rule(
        RuleCode.CONFIRMATION,
        f"{_PML}第三十三条、民事诉讼法第一百九十四条",
        "自协议生效之日起三十日内共同向调解组织所在地基层人民法院申请司法确认",
        date(2013, 1, 1),
        date(2021, 12, 31),
        Term(days=30),
    ),
    Rule(
        RuleCode.CONFIRMATION,
        f"{_PML}第三十三条、民事诉讼法第二百零一条",
        "自协议生效之日起三十日内共同向当事人住所地、标的物所在地或者调解组织所在地基层人民法院申请司法确认",
        date(2022, 1, 1),
        date(2023, 12, 31),
        Term(days=30),
    ),
    Rule(
        RuleCode.CONFIRMATION,
        f"{_PML}第三十三条、民事诉讼法第二百零五条",
        "自协议生效之日起三十日内共同向当事人住所地、标的物所在地或者调解组织所在地基层人民法院申请司法确认",
        date(2024, 1, 1),
        term=Term(days=30),
    ),
    Rule(RuleCode.BOTH_COUNTIES, "协作协议", "两县各有一名以上调解员，两县与各方签署同一份文本", _LAW),
)


def rule_at(code: RuleCode, day: date) -> Rule:
    """Return the rule that holds on a day; before the first one, the first one.

    Raises:
        InvariantError: No row has this code.
    """
    rows = sorted((one for one in RULES if one.code is code), key=lambda one: one.valid_from)
    if not rows:
        raise InvariantError(f"no rule {code}")
    return next((one for one in reversed(rows) if one.valid_from <= day), rows[0])


def term_of(code: RuleCode, day: date) -> Term:
    """Return how long a rule gives that begins to run on a day.

    Raises:
        InvariantError: It sets no time.
    """
    rule = rule_at(code, day)
    if rule.term is None:
        raise InvariantError(f"rule {code} sets no time")
    return rule.term


def unmoved_end(start: date, term: Term) -> date:
    """Return the last day of a term, be it worked or not; the first one counted is the day after ``start``.

    A month ends on the day of the next month that has the number of ``start``, or on the last day of that month.
    """
    year, month = divmod(start.year * _MONTHS + start.month - 1 + term.months, _MONTHS)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return date(year, month + 1, day) + timedelta(days=term.days)


def last_day(start: date, term: Term, workdays: Workdays) -> date:
    """Return the last day of a term, moved to a workday of the county."""
    day = unmoved_end(start, term)
    while not is_workday(day, workdays):
        day += timedelta(days=1)
    return day


def judge_last_day(said: date, start: date, term: Term, field: str) -> Fault | None:
    """Tell whether a last day that an event sets lies where no table of days off could have put it."""
    unmoved = unmoved_end(start, term)
    if unmoved <= said <= unmoved + timedelta(days=MOVED_MOST):
        return None
    mend = f"the term ends on {unmoved}, or on the next workday if that day is off"
    return Fault("case.last_day", field, mend)


def warnings_of(start: date) -> tuple[date, ...]:
    """Return the days on which a running month is to be remembered."""
    return tuple(start + timedelta(days=days) for days in WARNED_ON)
