"""Handlers: referrals and service requests, and the next step of one."""

import json
from typing import Final, TypeVar

from aiohttp import web

from schemas.base import Model
from schemas.course_drafts import CourseDraft, ReferralMoveDraft, ServiceDraft, ServiceMoveDraft
from schemas.errors import Fault, RequestError
from services.domain.course_drafts import (
    Draft,
    offer_draft,
    referral_draft,
    request_draft,
    service_draft,
    with_evidence,
)
from services.gateway.api.asked import CoursePath, CourseQuery
from services.gateway.api.calls import Call, reply
from services.gateway.bodies import read_body
from services.gateway.course_answers import CourseAccepted, ReferralList, ServiceList
from services.gateway.coursework import (
    is_workday_of,
    referral_detail,
    referral_lines,
    referral_of,
    request_of,
    service_detail,
    service_lines,
)
from services.gateway.desk import Desk
from services.gateway.keys import number_of

M = TypeVar("M", bound=Model)
_NUMBER_BYTES: Final = 16


async def get_referrals(desk: Desk, call: Call) -> web.StreamResponse:
    """List referrals."""
    asked, county = call.query_as(CourseQuery), desk.gateway.county
    lines = await desk.gateway.store.read(
        lambda snapshot: referral_lines(snapshot, county, open_only=asked.open, limit=asked.limit)
    )
    return reply(ReferralList(referrals=lines))


async def get_referral(desk: Desk, call: Call) -> web.StreamResponse:
    """Show one referral: its state, its steps, who has erased; never its content."""
    number, county = call.path_as(CoursePath).id, desk.gateway.county
    return reply(await desk.gateway.store.read(lambda snapshot: referral_detail(snapshot, number, county)))


async def post_referral(desk: Desk, call: Call) -> web.StreamResponse:
    """Offer a referral."""
    draft, gateway = _body(call, CourseDraft), desk.gateway
    number = _number(desk, call)
    made = offer_draft(draft.agreement, draft.content, number=number, now=gateway.clock.now())
    return await _submit(desk, call, number, made)


async def post_referral_step(desk: Desk, call: Call) -> web.StreamResponse:
    """Take the next step of a referral."""
    number, draft, gateway = call.path_as(CoursePath).id, _body(call, ReferralMoveDraft), desk.gateway
    view = await gateway.store.read(lambda snapshot: referral_of(snapshot, number))
    return await _submit(desk, call, number, referral_draft(view, draft.move, draft.content, gateway.county))


async def get_services(desk: Desk, call: Call) -> web.StreamResponse:
    """List requests."""
    asked, county = call.query_as(CourseQuery), desk.gateway.county
    lines = await desk.gateway.store.read(
        lambda snapshot: service_lines(snapshot, county, open_only=asked.open, limit=asked.limit)
    )
    return reply(ServiceList(services=lines))


async def get_service(desk: Desk, call: Call) -> web.StreamResponse:
    """Show one request."""
    number, county = call.path_as(CoursePath).id, desk.gateway.county
    return reply(await desk.gateway.store.read(lambda snapshot: service_detail(snapshot, number, county)))


async def post_service(desk: Desk, call: Call) -> web.StreamResponse:
    """Begin a request."""
    draft = _body(call, ServiceDraft)
    number = _number(desk, call)
    made = request_draft(draft.agreement, draft.content, number=number)
    return await _submit(desk, call, number, with_evidence(made, draft.evidence))


async def post_service_step(desk: Desk, call: Call) -> web.StreamResponse:
    """Take the next step of a request."""
    number, draft, gateway = call.path_as(CoursePath).id, _body(call, ServiceMoveDraft), desk.gateway
    view = await gateway.store.read(lambda snapshot: request_of(snapshot, number))
    made = service_draft(
        view, draft.move, draft.content, gateway.county, now=gateway.clock.now(), is_workday=is_workday_of(gateway)
    )
    return await _submit(desk, call, number, with_evidence(made, draft.evidence))


def _body(call: Call, model: type[M]) -> M:
    """Read the body.

    Raises:
        RequestError: It does not fit.
    """
    draft = read_body(call.body, model, "request")
    if isinstance(draft, tuple):
        raise RequestError(*draft)
    return draft


def _number(desk: Desk, call: Call) -> str:
    """Return the number of what begins: the same one for the same Idempotency-Key of the same caller."""
    return number_of(call.key, call.caller.name, desk.gateway.ids, _NUMBER_BYTES)


async def _submit(desk: Desk, call: Call, number: str, made: Draft | Fault) -> web.StreamResponse:
    if isinstance(made, Fault):
        raise RequestError(made)
    body = json.dumps(made, ensure_ascii=False).encode()
    key = call.key
    asked = call.request.path.encode() + b"\n" + call.body
    posted = await desk.submitter.submit(body, idempotency_key=key, access_name=call.caller.name, asked=asked)
    return reply(CourseAccepted(id=number, envelope_id=posted.envelope_id), 202)
