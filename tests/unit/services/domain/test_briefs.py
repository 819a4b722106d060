"""A brief beside the ledger: what cannot have been is refused, what moves by itself is not."""

from datetime import date, timedelta
from typing import Any, Final

import pytest

from schemas.information.briefs import FigureName, SituationBriefPublished
from schemas.ledgers import DeliveryGroup, EventGroup, Ledger, MatterGroup
from schemas.records import Direction
from services.domain.briefs import differing, draft_of, judge_figures, judge_span
from services.domain.ledger import Counted, ledger_of
from tests import joint
from tests.papers import HUANJIANG, LIBO, NANDAN, NOW, POLICY

FIRST, LAST = date(2026, 3, 1), date(2026, 3, 31)
RUNNING, OVER = LAST, LAST + timedelta(days=1)
SETTLED: Final = (FigureName.SENT, FigureName.RECEIVED, FigureName.DELIVERIES)
GROWING: Final = (FigureName.STORED, FigureName.ACKNOWLEDGED)
MOVING: Final = tuple(name for name in FigureName if name not in {*SETTLED, *GROWING})


def delivered(partner: str, *, stored: int | None, acknowledged: int | None, count: int) -> DeliveryGroup:
    """Deliveries of a policy bulletin."""
    return DeliveryGroup(
        "2026-03",
        Direction.OUTGOING,
        partner,
        POLICY,
        drill=False,
        stored_seconds=stored,
        acknowledged_seconds=acknowledged,
        refused=stored is None,
        count=count,
    )


def ledger() -> Ledger:
    """A ledger in which every figure has a value."""
    events = [EventGroup("2026-03", way, POLICY, drill=False, count=5) for way in Direction]
    deliveries = [
        delivered(LIBO, stored=3, acknowledged=60, count=4),
        delivered(NANDAN, stored=9, acknowledged=None, count=3),
        delivered(NANDAN, stored=None, acknowledged=None, count=2),
    ]
    matters = [MatterGroup("2026-03", "case", "forest", "performed", "", 6)]
    return ledger_of(Counted(events, deliveries, matters), county=HUANJIANG, first=FIRST, last=LAST, now=NOW)


def brief(**changes: Any) -> SituationBriefPublished:  # noqa: ANN401 - any field
    """The ledger's own draft, changed."""
    made = joint.event(SituationBriefPublished, draft_of(ledger()) | changes)
    assert isinstance(made, SituationBriefPublished)
    return made


def changed(name: FigureName, by: int) -> tuple[SituationBriefPublished, int]:
    """A brief whose first figure of this name says more or less; and the place of it."""
    figures = draft_of(ledger())["figures"]
    place = next(number for number, one in enumerate(figures) if one["name"] == name)
    figures[place]["value"] += by
    return brief(figures=figures), place


@pytest.mark.parametrize("today", [RUNNING, OVER])
def test_the_ledgers_own_draft_is_refused(today: date) -> None:
    """Seconds after it was written nothing differs."""
    assert {one.name for one in brief().figures} == set(FigureName)
    assert differing(brief(), ledger()) == ()
    assert judge_figures(brief(), ledger(), today=today) is None


@pytest.mark.parametrize("by", [-1, 1])
@pytest.mark.parametrize("name", FigureName)
def test_a_figure_that_never_was_is_sent(name: FigureName, by: int) -> None:
    """Each name, one too many and one too few, once the period is over and while it runs."""
    made, place = changed(name, by)
    found = {today: judge_figures(made, ledger(), today=today) for today in (RUNNING, OVER)}
    assert (found[OVER] is not None) == (name in SETTLED or (name in GROWING and by > 0))
    assert (found[RUNNING] is not None) == (name not in MOVING and by > 0)
    for fault in found.values():
        if fault is not None:
            figure = made.figures[place]
            assert (fault.code, fault.field) == ("brief.figure", f"content.figures.{place}.value")
            assert fault.mend.startswith(f"{name}: the ledger counts {figure.value - by}, not {figure.value};")
    (one,) = differing(made, ledger())
    assert (one.place, one.counted) == (place, made.figures[place].value - by)


def test_the_fault_does_not_say_which_of_many_it_means() -> None:
    """Deliveries stand there in all, of each mutual and to each partner."""
    figures = draft_of(ledger())["figures"]
    place = next(number for number, one in enumerate(figures) if one.get("county") == NANDAN)
    figures[place]["value"] += 1
    fault = judge_figures(brief(figures=figures), ledger(), today=OVER)
    assert fault is not None
    assert fault.mend.startswith(f"deliveries {NANDAN}: the ledger counts 5, not 6;")


def test_a_figure_that_the_ledger_does_not_name_passes() -> None:
    """It counts as 0 there: nothing was delivered to a county that stands in no row."""
    invented = [{"name": "deliveries", "county": "522722", "of": "travel", "value": 1}]
    assert judge_figures(brief(figures=invented), ledger(), today=OVER) is not None
    nothing = [{"name": "deliveries", "county": "522722", "of": "travel", "value": 0}]
    assert judge_figures(brief(figures=nothing), ledger(), today=OVER) is None


def test_a_brief_covers_more_than_a_ledger_does() -> None:
    """Then nobody could compare anything."""
    fits = {"starts_on": "2026-01-01", "ends_on": "2026-12-31"}
    assert judge_span(brief(period=fits)) is None
    fault = judge_span(brief(period=fits | {"starts_on": "2025-01-01"}))
    assert fault is not None
    assert (fault.code, fault.field) == ("brief.period", "content.period")
