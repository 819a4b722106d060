"""Handlers: campaigns and their calendar, offers, projects, the ledger."""

import asyncio
from typing import Final

from aiohttp import web

from schemas.errors import RequestError
from schemas.threads import Family
from services.domain.ledger import judge_period
from services.gateway.api.calls import Call, reply, reply_bytes
from services.gateway.api.outreach_asked import CampaignPath, LedgerQuery, OfferPath, ProjectPath, ThreadQuery
from services.gateway.api.route import CALENDAR
from services.gateway.desk import Desk
from services.gateway.ledger import calendar_entries, festival_list, ledger_answer, read_ledger
from services.gateway.threads import campaign_detail, offer_detail, project_detail, thread_list

_NAME: Final = "四互活动日历"


async def _list(desk: Desk, call: Call, family: Family) -> web.StreamResponse:
    asked = call.query_as(ThreadQuery)
    rows = await desk.gateway.store.read(
        lambda snapshot: snapshot.threads.rows(family, state=asked.state, before=asked.since, limit=asked.limit)
    )
    return reply(thread_list(rows, asked.limit))


async def get_campaigns(desk: Desk, call: Call) -> web.StreamResponse:
    """List campaigns."""
    return await _list(desk, call, Family.CAMPAIGN)


async def get_campaign(desk: Desk, call: Call) -> web.StreamResponse:
    """Show one campaign."""
    key = call.path_as(CampaignPath).id
    return reply(await desk.gateway.store.read(lambda snapshot: campaign_detail(snapshot, key)))


async def get_calendar(desk: Desk, call: Call) -> web.StreamResponse:  # noqa: ARG001 - every handler has one shape
    """Give campaigns and festivals as a calendar file."""
    gateway = desk.gateway
    feed, trust, now = gateway.calendar, gateway.directory.trust(), gateway.clock.now()
    entries = await gateway.store.read(lambda snapshot: calendar_entries(snapshot, feed=feed, trust=trust, now=now))
    # In a thread: hundreds of entries take a while to spell, and that must not hold up an alert.
    return reply_bytes(await asyncio.to_thread(feed.spell, entries, _NAME), CALENDAR)


async def get_festivals(desk: Desk, call: Call) -> web.StreamResponse:  # noqa: ARG001 - every handler has one shape
    """List festivals and their days."""
    gateway = desk.gateway
    feed, trust, now = gateway.calendar, gateway.directory.trust(), gateway.clock.now()
    return reply(await gateway.store.read(lambda snapshot: festival_list(snapshot, feed=feed, trust=trust, now=now)))


async def get_offers(desk: Desk, call: Call) -> web.StreamResponse:
    """List offers."""
    return await _list(desk, call, Family.OFFER)


async def get_offer(desk: Desk, call: Call) -> web.StreamResponse:
    """Show one offer."""
    key = call.path_as(OfferPath).id
    return reply(await desk.gateway.store.read(lambda snapshot: offer_detail(snapshot, key)))


async def get_projects(desk: Desk, call: Call) -> web.StreamResponse:
    """List projects."""
    return await _list(desk, call, Family.PROJECT)


async def get_project(desk: Desk, call: Call) -> web.StreamResponse:
    """Show one project."""
    key = call.path_as(ProjectPath).id
    return reply(await desk.gateway.store.read(lambda snapshot: project_detail(snapshot, key)))


async def get_ledger(desk: Desk, call: Call) -> web.StreamResponse:
    """Count one period."""
    asked, gateway = call.query_as(LedgerQuery), desk.gateway
    fault = judge_period(asked.first, asked.last)
    if fault is not None:
        raise RequestError(fault)
    county, now = gateway.county, gateway.clock.now()
    ledger = await gateway.store.read(
        lambda snapshot: read_ledger(snapshot, county=county, first=asked.first, last=asked.last, now=now)
    )
    return reply(ledger_answer(ledger))
