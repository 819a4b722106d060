"""What a search is asked by address."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Status
from schemas.ids import CountyId, WireType
from schemas.searches import Wanted
from services.domain.search_text import QUERY_MOST
from services.gateway.api.asked import PAGE_DEFAULT, EventsAsked, Limit, Number, Place
from services.gateway.api.roster_asked import AskedTime

Mutual = Literal["information", "outreach", "development", "governance"]


class SearchQuery(EventsAsked):
    """Words, and which events."""

    q: Annotated[
        str | None,
        Field(
            max_length=QUERY_MOST,
            description="Words with blanks between, at least one of two characters: events that have all of them.",
        ),
    ] = None
    mutual: Annotated[Mutual | None, Field(description="Only events of this one of the four mutuals.")] = None
    type: Annotated[WireType | None, Field(description="Only events of this wire type.")] = None
    county: Annotated[CountyId | None, Field(description="Only events from or to this county.")] = None
    level: Annotated[Number | None, Field(ge=1, le=4, description="Only events of this level; 1 is the highest.")] = (
        None
    )
    status: Annotated[Status | None, Field(description="Only events of this status.")] = None
    since: Annotated[AskedTime | None, Field(alias="from", description="Recorded here then or later.")] = None
    until: Annotated[AskedTime | None, Field(alias="to", description="Recorded here before then.")] = None
    before: Annotated[Place, Field(description="Only events at smaller positions; 0 begins at the newest.")] = 0
    limit: Annotated[Limit, Field(description="How many at most.")] = PAGE_DEFAULT

    @property
    def wanted(self) -> Wanted:
        """What stands outside the content."""
        return Wanted(
            direction=self.direction,
            mutual=self.mutual,
            wire_type=self.type,
            county=self.county,
            level=self.level,
            status=self.status,
            since=self.since,
            until=self.until,
        )
