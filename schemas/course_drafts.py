"""What an officer asks to do with a referral or a service request."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, JsonValue

from schemas.base import Model
from schemas.ids import AgreementId, EnvelopeId


class ReferralMove(StrEnum):
    """接办, 不接, 办结, 撤回."""

    ACCEPT = "accept"
    DECLINE = "decline"
    COMPLETE = "complete"
    WITHDRAW = "withdraw"


class ServiceMove(StrEnum):
    """受理, 补正告知, 补正, 转办, 决定, 送达, 归档."""

    RECEIVE = "receive"
    ASK = "ask"
    SUPPLEMENT = "supplement"
    TRANSFER = "transfer"
    DECIDE = "decide"
    DELIVER = "deliver"
    CLOSE = "close"


Evidence = Annotated[tuple[EnvelopeId, ...], Field(max_length=8, strict=False)]
"""Events that carry the files of the papers which ``materials`` names by their digests."""


class CourseDraft(Model):
    """The body of ``POST /api/v1/referrals``: something new begins.

    ``content`` is that of the first event, without the number and the place that the node gives it.
    """

    agreement: AgreementId
    content: dict[str, JsonValue]


class ServiceDraft(CourseDraft):
    """The body of ``POST /api/v1/services``."""

    evidence: Evidence = ()


class ReferralMoveDraft(Model):
    """The body of ``POST /api/v1/referrals/{id}/steps``."""

    move: ReferralMove
    content: dict[str, JsonValue] = Field(default_factory=dict)
    """What the step says: ``handled_by_role``, ``reason``, ``outcome`` or ``by``."""


class ServiceMoveDraft(Model):
    """The body of ``POST /api/v1/services/{id}/steps``."""

    move: ServiceMove
    content: dict[str, JsonValue] = Field(default_factory=dict)
    """What the step says; number, place, audience and responsible office are filled in."""
    evidence: Evidence = ()
