"""The part of the route table about the roster: who is on duty, and every change to it."""

from typing import Final

from schemas.access import Scope
from schemas.base import Model
from schemas.rosters import HandoverDraft, MarkDraft, OverrideDraft, PlanDraft, SwapDraft, WithdrawalDraft
from services.gateway.api import roster
from services.gateway.api.asked import NoQuery
from services.gateway.api.calls import Handler
from services.gateway.api.roster_asked import (
    DutyQuery,
    ImportQuery,
    PlanQuery,
    RecordPath,
    RecordsQuery,
    RosterQuery,
)
from services.gateway.api.route import BASE, CALENDAR, Route
from services.gateway.roster_answers import DutyView, PlanView, RecordedLine, RecordPage, RosterView, TakenLine

_OF_READING: Final = ("roster.not_found", "roster.broken")
_OF_CHANGING: Final = (*_OF_READING, "access.no_officer", "roster.too_large", "roster.unwritable")


def _change(
    path: str,
    name: str,
    summary: str,
    handler: Handler,
    body: type[Model],
    *codes: str,
    path_model: type[Model] = NoQuery,
) -> Route:
    return Route(
        "POST",
        f"{BASE}/roster/{path}",
        name,
        summary,
        handler,
        Scope.ROSTER_WRITE,
        RecordedLine,
        status=201,
        path_model=path_model,
        body=body,
        codes=(*_OF_CHANGING, *codes),
        versioned=True,
    )


ROSTER: Final = (
    Route(
        "GET",
        f"{BASE}/roster",
        "show_roster",
        "Show the roster: layers, people, changes that count, notes, what is missing in the days ahead, due tests.",
        roster.get_roster,
        Scope.EVENTS_READ,
        RosterView,
        query=RosterQuery,
        codes=_OF_READING,
        versioned=True,
    ),
    Route(
        "GET",
        f"{BASE}/roster/on-duty",
        "show_on_duty",
        "Show who is on duty at a moment, how they are reached and until when; the past as it was known then.",
        roster.get_on_duty,
        Scope.EVENTS_READ,
        DutyView,
        query=DutyQuery,
        codes=_OF_READING,
        versioned=True,
    ),
    Route(
        "GET",
        f"{BASE}/roster/plan",
        "show_plan",
        "Show who is on duty when, by what is known now.",
        roster.get_plan,
        Scope.EVENTS_READ,
        PlanView,
        query=PlanQuery,
        codes=_OF_READING,
        versioned=True,
    ),
    Route(
        "GET",
        f"{BASE}/roster/records",
        "list_roster_records",
        "List every change that was recorded, the newest first, what was withdrawn, too.",
        roster.get_records,
        Scope.EVENTS_READ,
        RecordPage,
        query=RecordsQuery,
        codes=_OF_READING,
        versioned=True,
    ),
    Route(
        "GET",
        f"{BASE}/roster.ics",
        "export_calendar",
        "Give the shifts of everybody or of one officer as a calendar file (RFC 5545): roles, no numbers.",
        roster.get_calendar,
        Scope.EVENTS_READ,
        None,
        media_type=CALENDAR,
        query=PlanQuery,
        codes=_OF_READING,
        versioned=True,
    ),
    _change(
        "overrides",
        "record_override",
        "Let an officer stand in for another (替班), or fill a gap.",
        roster.post_override,
        OverrideDraft,
        "roster.unknown_officer",
        "roster.unknown_plan",
    ),
    _change(
        "swaps",
        "record_swap",
        "Let two officers exchange a span each (调班).",
        roster.post_swap,
        SwapDraft,
        "roster.unknown_officer",
        "roster.unknown_plan",
    ),
    _change(
        "plans",
        "record_plan",
        "Put a temporary plan (汛期、春节) in force for a span.",
        roster.post_plan,
        PlanDraft,
        "roster.unknown_officer",
    ),
    _change(
        "notes",
        "record_note",
        "Leave a note to the one who comes (交接班), in the name of the token's officer.",
        roster.post_note,
        HandoverDraft,
        "roster.unknown_officer",
    ),
    _change(
        "marks",
        "record_mark",
        "Record that a number was verified, tested or opted out, once its owner answered by it.",
        roster.post_mark,
        MarkDraft,
        "roster.unknown_number",
    ),
    _change(
        "records/{record}/withdrawal",
        "withdraw_record",
        "Let an earlier record count no longer, from now on; what was before stays as it was.",
        roster.post_withdrawal,
        WithdrawalDraft,
        "roster.unknown_record",
        "roster.withdrawn",
        path_model=RecordPath,
    ),
    Route(
        "POST",
        f"{BASE}/roster/import",
        "import_calendar",
        "Take the shifts of a calendar file (RFC 5545, at most 1 MiB); each counts as an override that fills its tier.",
        roster.post_import,
        Scope.ROSTER_WRITE,
        TakenLine,
        status=201,
        query=ImportQuery,
        takes_bytes=True,
        takes_type=CALENDAR,
        codes=(*_OF_CHANGING, "ics.too_large", "ics.malformed", "ics.empty"),
        versioned=True,
    ),
)
