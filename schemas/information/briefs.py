"""态势简报: what the bus itself carried in a period, in figures, and what an officer says to them.

No figure comes from anywhere else: nobody's words are watched for it. The ledger (``services.domain.ledger``) makes
the figures, and ``services.domain.briefs`` the draft.

Source: docs/events.md, section "information"; docs/ledger.md
"""

from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from schemas.base import Event, InformationClass, Model
from schemas.forms import Body, Label, Line
from schemas.ids import CountyId
from schemas.parts import Period, each_once


class FigureName(StrEnum):
    """What is counted or measured; the ledger's own words."""

    SENT = "sent"
    """Events of the county that publishes."""
    RECEIVED = "received"
    DELIVERIES = "deliveries"
    """One for each event and recipient."""
    STORED = "stored"
    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    STORED_MEDIAN = "stored_median_seconds"
    STORED_P90 = "stored_p90_seconds"
    ACKNOWLEDGED_MEDIAN = "acknowledged_median_seconds"
    ACKNOWLEDGED_P90 = "acknowledged_p90_seconds"
    MATTERS = "matters"
    """Campaigns, offers, projects, disputes, requests, referrals: ``of`` says family, kind and outcome."""


class Figure(Model):
    """One figure of the period."""

    name: FigureName
    of: Label | None = None
    """What it is about, e.g. a mutual, or a family with kind and outcome; null means everything."""
    county: CountyId | None = None
    """The partner; null means all."""
    value: Annotated[int, Field(ge=0, le=1_000_000_000)]


class SituationBriefPublished(Event):
    """A brief on the period, made from figures of the bus."""

    wire_type: ClassVar[str] = "cn.sihu.information.situation_brief_published.v1"
    title_zh: ClassVar[str] = "态势简报"
    information_class: ClassVar[InformationClass] = InformationClass.INTERNAL
    purposes: ClassVar[tuple[str, ...]] = ("work_exchange",)

    period: Period
    title: Line
    figures: Annotated[tuple[Figure, ...], Field(min_length=1, max_length=400)]
    text: Body

    @model_validator(mode="after")
    def _rules(self) -> Self:
        each_once("figures", tuple((one.name, one.of, one.county) for one in self.figures))
        return self
