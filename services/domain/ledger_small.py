"""Referrals in the ledger: what is told of so few that a figure would speak of a person.

A referral is of one person. Which county, for what, in which month: no figure says so, however many there are. How one
ended is told only of many together: whoever knows that a person was referred must not learn the rest from a printed
page.

Source: docs/ledger.md, section "Referrals are few"
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Final

from schemas.courses import CourseKind
from schemas.information.referrals import ReferralOffered
from schemas.ledgers import REFERRAL_MESSAGES, UNTOLD, EventGroup, MatterFigures, MatterGroup

TOLD_APART_FROM: Final = 10
"""In one period: what population tables hide a cell below, too, unless counties agree on more."""
_FAMILY: Final = CourseKind.REFERRAL.value
_PREFIX: Final = "cn.sihu.information.referral_"


def matters_told(groups: Iterable[MatterGroup]) -> list[MatterGroup]:
    """Return groups of matters as they may be told: few referrals without what came of them."""
    groups = list(groups)
    few = sum(one.count for one in groups if one.family == _FAMILY) < TOLD_APART_FROM
    return [replace(one, outcome=UNTOLD) if few and one.family == _FAMILY else one for one in groups]


def events_told(groups: Collection[EventGroup]) -> list[EventGroup]:
    """Return groups of events as they may be told by type: those of few referrals under one name."""
    offered = sum(one.count for one in groups if one.wire_type == ReferralOffered.wire_type)
    if offered >= TOLD_APART_FROM:
        return list(groups)
    return [replace(one, wire_type=REFERRAL_MESSAGES) if one.wire_type.startswith(_PREFIX) else one for one in groups]


def is_untold(matters: Sequence[MatterFigures], family: str) -> bool:
    """Tell whether what came of a family's matters is not told."""
    return any(one.family == family and one.outcome == UNTOLD for one in matters)
