"""What a search answers over the API."""

from typing import Annotated

from pydantic import Field

from schemas.base import Model
from services.gateway.answers import EventLine


class HitLine(Model):
    """Where the longest word that was asked for stands, as its author wrote it."""

    field: Annotated[str, Field(description="Field of the content, dots between names, e.g. `areas.desc`.")]
    before: str
    found: str
    after: str


class FoundLine(Model):
    """One event; ``hit`` is null if no word was asked for."""

    event: EventLine
    hit: HitLine | None


class SearchPage(Model):
    """Events, the newest first."""

    found: tuple[FoundLine, ...]
    next_before: Annotated[
        int | None,
        Field(description="Go on with `before` at this; null if everything was looked through."),
    ]
    indexed: Annotated[int, Field(description="Blocks of 256 positions whose words are indexed.")]
    blocks: Annotated[int, Field(description="Blocks there are; what is not indexed is read, which takes longer.")]
