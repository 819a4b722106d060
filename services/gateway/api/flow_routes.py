"""The part of the route table that makes a report of counts out of a county's own table; the table is not kept."""

import asyncio
from typing import Annotated, Final

from aiohttp import web
from pydantic import Field, StringConstraints

from schemas.access import Scope
from schemas.base import Model
from schemas.errors import Fault, RequestError
from schemas.forms import Name
from schemas.ids import CountyId
from schemas.information.population import PopulationFlowReported, ServicePlan
from schemas.records import FlowPeople
from services.domain.disclosure import MOST_RELEASES, reports_of
from services.domain.flow_making import FlowCounts, FlowFrame, make_report, period_of
from services.domain.flow_tables import counts_of_sheets, is_workbook, read_counts
from services.gateway.api.asked import Number
from services.gateway.api.calls import Call, reply
from services.gateway.api.route import BASE, Route
from services.gateway.desk import Desk
from services.gateway.gateway import Gateway

TABLE_MAX_BYTES: Final = 1024 * 1024
_PIECE_BYTES: Final = 65_536


class FlowQuery(Model):
    """Whom a table counts, and how it is protected."""

    period: Annotated[str, StringConstraints(max_length=8), Field(description="A quarter (2026Q1) or month (2026-03).")]
    origin: Annotated[CountyId, Field(description="Whose people: six digits.")]
    destination: Annotated[CountyId, Field(description="Where they are: six digits.")]
    k: Annotated[Number, Field(ge=5, le=1000, description="Values that every hidden count keeps.")] = 10
    round_to: Annotated[Number, Field(ge=1, le=1000, description="Shown counts are multiples of it.")] = 1
    sheet: Annotated[Name | None, Field(description="Of a workbook; needed only if several are filled.")] = None
    plan: Annotated[
        str, StringConstraints(max_length=200), Field(description="What the county offers them, commas between.")
    ] = ""
    name: Annotated[Name, Field(description="Of the file, first in the field of every refusal.")] = "table"


class FlowDraftLine(Model):
    """A report that may be sent as it is: nothing hidden in it can be computed."""

    content: PopulationFlowReported
    small: int
    """Counts that are hidden because they are small."""
    more: int
    """Counts that are hidden so that no small one can be computed."""
    totals_left_out: int
    judged_beside: int
    """Reports of the same people that are out already."""


async def post_flow(desk: Desk, call: Call) -> web.StreamResponse:
    """Make a report; what is sent goes to ``POST events``, where it is judged once more."""
    asked, gateway = call.query_as(FlowQuery), desk.gateway
    period = period_of(asked.period)
    if isinstance(period, Fault):
        raise RequestError(period)
    data = await _table_of(call)
    counts = await asyncio.to_thread(_counts, gateway, data, asked)
    frame = FlowFrame(*period, asked.origin, asked.destination, _plan(asked.plan))
    people = FlowPeople(*period, asked.origin, asked.destination)
    kept = await gateway.store.read(lambda snapshot: snapshot.flow_reports(gateway.county, people, MOST_RELEASES))
    earlier = reports_of(kept)
    made = await asyncio.to_thread(make_report, frame, counts, k=asked.k, round_to=asked.round_to, previous=earlier)
    if isinstance(made, Fault):
        raise RequestError(made)
    line = FlowDraftLine(
        content=made.report,
        small=made.small,
        more=made.more,
        totals_left_out=made.totals_left_out,
        judged_beside=len(earlier),
    )
    return reply(line)


async def _table_of(call: Call) -> bytes:
    """Return the table that was sent, bounded.

    Raises:
        RequestError: It is too large, or did not arrive whole.
    """
    data = bytearray(call.body)  # what the console has read already
    try:
        if not data:
            async for piece in call.request.content.iter_chunked(_PIECE_BYTES):
                data += piece
                _bound(data)
    except (web.RequestPayloadError, ConnectionResetError):
        mend = "the table did not arrive whole; send it again"
        raise RequestError(Fault("http.bad_request", "body", mend)) from None
    _bound(data)
    return bytes(data)


def _bound(data: bytearray) -> None:
    if len(data) > TABLE_MAX_BYTES:
        raise RequestError(Fault("flow.too_large", "body", f"keep the table under {TABLE_MAX_BYTES} bytes"))


def _counts(gateway: Gateway, data: bytes, asked: FlowQuery) -> FlowCounts:
    found: FlowCounts | tuple[Fault, ...]
    if is_workbook(data):
        if gateway.sheets is None:
            raise RequestError(Fault("flow.encoding", asked.name, "this node reads no workbooks: send a CSV file"))
        sheets = gateway.sheets(data, asked.name)
        found = (sheets,) if isinstance(sheets, Fault) else counts_of_sheets(sheets, asked.name, asked.sheet)
    else:
        found = read_counts(data, asked.name)
    if isinstance(found, tuple):
        raise RequestError(*found)
    return found


def _plan(text: str) -> tuple[ServicePlan, ...]:
    words = [one.strip() for one in text.split(",") if one.strip()]
    if unknown := next((one for one in words if one not in set(ServicePlan)), None):
        mend = f"choose from {', '.join(ServicePlan)}"
        raise RequestError(Fault("flow.plan", "plan", f"`{unknown[:40]}` is none: {mend}"))
    return tuple(map(ServicePlan, words))


FLOWS: Final = (
    Route(
        "POST",
        f"{BASE}/flows",
        "make_flow",
        "Make a report of a table of counts (.xlsx or CSV, at most 1 MiB): what must be hidden is; nothing is kept.",
        post_flow,
        Scope.EVENTS_WRITE,
        FlowDraftLine,
        query=FlowQuery,
        takes_bytes=True,
        codes=(
            "flow.period",
            "flow.plan",
            "flow.too_large",
            "flow.encoding",
            "flow.row_missing",
            "flow.third_dimension",
            "flow.unknown_column",
            "flow.nothing_to_show",
            "flow.too_many_releases",
            "guard.banned_name",
        ),
    ),
)
