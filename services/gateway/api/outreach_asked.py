"""What the addresses of campaigns, offers, projects and the ledger are asked."""

from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints

from schemas.base import Model
from schemas.forms import CalendarUid, ThreadId
from services.gateway.api.asked import PAGE_DEFAULT, Limit, Place


class CampaignPath(Model):
    """Which campaign."""

    id: Annotated[CalendarUid, Field(description="Its `ics_uid`.")]


class CalendarPath(Model):
    """Which address of the calendar."""

    secret: Annotated[
        str,
        StringConstraints(min_length=1, max_length=600),
        Field(description="A token whose one scope is `calendar:read`; whoever has the address can read the calendar."),
    ]


class OfferPath(Model):
    """Which offer."""

    id: Annotated[ThreadId, Field(description="Its `offer_id`.")]


class ProjectPath(Model):
    """Which project."""

    id: Annotated[ThreadId, Field(description="Its `project_id`.")]


class ThreadQuery(Model):
    """Which threads, and from where on."""

    state: Annotated[
        Annotated[str, StringConstraints(pattern=r"^[a-z]{1,20}$")] | None,
        Field(description="Only those in this state, e.g. `open`."),
    ] = None
    since: Annotated[Place, Field(description="Only those whose newest act is before this position; 0 for all.")] = 0
    limit: Annotated[Limit, Field(description="How many at most.")] = PAGE_DEFAULT


class LedgerQuery(Model):
    """Which period."""

    first: Annotated[date, Field(description="First day, in Beijing.")]
    last: Annotated[date, Field(description="Last day, included; at most 366 days in all.")]
