"""Handlers: drafts, their review, their sending, and the second name under what was sent alone."""

from typing import TypeVar

from aiohttp import web

from schemas.base import Model
from schemas.drafts import CountersignatureDraft, ReviewDraft, SendingDraft, SubmissionDraft
from schemas.errors import RequestError
from schemas.releases import ENDED, Draft, DraftState
from services.gateway.api.asked import EventPath
from services.gateway.api.calls import Call, reply
from services.gateway.api.release_asked import DraftPath, DraftQuery
from services.gateway.bodies import read_body
from services.gateway.desk import Desk
from services.gateway.release_answers import DraftList
from services.gateway.release_views import draft_detail, draft_line, release_list
from services.gateway.views import accepted

M = TypeVar("M", bound=Model)


async def post_draft(desk: Desk, call: Call) -> web.StreamResponse:
    """Keep a new draft."""
    return _shown(desk, call, await desk.releasing.begin(call.body, call.caller, key=call.key), 201)


async def get_drafts(desk: Desk, call: Call) -> web.StreamResponse:
    """List drafts."""
    asked = call.query_as(DraftQuery)
    states = set(DraftState) - ENDED if asked.state is None else {asked.state}
    found = await desk.gateway.store.read(lambda snapshot: snapshot.releases.drafts(states, asked.limit))
    return reply(DraftList(drafts=tuple(draft_line(one) for one in found)))


async def get_draft(desk: Desk, call: Call) -> web.StreamResponse:
    """Show one draft, and what the caller may do with it."""
    return _shown(desk, call, await desk.releasing.show(call.path_as(DraftPath).id))


async def post_draft_content(desk: Desk, call: Call) -> web.StreamResponse:
    """Put another text in place of a draft's."""
    return _shown(desk, call, await desk.releasing.change(call.path_as(DraftPath).id, call.body, call.caller))


async def post_draft_submission(desk: Desk, call: Call) -> web.StreamResponse:
    """Hand a draft in for review."""
    asked = _body(call, SubmissionDraft) if call.body else SubmissionDraft()
    return _shown(desk, call, await desk.releasing.hand_in(call.path_as(DraftPath).id, call.caller, asked))


async def post_draft_review(desk: Desk, call: Call) -> web.StreamResponse:
    """Approve or return a draft."""
    asked = _body(call, ReviewDraft)
    return _shown(desk, call, await desk.releasing.review(call.path_as(DraftPath).id, asked, call.caller))


async def post_draft_sending(desk: Desk, call: Call) -> web.StreamResponse:
    """Send a draft."""
    asked = _body(call, SendingDraft) if call.body else SendingDraft()
    return reply(accepted(await desk.releasing.send(call.path_as(DraftPath).id, asked, call.caller)), 202)


async def post_draft_withdrawal(desk: Desk, call: Call) -> web.StreamResponse:
    """Take a draft back."""
    return _shown(desk, call, await desk.releasing.withdraw(call.path_as(DraftPath).id, call.caller))


async def post_countersignature(desk: Desk, call: Call) -> web.StreamResponse:
    """Put a second officer's name under an event that was sent alone."""
    envelope_id = call.path_as(EventPath).id
    asked = _body(call, CountersignatureDraft) if call.body else CountersignatureDraft()
    rows = await desk.releasing.countersign(envelope_id, call.caller, asked)
    return reply(release_list(envelope_id, rows, desk.gateway.county), 202)


def _shown(desk: Desk, call: Call, draft: Draft, status: int = 200) -> web.Response:
    caller, author = desk.releasing.credential_of(call.caller.officer), desk.releasing.credential_of(draft.author)
    terms = desk.releasing.terms(draft) if draft.body else None
    return reply(draft_detail(draft, caller, author, terms), status)


def _body(call: Call, model: type[M]) -> M:
    found = read_body(call.body, model, "request")
    if isinstance(found, tuple):
        raise RequestError(*found)
    return found
