"""台账: the figures of a period as tables and charts, as a workbook, on paper, and for a situation brief."""

from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import urlencode

from aiohttp import web
from markupsafe import Markup
from pydantic import TypeAdapter

from schemas.base import BEIJING
from schemas.counties import name_of
from schemas.errors import Fault, RequestError
from schemas.information.briefs import SituationBriefPublished
from schemas.ledgers import Ledger, NamedFigures
from services.console.asking import may_ask
from services.console.charts import Bars, bars
from services.console.navigation import ANSWERERS, READERS
from services.console.visit import Page, Visit
from services.domain.ledger_sheets import sheets_of, title_of
from services.domain.periods import period_of, recent
from services.gateway.thread_answers import LedgerAnswer

_LEDGER: Final = TypeAdapter(Ledger)
_OVERVIEW: Final = "概况"
_NOTES: Final = "统计口径"
_CHECKLIST: Final = "清单指标"
_BESIDE: Final = 5
"""Places of a chart that two charts beside one another have room for."""
_WIDE: Final = 5
"""Tables with more columns than that go sideways on a telephone."""


@dataclass(frozen=True, slots=True)
class Span:
    """Which days were asked for, as the form shows them again."""

    period: str
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Picture:
    """One chart under its title.

    Attributes:
        wide: Too wide to stand beside another.
    """

    title: str
    drawn: Markup
    wide: bool


async def ledger(visit: Visit) -> web.StreamResponse:
    """Show the figures of a period; without one, those of this month."""
    today = visit.hall.desk.gateway.clock.now().astimezone(BEIJING).date()
    values: dict[str, object] = {"choices": recent(today), "may_write": _may_write(visit), "faults": (), "made": None}
    try:
        span = _span(visit, today)
        found = await visit.api.ask("ledger", LedgerAnswer, query={"first": span.first, "last": span.last})
    except RequestError as refusal:
        asked = Span(visit.query("period") or "", visit.query("first") or "", visit.query("last") or "")
        return visit.render("ledger.html", values | {"span": asked, "faults": refusal.faults}, 422)
    made = _LEDGER.validate_python(found.ledger.model_dump())
    return visit.render("ledger.html", values | {"span": span} | _shown(made))


async def workbook(visit: Visit) -> web.StreamResponse:
    """Give the ledger as a workbook."""
    return await visit.api.fetch("ledger_workbook", query=_asked(visit))


async def paper(visit: Visit) -> web.StreamResponse:
    """Give the ledger as pages to print."""
    return await visit.api.fetch("ledger_paper", query=_asked(visit))


def _span(visit: Visit, today: date) -> Span:
    """Return what was asked for: a period of the list, else days, else this month.

    Raises:
        RequestError: The period is none.
    """
    key, first, last = visit.query("period"), visit.query("first"), visit.query("last")
    if key is None and (first is not None or last is not None):
        return Span("", first or "", last or "")
    period = period_of(key or f"{today:%Y-%m}", today)
    if period is None:
        raise RequestError(Fault("query.wrong_form", "period", "choose a period of the list"))
    return Span(period.key, period.first.isoformat(), period.last.isoformat())


def _shown(made: Ledger) -> dict[str, object]:
    sheets = {one.name: one for one in sheets_of(made)}
    asked = urlencode({"first": made.first.isoformat(), "last": made.last.isoformat()})
    return {
        "made": made,
        "title": title_of(made),
        "pictures": _pictures(made),
        "checklist": sheets[_CHECKLIST],
        "notes": [row[0] for row in sheets[_NOTES].rows],
        "sheets": [one for name, one in sheets.items() if name not in {_OVERVIEW, _CHECKLIST, _NOTES}],
        "wide": _WIDE,
        "workbook": f"/ledger.xlsx?{asked}",
        "paper": f"/ledger.pdf?{asked}",
        "brief": f"/compose?{urlencode({'type': SituationBriefPublished.wire_type})}&{asked}",
    }


def _pictures(made: Ledger) -> list[Picture]:
    """Draw what has something to show."""
    ways = ("送出", "收到")
    waits = ("中位数", "九成位")
    months = [Bars(one.name, (one.figures.sent, one.figures.received)) for one in made.by_month]
    partners = [Bars(name_of(one.name), (one.figures.sent, one.figures.received)) for one in made.by_partner]
    stored = _waits(made.by_partner, acknowledged=False)
    taken = _waits(made.by_partner, acknowledged=True)
    drawn = (
        ("各月送出与收到（件次）", ways, months, "months"),
        ("各县送出与收到（件次）", ways, partners, "partners"),
        ("各县入库用时（秒）", waits, stored, "stored"),
        ("各县签收用时（秒）", waits, taken, "taken"),
    )
    return [
        Picture(title, bars(title, series, shown, key), len(shown) > _BESIDE)
        for title, series, shown, key in drawn
        if shown
    ]


def _waits(lines: tuple[NamedFigures, ...], *, acknowledged: bool) -> list[Bars]:
    found = []
    for one in lines:
        waits = one.figures.acknowledged if acknowledged else one.figures.stored
        if waits.median is not None and waits.p90 is not None:
            found.append(Bars(name_of(one.name), (waits.median, waits.p90)))
    return found


def _asked(visit: Visit) -> dict[str, object]:
    return {"first": visit.query("first"), "last": visit.query("last")}


def _may_write(visit: Visit) -> bool:
    return may_ask(visit.visitor.access, "submit_event") and visit.visitor.is_any(ANSWERERS)


LEDGER: Final = (
    Page("GET", "/ledger", "ledger", "台账", ledger, READERS, "ledger"),
    Page("GET", "/ledger.xlsx", "ledger_workbook", "台账表格", workbook, READERS, "ledger"),
    Page("GET", "/ledger.pdf", "ledger_paper", "台账打印件", paper, READERS, "ledger"),
)
