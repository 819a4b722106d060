"""A draft of a situation brief (态势简报) from the ledger's own figures; the text is the officer's to write.

Source: docs/ledger.md, section "Situation briefs"
"""

from collections.abc import Iterator
from typing import Any, Final

from schemas.ids import CountyCode
from schemas.information.briefs import Figure, FigureName, SituationBriefPublished
from schemas.ledgers import DeliveryFigures, Ledger
from schemas.parts import Period

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
