"""What is asked of drafts by address."""

from typing import Annotated

from pydantic import Field

from schemas.base import Model
from schemas.ids import ContentId
from schemas.releases import DraftState
from services.gateway.api.asked import PAGE_DEFAULT, Limit


class DraftPath(Model):
    """Which draft."""

    id: Annotated[ContentId, Field(description="Number of the draft, 32 lower-case hexadecimal digits.")]


class DraftQuery(Model):
    """Which drafts."""

    state: Annotated[
        DraftState | None, Field(description="Only drafts in this state; every one that has not ended if left out.")
    ] = None
    limit: Annotated[Limit, Field(description="How many at most, the one that changed last first.")] = PAGE_DEFAULT
