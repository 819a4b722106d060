"""The part of the route table about the days of the calendar, and about the ledger as files."""

import asyncio
from datetime import date
from typing import Annotated, Final

from aiohttp import web
from pydantic import Field

from schemas.access import Scope
from schemas.base import Model
from schemas.errors import RequestError
from schemas.ledgers import Ledger
from services.domain.ledger import judge_period
from services.gateway.api.calls import Call, reply, reply_bytes
from services.gateway.api.route import BASE, PDF, XLSX, Route
from services.gateway.desk import Desk
from services.gateway.ledger import read_ledger
from services.gateway.month import CalendarDays, calendar_days


class DaysQuery(Model):
    """Which days."""

    first: Annotated[date, Field(description="First day, in Beijing.")]
    last: Annotated[date, Field(description="Last day, included; at most 366 days in all.")]


def _days(call: Call) -> DaysQuery:
    asked = call.query_as(DaysQuery)
    fault = judge_period(asked.first, asked.last)
    if fault is not None:
        raise RequestError(fault)
    return asked


async def get_calendar(desk: Desk, call: Call) -> web.StreamResponse:
    """List the days of a span with festivals, and the campaigns of the time."""
    asked, gateway = _days(call), desk.gateway
    members = sorted(one.county for one in gateway.directory.trust().registry.members)
    return reply(
        await gateway.store.read(
            lambda snapshot: calendar_days(
                snapshot, table=gateway.calendar.table, members=members, first=asked.first, last=asked.last
            )
        )
    )


async def get_workbook(desk: Desk, call: Call) -> web.StreamResponse:
    """Give the ledger of a period as a workbook."""
    ledger = await _ledger(desk, call)
    # In a thread: spelling a year's tables takes a while, and that must not hold up an alert.
    data = await asyncio.to_thread(desk.gateway.ledger_files.workbook, ledger)
    return _file(data, XLSX, ledger, "xlsx")


async def get_paper(desk: Desk, call: Call) -> web.StreamResponse:
    """Give the ledger of a period as pages to print."""
    ledger = await _ledger(desk, call)
    return _file(await desk.gateway.ledger_files.paper(ledger), PDF, ledger, "pdf")


async def _ledger(desk: Desk, call: Call) -> Ledger:
    asked, gateway = _days(call), desk.gateway
    county, now = gateway.county, gateway.clock.now()
    return await gateway.store.read(
        lambda snapshot: read_ledger(snapshot, county=county, first=asked.first, last=asked.last, now=now)
    )


def _file(data: bytes, media_type: str, ledger: Ledger, ending: str) -> web.Response:
    response = reply_bytes(data, media_type)
    name = f"sihu-ledger-{ledger.county}-{ledger.first:%Y%m%d}-{ledger.last:%Y%m%d}.{ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


LEDGER: Final = (
    Route(
        "GET",
        f"{BASE}/calendar",
        "list_calendar",
        "List the days of a span: lunar date, festivals and who keeps them, and the campaigns of the time.",
        get_calendar,
        Scope.EVENTS_READ,
        CalendarDays,
        query=DaysQuery,
        codes=("query.rule",),
    ),
    Route(
        "GET",
        f"{BASE}/ledger.xlsx",
        "ledger_workbook",
        "The ledger of a period as a workbook.",
        get_workbook,
        Scope.EVENTS_READ,
        None,
        media_type=XLSX,
        query=DaysQuery,
        codes=("query.rule",),
    ),
    Route(
        "GET",
        f"{BASE}/ledger.pdf",
        "ledger_paper",
        "The ledger of a period as pages to print.",
        get_paper,
        Scope.EVENTS_READ,
        None,
        media_type=PDF,
        query=DaysQuery,
        codes=("query.rule",),
    ),
)
