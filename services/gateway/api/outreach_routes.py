"""The part of the route table about campaigns, offers, projects and the ledger."""

from typing import Final

from schemas.access import Scope
from schemas.base import Model
from services.gateway.api import outreach
from services.gateway.api.calls import Handler
from services.gateway.api.outreach_asked import (
    CalendarPath,
    CampaignPath,
    LedgerQuery,
    OfferPath,
    ProjectPath,
    ThreadQuery,
)
from services.gateway.api.route import BASE, CALENDAR, Door, Route
from services.gateway.thread_answers import (
    CampaignDetail,
    FestivalList,
    LedgerAnswer,
    OfferDetail,
    ProjectDetail,
    ThreadList,
)


def _lists(name: str, handler: Handler) -> Route:
    summary = f"List {name}, those with the newest acts first."
    return Route(
        "GET", f"{BASE}/{name}", f"list_{name}", summary, handler, Scope.EVENTS_READ, ThreadList, query=ThreadQuery
    )


def _shows(name: str, summary: str, handler: Handler, answer: type[Model], path_model: type[Model]) -> Route:
    return Route(
        "GET",
        f"{BASE}/{name}s/{{id}}",
        f"show_{name}",
        summary,
        handler,
        Scope.EVENTS_READ,
        answer,
        path_model=path_model,
        codes=("request.not_found",),
    )


OUTREACH: Final = (
    _lists("campaigns", outreach.get_campaigns),
    _shows(
        "campaign",
        "Show one campaign: its newest plan, who comes, and every act.",
        outreach.get_campaign,
        CampaignDetail,
        CampaignPath,
    ),
    Route(
        "GET",
        f"{BASE}/calendar.ics",
        "calendar",
        "Campaigns and festivals of the year behind and the two years ahead, as a calendar file.",
        outreach.get_calendar,
        Scope.EVENTS_READ,
        None,
        media_type=CALENDAR,
    ),
    Route(
        "GET",
        f"{BASE}/calendar/{{secret}}.ics",
        "subscribed_calendar",
        "The same calendar, for programs that subscribe and cannot send a token: it stands in the address.",
        outreach.get_calendar,
        Door.IN_ADDRESS,
        None,
        media_type=CALENDAR,
        path_model=CalendarPath,
        codes=("request.not_found",),
    ),
    Route(
        "GET",
        f"{BASE}/festivals",
        "list_festivals",
        "List festivals and their days; of some the date is announced each year, by a campaign.",
        outreach.get_festivals,
        Scope.EVENTS_READ,
        FestivalList,
    ),
    _lists("offers", outreach.get_offers),
    _shows(
        "offer",
        "Show one offer: the negotiation with each partner, and every act.",
        outreach.get_offer,
        OfferDetail,
        OfferPath,
    ),
    _lists("projects", outreach.get_projects),
    _shows(
        "project",
        "Show one project: who takes part, where its milestones stand, and every act.",
        outreach.get_project,
        ProjectDetail,
        ProjectPath,
    ),
    Route(
        "GET",
        f"{BASE}/ledger",
        "ledger",
        "Figures of a period by partner, mutual, month and type, matters by outcome, and the checklist's lines.",
        outreach.get_ledger,
        Scope.EVENTS_READ,
        LedgerAnswer,
        query=LedgerQuery,
        codes=("query.rule",),
    ),
)
