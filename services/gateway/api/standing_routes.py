"""The part of the route table about how things stand now: alerts with their answers, links to partners."""

from typing import Annotated, Final

from aiohttp import web
from pydantic import Field

from schemas.access import Scope
from schemas.base import Model
from schemas.records import Direction
from services.gateway.api.asked import PAGE_DEFAULT, Flag, Limit
from services.gateway.api.calls import Call, reply
from services.gateway.api.route import BASE, Route
from services.gateway.desk import Desk
from services.gateway.standing import AlertList, LinkList, partner_links, standing_alerts


class AlertQuery(Model):
    """Which alerts."""

    direction: Annotated[Direction | None, Field(description="`in` or `out`; both if left out.")] = None
    standing: Annotated[Flag, Field(description="Only those that still count, however much came after them.")] = False
    limit: Annotated[Limit, Field(description="How many at most, the newest first.")] = PAGE_DEFAULT


async def get_alerts(desk: Desk, call: Call) -> web.StreamResponse:
    """List the newest alerts, whether they still count, and this county's own answers."""
    asked, now = call.query_as(AlertQuery), desk.gateway.clock.now()
    found = await desk.gateway.store.read(
        lambda snapshot: standing_alerts(
            snapshot, direction=asked.direction, standing_only=asked.standing, limit=asked.limit, now=now
        )
    )
    return reply(found)


async def get_links(desk: Desk, call: Call) -> web.StreamResponse:  # noqa: ARG001 - every handler has one shape
    """List what is known of each partner's node."""
    gateway = desk.gateway
    trust, now = gateway.directory.trust(), gateway.clock.now()
    hub = dict(gateway.facts.ready()).get("hub", False)
    found = await gateway.store.read(
        lambda snapshot: partner_links(
            snapshot, trust, gateway.county, hub=hub, silent_after=gateway.silent_after, now=now
        )
    )
    return reply(found)


STANDING: Final = (
    Route(
        "GET",
        f"{BASE}/alerts",
        "list_alerts",
        "List the newest alerts: which still count, and what this county answered.",
        get_alerts,
        Scope.EVENTS_READ,
        AlertList,
        query=AlertQuery,
    ),
    Route(
        "GET",
        f"{BASE}/links",
        "list_links",
        "List what is known of each partner's node: heard when, silent, owing, its clock, and who is on duty there.",
        get_links,
        Scope.EVENTS_READ,
        LinkList,
    ),
)
