"""Handlers: the roster is shown and changed, by the same rules as the commands of `sihu roster`.

Files are read, written and synced in threads: none of it holds up the events.
"""

import asyncio
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import structlog
from aiohttp import web

from schemas.access import Scope
from schemas.base import Model
from schemas.calendars import ICS_MAX_BYTES
from schemas.errors import Fault, NotFoundError, RequestError
from schemas.pages import masked
from schemas.rosters import (
    SPAN_MAX_DAYS,
    Change,
    HandoverDraft,
    HandoverNote,
    MarkDraft,
    Override,
    OverrideDraft,
    PlanDraft,
    Swap,
    SwapDraft,
    TemporaryPlan,
    Withdrawal,
    WithdrawalDraft,
)
from services.domain.duty_calendars import TIERS_OF, entries, title_of
from services.gateway.api.calls import Call, reply, reply_bytes
from services.gateway.api.roster_asked import (
    DAYS_DEFAULT,
    DutyQuery,
    ImportQuery,
    PlanQuery,
    RecordPath,
    RecordsQuery,
    RosterQuery,
)
from services.gateway.api.route import CALENDAR
from services.gateway.bodies import read_body
from services.gateway.desk import Desk
from services.gateway.gateway import RosterRoom
from services.gateway.roster_answers import DutyView, PlanView, RecordedLine, RecordPage, TakenLine
from services.gateway.roster_views import (
    Asked,
    Spell,
    duty_view,
    fault_lines,
    finding_lines,
    plan_view,
    record_page,
    roster_view,
    shifts_of,
)
from services.rostering import Recorded, Taking, fields_of

M = TypeVar("M", bound=Model)
T = TypeVar("T")
log = structlog.get_logger()

_PIECE_BYTES: Final = 65_536
_TAG: Final = re.compile(r'(?:W/)?"([0-9a-f]{32})"', re.ASCII)
"""A proxy that compresses marks a tag as weak; the version that it names is the same."""


async def get_roster(desk: Desk, call: Call) -> web.StreamResponse:
    """Show the roster as it is now."""
    room, query = _room(desk), call.query_as(RosterQuery)
    gateway = desk.gateway
    asked = Asked(
        now=gateway.clock.now(),
        days=query.days,
        spell=_spell(call, wanted=query.numbers),
        pages_people=gateway.people is not None,
        may_answer=lambda officer: gateway.directory.credential(officer) is not None,
    )
    rostering = room.rostering
    view = await asyncio.to_thread(lambda: roster_view(rostering.history(), rostering.files.faults, asked))
    return _tagged(reply(view), view.version)


async def get_on_duty(desk: Desk, call: Call) -> web.StreamResponse:
    """Show who is on duty at a moment."""
    room, query, now = _room(desk), call.query_as(DutyQuery), _now(desk)
    spell = _spell(call, wanted=query.numbers)

    def look() -> DutyView:
        history = room.rostering.history()
        return duty_view(history, query.at or now, now, hindsight=query.hindsight, spell=spell)

    return await _shown(look)


async def get_plan(desk: Desk, call: Call) -> web.StreamResponse:
    """Show who is on duty when."""
    room, query = _room(desk), call.query_as(PlanQuery)
    span = _span(query, _now(desk))
    return await _shown(lambda: plan_view(room.rostering.history(), span, query.officer))


async def get_records(desk: Desk, call: Call) -> web.StreamResponse:
    """List what was recorded."""
    room, query, now = _room(desk), call.query_as(RecordsQuery), _now(desk)
    return await _shown(lambda: record_page(room.rostering.history(), query.limit, query.before, now))


async def get_calendar(desk: Desk, call: Call) -> web.StreamResponse:
    """Give shifts as a calendar file: roles, no numbers."""
    room, query, now = _room(desk), call.query_as(PlanQuery), _now(desk)
    county, span = desk.gateway.county, _span(query, now)

    def write() -> tuple[bytes, str]:
        history = room.rostering.history()
        made = entries(county, history.latest, shifts_of(history, span, query.officer))
        return room.calendars.write(made, name=title_of(county), now=now), history.version

    data, version = await asyncio.to_thread(write)
    response = reply_bytes(data, CALENDAR)
    response.charset = "utf-8"
    response.headers["Content-Disposition"] = 'attachment; filename="roster.ics"'
    return _tagged(response, version)


