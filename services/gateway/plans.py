"""Joint plans, drills and checks along the border as the API shows them: read anew from the events that say so."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import date, datetime
from typing import Any, Final, TypeVar

from pydantic import JsonValue

from schemas.base import Event, Model, WireTime
from schemas.catalogue import parse_received
from schemas.errors import Fault, NotFoundError
from schemas.governance.plans import DrillHeld, DrillStep, Hazard, HazardChecked, HazardFinding, PlanPublished
from schemas.ids import CountyCode, CountyId, EnvelopeId
from schemas.offices import Office
from schemas.records import Delivery
from services.domain.drills import ExerciseAlert
from services.domain.reading import content_of
from services.gateway.answers import EventDetail
from services.ports import Snapshot

E = TypeVar("E", PlanPublished, DrillHeld, HazardChecked)

LOOKED_AT: Final = 200
"""Events of each type, the newest: counties that share a border have some dozens of plans."""


class SaidLine(Model):
    """Which event says something, whose it is and when it was written."""

    envelope_id: EnvelopeId
    source: CountyId
    at: WireTime


class PlanLine(Model):
    """One version of a plan."""

    said: SaidLine
    plan_id: str
    version: int
    title: str
    hazard: Hazard
    counties: tuple[CountyId, ...]
    """Whose offices have a duty in it."""
    review_by: date


class DrillLine(Model):
    """One drill: what had to be done by when, and when it was."""

    said: SaidLine
    plan_id: str
    plan_version: int
    started_at: WireTime
    ended_at: WireTime
    alerts: tuple[EnvelopeId, ...]
    steps: tuple[DrillStep, ...]
    done: int
    in_time: int
    findings: tuple[str, ...]


class CheckLine(Model):
    """One check along the border."""

    said: SaidLine
    line: str
    adcodes: tuple[str, ...]
    checked_at: WireTime
    by_offices: tuple[Office, ...]
    findings: tuple[HazardFinding, ...]
    plan_id: str | None


class PlanList(Model):
    """Plans in their newest versions, drills and checks: of each, the newest first."""

    plans: tuple[PlanLine, ...]
    drills: tuple[DrillLine, ...]
    checks: tuple[CheckLine, ...]


class PlanDetail(Model):
    """One plan: its newest version whole, all versions, and its drills and checks."""

    line: PlanLine
    plan: JsonValue
    versions: tuple[PlanLine, ...]
    drills: tuple[DrillLine, ...]
    checks: tuple[CheckLine, ...]


def plan_list(snapshot: Snapshot, limit: int) -> PlanList:
    """Return the newest plans, drills and checks.

    Args:
        snapshot: One consistent view.
        limit: Of each, at most.
    """
    newest: dict[str, PlanLine] = {}
    for said, plan in _events(snapshot, PlanPublished):
        line = _plan(said, plan)
        held = newest.get(line.plan_id)
        if held is None or _age(held) < _age(line):
            newest[line.plan_id] = line
    return PlanList(
        plans=tuple(list(newest.values())[:limit]),
        drills=tuple(_drill(said, one) for said, one in _events(snapshot, DrillHeld))[:limit],
        checks=tuple(_check(said, one) for said, one in _events(snapshot, HazardChecked))[:limit],
    )


def plan_detail(snapshot: Snapshot, plan_id: str) -> PlanDetail:
    """Return one plan.

    Raises:
        NotFoundError: None of this number is here.
    """
    found = [(said, plan) for said, plan in _events(snapshot, PlanPublished) if plan.plan_id == plan_id]
    if not found:
        raise NotFoundError(Fault("request.not_found", "id", "no plan of this number is here; see GET /api/v1/plans"))
    versions = sorted((_plan(said, plan) for said, plan in found), key=_age, reverse=True)
    whole = {said.envelope_id: plan for said, plan in found}
    newest = versions[0]
    drills = (_drill(said, one) for said, one in _events(snapshot, DrillHeld) if one.plan_id == plan_id)
    checks = (_check(said, one) for said, one in _events(snapshot, HazardChecked) if one.plan_id == plan_id)
    return PlanDetail(
        line=newest,
        plan=whole[newest.said.envelope_id].model_dump(mode="json", exclude_none=True),
        versions=tuple(versions),
        drills=tuple(drills),
        checks=tuple(checks),
    )


def exercise_of(detail: EventDetail) -> ExerciseAlert:
    """Return an own alert, as the API shows it, for the record of a drill."""
    content: Mapping[str, Any] = detail.content if isinstance(detail.content, dict) else {}
    names = [one.name for one in fields(Delivery)]
    deliveries = tuple(Delivery(**{name: getattr(one, name) for name in names}) for one in detail.deliveries)
    return ExerciseAlert(detail.envelope_id, detail.header, str(content.get("headline", "")), deliveries)


def _events(snapshot: Snapshot, model: type[E]) -> Iterator[tuple[SaidLine, E]]:
    """Yield events of a type, the newest first; one that was erased, or that today's model cannot read, is left out."""
    page = snapshot.events(direction=None, wire_type=model.wire_type, since=0, limit=LOOKED_AT, newest_first=True)
    for row in page.rows:
        event = snapshot.event(row.envelope_id)
        if event is None:
            continue
        header = event.envelope.header
        parsed = parse_received(header.type, content_of(event), header.schema_ref.digest)
        said: Event | None = None if isinstance(parsed, tuple) else parsed.event
        if isinstance(said, model):
            line = SaidLine(envelope_id=EnvelopeId(row.envelope_id), source=CountyCode(row.source), at=header.time)
            yield line, said


def _plan(said: SaidLine, plan: PlanPublished) -> PlanLine:
    return PlanLine(
        said=said,
        plan_id=plan.plan_id,
        version=plan.version,
        title=plan.title,
        hazard=plan.hazard,
        counties=_once(one.office.adcode for one in plan.roles),
        review_by=plan.review_by,
    )


def _drill(said: SaidLine, drill: DrillHeld) -> DrillLine:
    done = [one for one in drill.steps if one.done_at is not None]
    return DrillLine(
        said=said,
        plan_id=drill.plan_id,
        plan_version=drill.plan_version,
        started_at=drill.started_at,
        ended_at=drill.ended_at,
        alerts=drill.alerts,
        steps=drill.steps,
        done=len(done),
        in_time=sum(one.done_at is not None and one.done_at <= one.due for one in done),
        findings=drill.findings,
    )


def _check(said: SaidLine, check: HazardChecked) -> CheckLine:
    return CheckLine(
        said=said,
        line=check.line,
        adcodes=check.adcodes,
        checked_at=check.checked_at,
        by_offices=check.by_offices,
        findings=check.findings,
        plan_id=check.plan_id,
    )


def _age(line: PlanLine) -> tuple[int, datetime]:
    return line.version, line.said.at


def _once(counties: Iterable[CountyCode]) -> tuple[CountyCode, ...]:
    return tuple(dict.fromkeys(counties))
