"""Situation briefs (态势简报): a draft from the ledger's own figures, and whether figures are still the ledger's.

What was sent and received in a period that is over does not change any more: a brief that says otherwise is wrong. How
much of it is stored and acknowledged still grows, and times and matters move: a brief may say what was so when it was
written, but never more receipts than there are.

Source: docs/ledger.md, section "Situation briefs"; docs/decisions/0043-hold-a-brief-to-the-ledger.md
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from schemas.errors import Fault
from schemas.ids import CountyCode
from schemas.information.briefs import Figure, FigureName, SituationBriefPublished
from schemas.ledgers import DeliveryFigures, Ledger
from schemas.parts import Period
from services.domain.ledger import judge_period

_FIGURES_MAX: Final = 400
_LABEL_MAX: Final = 30
_TEXT: Final = "（请联络员在此撰写本期态势分析与建议。以上数字由系统按总线记录统计，可由双方各自复核。）"


def draft_of(ledger: Ledger) -> dict[str, Any]:
    """Return content for ``situation_brief_published``: figures that are 0 or unknown are left out.

    Args:
        ledger: Of the period; nothing else goes into the figures.
    """
    title = f"{ledger.first:%Y年%m月%d日}至{ledger.last:%Y年%m月%d日}协作态势简报"
    brief = SituationBriefPublished(
        period=Period(starts_on=ledger.first, ends_on=ledger.last),
        title=title,
        figures=tuple(_figures(ledger))[:_FIGURES_MAX],
        text=_TEXT,
    )
    found: dict[str, Any] = brief.model_dump(mode="json", exclude_none=True)
    return found


_SETTLED: Final = frozenset({FigureName.SENT, FigureName.RECEIVED, FigureName.DELIVERIES})
"""Nothing changes them once their period is over."""
_GROWING: Final = frozenset({FigureName.STORED, FigureName.ACKNOWLEDGED})
"""Receipts come late, and none is taken back."""


@dataclass(frozen=True, slots=True)
class Differing:
    """A figure of a brief that is not the ledger's.

    Attributes:
        place: Where it stands in ``figures``, from 0.
        counted: What the ledger says; 0 for what it does not name.
    """

    place: int
    figure: Figure
    counted: int


def differing(brief: SituationBriefPublished, ledger: Ledger) -> tuple[Differing, ...]:
    """Compare every figure of a brief with the ledger of its period."""
    counted = {_key(one): one.value for one in _figures(ledger)}
    found = (Differing(place, one, counted.get(_key(one), 0)) for place, one in enumerate(brief.figures))
    return tuple(one for one in found if one.figure.value != one.counted)


def judge_span(brief: SituationBriefPublished) -> Fault | None:
    """Tell whether a ledger can be made of a brief's period at all."""
    if judge_period(brief.period.starts_on, brief.period.ends_on) is None:
        return None
    return Fault("brief.period", "content.period", "no ledger covers so many days: take at most 366")


def judge_figures(brief: SituationBriefPublished, ledger: Ledger, *, today: date) -> Fault | None:
    """Decide whether figures can have been the ledger's.

    Args:
        brief: Our own, about to be sent.
        ledger: Of its period, as it is now.
        today: In Beijing; a period that ends before is over.
    """
    over = brief.period.ends_on < today
    for one in differing(brief, ledger):
        name, more = one.figure.name, one.figure.value > one.counted
        if (name in _SETTLED and (over or more)) or (name in _GROWING and more):
            said = " ".join(filter(None, (name.value, one.figure.of, one.figure.county)))
            mend = f"{said}: the ledger counts {one.counted}, not {one.figure.value}; `sihu ledger --brief` writes all"
            return Fault("brief.figure", f"content.figures.{one.place}.value", mend)
    return None


def _key(figure: Figure) -> tuple[FigureName, str | None, str | None]:
    return figure.name, figure.of, figure.county


def _figures(ledger: Ledger) -> Iterator[Figure]:
    yield Figure(name=FigureName.SENT, value=ledger.sent)
    yield Figure(name=FigureName.RECEIVED, value=ledger.received)
    yield from _of(ledger.total)
    for one in ledger.by_mutual:
        yield from _of(one.figures, of=one.name)
    for matter in ledger.matters:
        named = " ".join(filter(None, (matter.family, matter.kind, matter.outcome)))
        yield Figure(name=FigureName.MATTERS, of=named[:_LABEL_MAX], value=matter.count)
    for one in ledger.by_partner:
        yield from _of(one.figures, county=CountyCode(one.name))


def _of(figures: DeliveryFigures, *, of: str | None = None, county: CountyCode | None = None) -> Iterator[Figure]:
    values = (
        (FigureName.DELIVERIES, figures.sent),
        (FigureName.STORED, figures.stored.count),
        (FigureName.STORED_MEDIAN, figures.stored.median),
        (FigureName.STORED_P90, figures.stored.p90),
        (FigureName.ACKNOWLEDGED, figures.acknowledged.count),
        (FigureName.ACKNOWLEDGED_MEDIAN, figures.acknowledged.median),
        (FigureName.ACKNOWLEDGED_P90, figures.acknowledged.p90),
        (FigureName.REFUSED, figures.refused),
    )
    for name, value in values:
        if value:
            yield Figure(name=name, of=of, county=county, value=value)