async def post_override(desk: Desk, call: Call) -> web.StreamResponse:
    """Let an officer stand in for another, or fill a gap."""
    return await _record(desk, call, Override, OverrideDraft)


async def post_swap(desk: Desk, call: Call) -> web.StreamResponse:
    """Let two officers exchange a span each."""
    return await _record(desk, call, Swap, SwapDraft)


async def post_plan(desk: Desk, call: Call) -> web.StreamResponse:
    """Put a temporary plan in force."""
    return await _record(desk, call, TemporaryPlan, PlanDraft)


async def post_note(desk: Desk, call: Call) -> web.StreamResponse:
    """Leave a note to the one who comes, in the name of the token's officer."""
    return await _record(desk, call, HandoverNote, HandoverDraft, from_officer=_officer(call))


async def post_withdrawal(desk: Desk, call: Call) -> web.StreamResponse:
    """Let an earlier record count no longer."""
    return await _record(desk, call, Withdrawal, WithdrawalDraft, record=call.path_as(RecordPath).record)


async def post_mark(desk: Desk, call: Call) -> web.StreamResponse:
    """Record what became known of a number."""
    room, by, draft, seen, now = _room(desk), _officer(call), _body(call, MarkDraft), _seen(call), _now(desk)
    recorded = await _changed(
        desk,
        lambda: room.rostering.mark(
            draft.owner, draft.address, draft.mark, medium=draft.medium, by=by, now=now, seen=seen
        ),
    )
    return _told(call, recorded, by)


async def post_import(desk: Desk, call: Call) -> web.StreamResponse:
    """Take the shifts of a calendar file."""
    room, by, query, seen, now = _room(desk), _officer(call), call.query_as(ImportQuery), _seen(call), _now(desk)
    tier = TIERS_OF[query.tier] if query.tier else None
    how = Taking(query.source, query.starts_at or now, query.days, tier, partial=query.partial)
    data = await _calendar_of(call)
    recorded, taken = await _changed(
        desk, lambda: room.rostering.take(room.calendars.read(data), how, by=by, now=now, seen=seen)
    )
    facts = _facts(recorded, by)
    line = TakenLine(**facts, shifts=len(taken.shifts), left_out=fault_lines(taken.faults))
    return _answer(call, recorded, line)


async def _record(
    desk: Desk, call: Call, kind: Callable[..., Change], model: type[Model], **more: str
) -> web.StreamResponse:
    room, by, draft, seen, now = _room(desk), _officer(call), _body(call, model), _seen(call), _now(desk)
    fields = fields_of(draft) | more
    recorded = await _changed(desk, lambda: room.rostering.record(kind, fields, by=by, now=now, seen=seen))
    return _told(call, recorded, by)


async def _changed(desk: Desk, work: Callable[[], T]) -> T:
    """Change the roster; once that is answered, whoever asks this node who is on duty is told by the new one."""
    people = desk.gateway.people

    def change() -> T:
        done = work()
        if people is not None:
            people.duty.refresh()
        return done

    return await asyncio.to_thread(change)


def _told(call: Call, recorded: Recorded, by: str) -> web.StreamResponse:
    return _answer(call, recorded, RecordedLine(**_facts(recorded, by)))


def _facts(recorded: Recorded, by: str) -> dict[str, Any]:
    return {
        "version": recorded.history.version,
        "records": tuple(one.id for one in recorded.changes),
        "recorded_at": recorded.changes[0].recorded_at,
        "recorded_by": by,
        "findings": finding_lines(recorded.gaps),
        "idle": recorded.is_idle,
    }


def _answer(call: Call, recorded: Recorded, line: RecordedLine) -> web.StreamResponse:
    log.info(
        "gateway.roster_changed",
        kind=recorded.changes[0].kind,
        records=list(line.records),
        officer=line.recorded_by,
        access=call.caller.name,
    )
    return _tagged(reply(line, 201), line.version)


