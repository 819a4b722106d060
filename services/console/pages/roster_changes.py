"""Changes of the roster as forms: each names the version that its author saw, so that nobody overwrites another."""

from collections.abc import Iterable, Mapping
from typing import Final

from aiohttp import web

from schemas.calendars import ICS_MAX_BYTES
from schemas.errors import Fault, RequestError
from schemas.officers import Role
from services.console.pages.roster_fields import FORMS, TIERS, Field, FormOf, input_of, moment_of
from services.console.visit import Page, Visit
from services.gateway.roster_answers import RecordedLine, RecordPage, RosterView, TakenLine

_CHANGERS: Final = frozenset({Role.DUTY, Role.LIAISON})
_KIND: Final = "{kind:override|swap|plan|note|mark|withdrawal}"
_RECORD: Final = "record"
_RECORDS: Final = 200
_DAYS: Final = "31"
_CHANGED: Final = "roster.changed"


async def form(visit: Visit) -> web.StreamResponse:
    """Show an empty form; what the address brings stands in it."""
    kind = FORMS[visit.path("kind")]
    view = await visit.api.ask("show_roster", RosterView)
    fields = kind.fields(view)
    filled = {one.name: visit.query(one.name) or kind.starting.get(one.name, "") for one in fields}
    return await _shown(visit, kind, view, filled, record=visit.query(_RECORD) or "")


async def change(visit: Visit) -> web.StreamResponse:
    """Record a change; what is refused stands in the form again, and nothing of it is lost."""
    kind, typed = FORMS[visit.path("kind")], visit.form.get
    view = await visit.api.ask("show_roster", RosterView)
    record = typed(_RECORD)
    try:
        done = await visit.api.ask(
            kind.route,
            RecordedLine,
            path={"record": record} if record else {},
            body=kind.body(typed, view),
            if_match=f'"{typed("version")}"',
        )
    except RequestError as refusal:
        filled = {one.name: typed(one.name) for one in kind.fields(view)}
        return await _shown(visit, kind, view, filled, refusal.faults, record)
    return visit.see_other("/handover" if typed("back") == "handover" else "/roster", said=_said(kind, done))


def _said(kind: FormOf, done: RecordedLine) -> str:
    if done.findings:
        return "roster_gaps"
    return "roster_idle" if done.idle else kind.said


async def _shown(
    visit: Visit,
    kind: FormOf,
    view: RosterView,
    filled: Mapping[str, str],
    faults: tuple[Fault, ...] = (),
    record: str = "",
) -> web.StreamResponse:
    fields = kind.fields(view)
    values = {
        "kind": kind,
        "groups": _grouped(fields),
        "filled": filled,
        "faults": faults,
        "told_of": [(_label(fields, one.field), one) for one in faults],
        "faulty": {input_of(fields, one.field) for one in faults},
        "version": view.version,
        "record": record,
        "told": await _told(visit, record) if record else "",
        "back": visit.form.get("back") or visit.query("back") or "",
        "has_changed": any(one.code == _CHANGED for one in faults),
    }
    return visit.render("roster_form.html", values, 422 if faults else 200)


def _label(fields: tuple[Field, ...], fault_field: str) -> str:
    name = input_of(fields, fault_field)
    return next((f"{one.group}{one.label}" for one in fields if one.name == name), "")


async def _told(visit: Visit, record: str) -> str:
    """Say what a record says, for whoever is about to withdraw it."""
    page = await visit.api.ask("list_roster_records", RecordPage, query={"limit": _RECORDS})
    return next((one.text for one in page.records if one.record.id == record), record)


def _grouped(fields: Iterable[Field]) -> list[tuple[str, list[Field]]]:
    groups: list[tuple[str, list[Field]]] = []
    for one in fields:
        if not groups or groups[-1][0] != one.group:
            groups.append((one.group, []))
        groups[-1][1].append(one)
    return groups


async def import_form(visit: Visit) -> web.StreamResponse:
    """Ask for a calendar file."""
    view = await visit.api.ask("show_roster", RosterView)
    return _import_shown(visit, view, {"days": _DAYS})


async def take(visit: Visit) -> web.StreamResponse:
    """Take a calendar file; what could not be read of it is told line by line."""
    typed = visit.form.get
    asked = {name: typed(name) for name in ("from", "days", "tier", "partial")}
    view = await visit.api.ask("show_roster", RosterView)
    file = visit.files.get("file")
    if file is None or not file.data:
        fault = Fault("request.missing_field", "file", "choose the calendar file to be taken")
        return _import_shown(visit, view, asked, (fault,))
    query = {"source": file.name or None, "days": asked["days"] or None, "tier": asked["tier"] or None}
    query |= {"from": moment_of(asked["from"]) or None, "partial": "true" if asked["partial"] == "true" else None}
    version = f'"{typed("version")}"'
    try:
        taken = await visit.api.ask("import_calendar", TakenLine, query=query, body=file.data, if_match=version)
    except RequestError as refusal:
        return _import_shown(visit, view, asked, refusal.faults)
    if taken.left_out:
        return visit.render("roster_imported.html", {"taken": taken})
    return visit.see_other("/roster", said="roster_gaps" if taken.findings else "roster_imported")


def _import_shown(
    visit: Visit, view: RosterView, filled: Mapping[str, str], faults: tuple[Fault, ...] = ()
) -> web.StreamResponse:
    values = {"version": view.version, "filled": filled, "faults": faults, "tiers": TIERS, "most": ICS_MAX_BYTES}
    return visit.render("roster_import.html", values, 422 if faults else 200)


ROSTER_CHANGES: Final = (
    Page("GET", f"/roster/new/{_KIND}", "roster_form", "值班表变更", form, _CHANGERS, "roster"),
    Page("POST", f"/roster/new/{_KIND}", "roster_change", "值班表变更", change, _CHANGERS, "roster"),
    Page("GET", "/roster/import", "roster_import", "导入日历", import_form, _CHANGERS, "roster"),
    Page("POST", "/roster/import", "roster_take", "导入日历", take, _CHANGERS, "roster", upload_max=ICS_MAX_BYTES),
)
