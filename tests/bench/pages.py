"""Alerts that know their number, and what became of the SMS that tell of them.

Each alert is about a prefecture of its own, so that no storm rule lets one SMS tell of several: the place that an SMS
names says which alert it is about, whatever ids the product gives to its pages.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from tests.bench.events import alert_draft
from tests.bench.samples import Faults

MOST: Final = 7_000
"""Alerts of one round."""
_FIRST_PREFECTURE: Final = 1_101
_TOLD: Final = re.compile(r"预警：([1-9][0-9]{5})，.*回复([1-9][0-9]+)收到")
_COPIES: Final = 2
"""A page that was on its way when its sender was killed goes out once more."""


def place_of(number: int) -> str:
    """Return the division code of the prefecture that only this alert is about."""
    return f"{_FIRST_PREFECTURE + number}00"


def numbered_alert(number: int, now: datetime) -> bytes:
    """Return the body of ``POST /api/v1/events`` of an orange alert: level 2."""
    place = place_of(number)
    return alert_draft(
        now,
        alert_id=f"45122641{number:06d}_{now.astimezone(UTC):%Y%m%d%H%M%S}_1",
        report_stage="followup",
        report_no=2,
        warning_level=2,
        areas=[{"desc": place, "adcodes": [place]}],
    )


def bare_text(number: int) -> str:
    """Return what the floor sends: as long as ours, and as easily told apart."""
    return f"【基准应急】环江发2级预警：{place_of(number)}，暴雨。回复{number + 10}收到。"


def judge(numbers: Iterable[int], texts: Sequence[str], *, killed: bool) -> tuple[Faults, int]:
    """Compare what is overdue with what the gateway was given.

    Args:
        numbers: Of the alerts, one page each.
        texts: As the gateway took them.
        killed: The sender was killed meanwhile: one copy of a page with the same code is no fault.

    Returns:
        The faults, and how many pages went out twice.
    """
    copies: dict[str, list[str]] = {place_of(number): [] for number in numbers}
    strange = 0
    for text in texts:
        found = _TOLD.search(text)
        if found is None or found[1] not in copies:
            strange += 1
        else:
            copies[found[1]].append(found[2])
    most = _COPIES if killed else 1
    codes = sum(len(set(one)) - 1 for one in copies.values() if one)
    too_often = sum(max(0, len(one) - most) for one in copies.values())
    twice = sum(len(one) > 1 for one in copies.values())
    lost = sum(not one for one in copies.values())
    return Faults(lost=lost, doubled=too_often + codes, forged_accepted=strange), twice