async def _shown(look: Callable[[], DutyView | PlanView | RecordPage]) -> web.StreamResponse:
    view = await asyncio.to_thread(look)
    return _tagged(reply(view), view.version)


def _tagged(response: web.Response, version: str) -> web.Response:
    response.headers["ETag"] = f'"{version}"'
    return response


def _now(desk: Desk) -> datetime:
    return desk.gateway.clock.now()


def _room(desk: Desk) -> RosterRoom:
    """Return where the roster is; whether there is one its files say.

    Raises:
        NotFoundError: This node has no place for one.
    """
    if desk.gateway.roster is None:
        raise NotFoundError(Fault("roster.not_found", "roster.toml", "this node keeps no roster"))
    return desk.gateway.roster


def _officer(call: Call) -> str:
    """Return in whose name something is changed.

    Raises:
        RequestError: The token is bound to nobody.
    """
    officer = call.caller.officer
    if officer is None:
        mend = "every change says who made it: use a token that is bound to an officer"
        raise RequestError(Fault("access.no_officer", "Authorization", mend))
    return officer


def _seen(call: Call) -> str:
    """Return the version of the roster that the caller saw; none that ever was if the header names no version.

    Raises:
        RequestError: The caller does not say.
    """
    header = call.if_match
    if header is None:
        mend = "read the roster (GET /api/v1/roster), and send its ETag as If-Match"
        raise RequestError(Fault("roster.no_version", "If-Match", mend))
    found = _TAG.fullmatch(header.strip())
    return found[1] if found else ""


def _spell(call: Call, *, wanted: bool) -> Spell:
    """Return how numbers are shown.

    Raises:
        RequestError: The caller wants them whole and may not see them so.
    """
    if not wanted:
        return masked
    if Scope.ROSTER_NUMBERS not in call.caller.scopes:
        mend = f"leave `numbers` out, or use a token that has the scope {Scope.ROSTER_NUMBERS}"
        raise RequestError(Fault("access.scope", "Authorization", mend))
    log.info("gateway.numbers_shown", access=call.caller.name, officer=call.caller.officer)
    return str


def _body(call: Call, model: type[M]) -> M:
    """Return the body as its model.

    Raises:
        RequestError: It does not fit, with every fault.
    """
    draft = read_body(call.body, model, "request")
    if isinstance(draft, tuple):
        raise RequestError(*draft)
    return draft


def _span(query: PlanQuery, now: datetime) -> tuple[datetime, datetime]:
    """Return which days are asked for.

    Raises:
        RequestError: They run backwards, or they are too many.
    """
    starts_at = query.starts_at or now.replace(minute=0, second=0, microsecond=0)
    ends_at = query.ends_at or starts_at + timedelta(days=DAYS_DEFAULT)
    if not timedelta() < ends_at - starts_at <= timedelta(days=SPAN_MAX_DAYS):
        mend = f"let it lie behind `from`, at most {SPAN_MAX_DAYS} days"
        raise RequestError(Fault("query.span", "to", mend))
    return starts_at, ends_at


async def _calendar_of(call: Call) -> bytes:
    """Return the body, which is bounded.

    Raises:
        RequestError: It is too large, or did not arrive whole.
    """
    data = bytearray(call.body)  # what the console has read already
    if len(data) > ICS_MAX_BYTES:
        raise RequestError(Fault("ics.too_large", "body", f"keep it under {ICS_MAX_BYTES} bytes"))
    if data:
        return bytes(data)
    try:
        async for piece in call.request.content.iter_chunked(_PIECE_BYTES):
            data += piece
            if len(data) > ICS_MAX_BYTES:
                raise RequestError(Fault("ics.too_large", "body", f"keep it under {ICS_MAX_BYTES} bytes"))
    except (web.RequestPayloadError, ConnectionResetError):
        raise RequestError(Fault("http.bad_request", "body", "the body did not arrive whole; send it again")) from None
    return bytes(data)
