"""The part of the route table about what this county may send now."""

from typing import Final

from aiohttp import web

from schemas.access import Scope
from schemas.base import InformationClass, Model
from schemas.ids import AgreementId, CountyCode, CountyId, WireType
from services.domain.sendable import sendable
from services.gateway.api.calls import Call, reply
from services.gateway.api.route import BASE, Route
from services.gateway.desk import Desk


class SendableLine(Model):
    """One type under one agreement, and whom it may go to."""

    wire_type: WireType
    agreement: AgreementId
    agreement_title: str
    recipients: tuple[CountyId, ...]
    information_class: InformationClass
    """Of the type; the sender may choose another within the agreement's ceiling."""


class SendableList(Model):
    """What this county may send now, by type."""

    types: tuple[SendableLine, ...]


async def get_sendable(desk: Desk, call: Call) -> web.StreamResponse:  # noqa: ARG001 - every handler has one shape
    """List what agreements in force let this county send."""
    gateway = desk.gateway
    trust = gateway.directory.trust()
    titles = {held.agreement.id: held.agreement.title for held in trust.agreements.values()}
    found = sendable(trust, gateway.county, gateway.clock.now())
    lines = (
        SendableLine(
            wire_type=one.wire_type,
            agreement=one.agreement,
            agreement_title=titles[one.agreement],
            recipients=tuple(map(CountyCode, one.recipients)),
            information_class=one.information_class,
        )
        for one in found
    )
    return reply(SendableList(types=tuple(lines)))


SENDABLE: Final = (
    Route(
        "GET",
        f"{BASE}/sendable",
        "list_sendable",
        "List which types this county may send now, under which agreement, to whom.",
        get_sendable,
        Scope.EVENTS_READ,
        SendableList,
    ),
)
