"""资源、产销、岗位: a county offers something, its partners answer, the offer is withdrawn.

An offer is a thread under one ``offer_id``, whose first six digits are the county that offers. With each partner
there is one negotiation, whose acts are numbered by both sides; ``services.domain.offers`` says what may follow what.
Jobs are counted; there is no list of workers.

Source: docs/events.md, section "development".
"""

from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import ConfigDict, Field, model_validator

from schemas.base import Event, InformationClass, Kind, Model, WireTime
from schemas.faults import broken_rule
from schemas.forms import Label, Line, LongText, Name, Note, ThreadId
from schemas.ids import CountyId
from schemas.parts import ContactOffice, each_once

Quantity = Annotated[int, Field(ge=1, le=1_000_000_000)]
TurnNumber = Annotated[int, Field(ge=1, le=200)]


class ResourceKind(StrEnum):
    """项目, 用工岗位, 产品供应, 物流, 旅游, 场地, 资金."""

    PROJECT = "project"
    LABOUR = "labour"
    SUPPLY = "supply"
    LOGISTICS = "logistics"
    TOURISM = "tourism"
    SITE = "site"
    FUNDING = "funding"


class OfferAnswer(StrEnum):
    """接受, 还价, 谢绝, 询问, 回复询问."""

    ACCEPT = "accept"
    """What the other side put on the table last is agreed."""
    COUNTER = "counter"
    """Something else is put on the table."""
    DECLINE = "decline"
    QUESTION = "question"
    REPLY = "reply"
    """The answer to a question; what is on the table stays."""


class ResourceOffered(Event):
    """A county offers something to its partners. ``kind`` on the wire is ``resource_kind`` in code."""

    model_config = ConfigDict(validate_by_name=False, validate_by_alias=True, serialize_by_alias=True)

    wire_type: ClassVar[str] = "cn.sihu.development.resource_offered.v1"
    title_zh: ClassVar[str] = "资源供给"
    information_class: ClassVar[InformationClass] = InformationClass.INTERNAL
    purposes: ClassVar[tuple[str, ...]] = ("mutual_development",)

    offer_id: ThreadId
    resource_kind: Annotated[ResourceKind, Field(alias="kind")]
    title: Line
    text: LongText
    quantity: Quantity | None = None
    """Whole units; of jobs the number of posts."""
    unit: Label | None = None
    terms: Note | None = None
    valid_until: WireTime
    contact_office: ContactOffice

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if (self.quantity is None) != (self.unit is None):
            raise broken_rule("unit", "give `quantity` and `unit` together, or neither")
        if self.resource_kind is ResourceKind.LABOUR and self.quantity is None:
            raise broken_rule("quantity", "say how many posts there are")
        return self


class ResourceAnswered(Event):
    """One act of the negotiation between the county that offers and one partner."""

    wire_type: ClassVar[str] = "cn.sihu.development.resource_answered.v1"
    title_zh: ClassVar[str] = "供给答复"
    information_class: ClassVar[InformationClass] = InformationClass.INTERNAL
    kind: ClassVar[Kind] = Kind.RESPONSE
    purposes: ClassVar[tuple[str, ...]] = ("mutual_development",)

    offer_id: ThreadId
    county: CountyId
    """The partner whose negotiation it is, whoever of the two writes."""
    number: TurnNumber
    """One more than the last act of this negotiation that its author has seen; the first is 1."""
    answer: OfferAnswer
    quantity: Quantity | None = None
    """Of a counter-offer, in the unit of the offer."""
    terms: Note | None = None
    """Of a counter-offer."""
    text: Note | None = None
    office: Name

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if self.county == self.offer_id[:6]:
            raise broken_rule("county", "name the partner, not the county that offers")
        countering = self.quantity is not None or self.terms is not None
        if (self.answer is OfferAnswer.COUNTER) != countering:
            raise broken_rule("quantity", "give `quantity` or `terms` exactly if the answer is `counter`")
        if self.answer in {OfferAnswer.QUESTION, OfferAnswer.REPLY} and self.text is None:
            raise broken_rule("text", "write what is asked or answered")
        return self


class SeenTurn(Model):
    """How far a negotiation had come when the offer was withdrawn."""

    county: CountyId
    number: TurnNumber


class ResourceWithdrawn(Event):
    """Nothing more can be agreed; what was agreed before stays."""

    wire_type: ClassVar[str] = "cn.sihu.development.resource_withdrawn.v1"
    title_zh: ClassVar[str] = "供给撤回"
    information_class: ClassVar[InformationClass] = InformationClass.INTERNAL
    kind: ClassVar[Kind] = Kind.CANCEL
    purposes: ClassVar[tuple[str, ...]] = ("mutual_development",)

    offer_id: ThreadId
    seen: Annotated[tuple[SeenTurn, ...], Field(max_length=64)] = ()
    """The last act of each negotiation that counts; a partner that is not named has said nothing yet."""
    reason: Note

    @model_validator(mode="after")
    def _rules(self) -> Self:
        each_once("seen", tuple(one.county for one in self.seen))
        return self
