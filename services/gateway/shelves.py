"""What counties lay before each other, read from the events themselves: newest first, and never more than a page.

Nothing here is kept apart from the events: an erasure takes a line with its content.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Generic, TypeVar

from pydantic import JsonValue

from schemas.base import BEIJING, Event
from schemas.errors import Fault, NotFoundError, RequestError
from schemas.governance.plans import DrillHeld, HazardChecked, PlanPublished, RiskLevel
from schemas.information.attachments import AttachmentShared
from schemas.information.briefs import SituationBriefPublished
from schemas.information.bulletins import PolicyBulletinPublished, WorkBulletinPublished
from schemas.information.population import PopulationFlowReported
from schemas.outreach.materials import MaterialShared
from schemas.records import StoredEvent
from services.domain.disclosure import people_of
from services.domain.reading import event_in
from services.gateway.ledger import differing_from
from services.gateway.opening import is_withheld
from services.gateway.shelf_answers import (
    BulletinDetail,
    BulletinLine,
    BulletinShelf,
    CheckDetail,
    CheckLine,
    DrillDetail,
    DrillLine,
    FigureDiffering,
    FileList,
    FlowLine,
    MaterialLine,
    PlanDetail,
    PlanLine,
    PlanList,
    PlanVersion,
    SharedFile,
)
from services.ports import Snapshot

E = TypeVar("E", bound=Event)
L = TypeVar("L")

PLANS_MOST: Final = 400
"""Events of a kind that are looked at for plans, which are few."""
BULLETINS: Final[dict[BulletinShelf, type[Event]]] = {
    BulletinShelf.POLICY: PolicyBulletinPublished,
    BulletinShelf.WORK: WorkBulletinPublished,
    BulletinShelf.BRIEF: SituationBriefPublished,
}


@dataclass(frozen=True, slots=True)
class Laid(Generic[E]):
    """An event as it is kept, and what it says."""

    kept: StoredEvent
    said: E


@dataclass(frozen=True, slots=True)
class Looked(Generic[E]):
    """One page of a shelf.

    Attributes:
        unreadable: Envelope ids of those that are on this page and cannot be shown.
        next_since: Where the next page begins; 0 if there is none.
    """

    laid: tuple[Laid[E], ...]
    unreadable: tuple[str, ...]
    next_since: int

    def lines(self, line: Callable[[Laid[E]], L | None]) -> dict[str, Any]:
        """Return the page with a line for each that is wanted, as the fields that every list has."""
        made = tuple(found for one in self.laid if (found := line(one)) is not None)
        return {"lines": made, "unreadable": self.unreadable, "next_since": self.next_since}


def look(snapshot: Snapshot, kinds: Sequence[type[E]], *, before: int, limit: int) -> Looked[E]:
    """Read the newest events of some kinds.

    Args:
        snapshot: The store.
        kinds: Their models.
        before: Only events at smaller positions; 0 begins at the newest.
        limit: How many at most, unreadable ones among them.
    """
    pages = [
        snapshot.events(direction=None, wire_type=one.wire_type, since=before, limit=limit, newest_first=True)
        for one in kinds
    ]
    rows = sorted((row for page in pages for row in page.rows), key=lambda row: row.position, reverse=True)[:limit]
    laid: list[Laid[E]] = []
    unreadable: list[str] = []
    for row in rows:
        kept = snapshot.event(row.envelope_id)
        found = _laid(kept, kinds) if kept is not None else None
        if found is None:
            unreadable.append(row.envelope_id)
        else:
            laid.append(found)
    return Looked(tuple(laid), tuple(unreadable), rows[-1].position if len(rows) == limit else 0)


def _laid(kept: StoredEvent, kinds: Sequence[type[E]]) -> Laid[E] | None:
    if is_withheld(kept):
        return None
    said = event_in(kept)
    return next((Laid(kept, said) for kind in kinds if isinstance(said, kind)), None)


def _one(snapshot: Snapshot, envelope_id: str, kinds: Sequence[type[E]]) -> Laid[E]:
    kept = snapshot.event(envelope_id)
    wanted = {one.wire_type for one in kinds}
    if kept is None or kept.envelope.header.type not in wanted:
        raise NotFoundError(Fault("request.not_found", "id", "nothing of this kind has this id; see the list"))
    if is_withheld(kept):
        mend = "it is of class personal: read it with `GET /api/v1/events/{id}?why=`"
        raise RequestError(Fault("access.no_reason", "id", mend))
    found = _laid(kept, kinds)
    if found is None:
        mend = "its content was erased, or is newer than this node; its header stands at `GET /api/v1/events/{id}`"
        raise NotFoundError(Fault("request.not_found", "id", mend))
    return found


def _head(kept: StoredEvent) -> dict[str, Any]:
    header = kept.envelope.header
    return {
        "envelope_id": kept.envelope.envelope_id,
        "source": header.source,
        "at": header.time,
        "status": header.status,
        "position": kept.position,
    }


def _whole(event: Event) -> JsonValue:
    whole: JsonValue = event.model_dump(mode="json", exclude_none=True)
    return whole


# -- material ------------------------------------------------------------------------------------------------------


def material_line(one: Laid[MaterialShared], now: datetime) -> MaterialLine:
    """Return one material, marked if its end is over."""
    said = one.said
    return MaterialLine(
        **_head(one.kept),
        title=said.title,
        kind=said.material_kind,
        languages=said.languages,
        licence=said.licence,
        credit=said.credit,
        files=said.attachments,
        expires=said.expires,
        expired=said.expires is not None and said.expires <= now,
        note=said.note,
    )


# -- plans ---------------------------------------------------------------------------------------------------------


def plan_list(snapshot: Snapshot, now: datetime) -> PlanList:
    """Return the newest version of each plan."""
    found = look(snapshot, (PlanPublished,), before=0, limit=PLANS_MOST)
    plans: dict[str, Laid[PlanPublished]] = {}
    for one in found.laid:
        known = plans.setdefault(one.said.plan_id, one)
        if one.said.version > known.said.version:
            plans[one.said.plan_id] = one
    return PlanList(
        plans=tuple(_plan_line(one, now) for one in plans.values()),
        unreadable=found.unreadable,
        complete=found.next_since == 0,
    )


def plan_detail(snapshot: Snapshot, plan_id: str, now: datetime) -> PlanDetail:
    """Return one plan, its versions, its drills and the checks under it.

    Raises:
        NotFoundError: None of this number is here.
    """
    found = look(snapshot, (PlanPublished,), before=0, limit=PLANS_MOST)
    versions = sorted((one for one in found.laid if one.said.plan_id == plan_id), key=_version, reverse=True)
    if not versions:
        raise NotFoundError(Fault("request.not_found", "id", "no such plan is here; see GET /api/v1/joint-plans"))
    drills = look(snapshot, (DrillHeld,), before=0, limit=PLANS_MOST).laid
    checks = look(snapshot, (HazardChecked,), before=0, limit=PLANS_MOST).laid
    return PlanDetail(
        **dict(_plan_line(versions[0], now)),
        plan=_whole(versions[0].said),
        versions=tuple(PlanVersion(**_of_version(one)) for one in versions),
        drills=tuple(drill_line(one) for one in drills if one.said.plan_id == plan_id),
        checks=tuple(check_line(one) for one in checks if one.said.plan_id == plan_id),
    )


def _version(one: Laid[PlanPublished]) -> tuple[int, int]:
    return one.said.version, one.kept.position


def _of_version(one: Laid[PlanPublished]) -> dict[str, Any]:
    head = _head(one.kept)
    return {name: head[name] for name in ("envelope_id", "source", "at")} | {"version": one.said.version}


def _plan_line(one: Laid[PlanPublished], now: datetime) -> PlanLine:
    said = one.said
    return PlanLine(
        **_head(one.kept),
        plan_id=said.plan_id,
        version=said.version,
        title=said.title,
        hazard=said.hazard,
        areas=said.areas,
        counties=tuple(sorted({role.office.adcode for role in said.roles})),
        review_by=said.review_by,
        review_due=said.review_by < _today(now),
    )


def drill_line(one: Laid[DrillHeld]) -> DrillLine:
    """Return what a drill came to, in figures."""
    said = one.said
    done = [step for step in said.steps if step.done_at is not None]
    return DrillLine(
        **_head(one.kept),
        plan_id=said.plan_id,
        plan_version=said.plan_version,
        started_at=said.started_at,
        ended_at=said.ended_at,
        alerts=len(said.alerts),
        steps=len(said.steps),
        done=len(done),
        in_time=sum(step.done_at is not None and step.done_at <= step.due for step in done),
        findings=len(said.findings),
    )


def drill_detail(snapshot: Snapshot, envelope_id: str) -> DrillDetail:
    """Return one drill, whole.

    Raises:
        NotFoundError: It is not here.
        RequestError: It is of class personal.
    """
    found = _one(snapshot, envelope_id, (DrillHeld,))
    return DrillDetail(**dict(drill_line(found)), drill=_whole(found.said))


def check_line(one: Laid[HazardChecked]) -> CheckLine:
    """Return what a check along the border has found, in figures."""
    said = one.said
    return CheckLine(
        **_head(one.kept),
        line=said.line,
        adcodes=said.adcodes,
        checked_at=said.checked_at,
        counties=tuple(sorted({office.adcode for office in said.by_offices})),
        findings=len(said.findings),
        major=sum(found.risk is RiskLevel.MAJOR for found in said.findings),
        due=max((found.due for found in said.findings), default=None),
        plan_id=said.plan_id,
    )


def check_detail(snapshot: Snapshot, envelope_id: str) -> CheckDetail:
    """Return one check, whole.

    Raises:
        NotFoundError: It is not here.
        RequestError: It is of class personal.
    """
    found = _one(snapshot, envelope_id, (HazardChecked,))
    return CheckDetail(**dict(check_line(found)), check=_whole(found.said))


# -- bulletins -----------------------------------------------------------------------------------------------------


def bulletin_line(one: Laid[Event], now: datetime) -> BulletinLine:
    """Return one bulletin, whichever of the three it is; what a kind does not know stays empty."""
    said, shelf = one.said, next(kind for kind, model in BULLETINS.items() if isinstance(one.said, model))
    policy = said if isinstance(said, PolicyBulletinPublished) else None
    work = said if isinstance(said, WorkBulletinPublished) else None
    ends = policy.expires_on if policy else None
    return BulletinLine(
        **_head(one.kept),
        kind=shelf,
        title=getattr(said, "title", ""),
        doc_no=policy.doc_no if policy else None,
        issuer=policy.issuer if policy else None,
        work_kind=work.bulletin_kind if work else None,
        period=getattr(said, "period", None),
        issued_on=policy.issued_on if policy else None,
        effective_on=policy.effective_on if policy else None,
        expires_on=ends,
        expired=ends is not None and ends < _today(now),
        repeals=policy.repeals if policy else (),
        reply_due=policy.reply_due if policy else None,
        files=getattr(said, "attachments", ()),
    )


def bulletin_detail(snapshot: Snapshot, envelope_id: str, county: str, now: datetime) -> BulletinDetail:
    """Return one bulletin, whole; an own brief beside the ledger.

    Raises:
        NotFoundError: It is not here.
        RequestError: It is of class personal.
    """
    found = _one(snapshot, envelope_id, tuple(BULLETINS.values()))
    differing = None
    if isinstance(found.said, SituationBriefPublished) and found.kept.envelope.header.source == county:
        differing = tuple(
            FigureDiffering(
                name=one.figure.name,
                of=one.figure.of,
                county=one.figure.county,
                said=one.figure.value,
                counted=one.counted,
            )
            for one in differing_from(snapshot, found.said, county=county, now=now)
        )
    return BulletinDetail(**dict(bulletin_line(found, now)), bulletin=_whole(found.said), differing=differing)


# -- reports and files ---------------------------------------------------------------------------------------------


def flow_line(snapshot: Snapshot, one: Laid[PopulationFlowReported]) -> FlowLine:
    """Return one report, and whether it is the newest of its source about the same people."""
    said, source = one.said, one.kept.envelope.header.source
    newest = snapshot.flow_reports(source, people_of(said), 1)
    return FlowLine(
        **_head(one.kept),
        period=said.period,
        period_start=said.period_start,
        origin=said.origin_adcode,
        destination=said.destination_adcode,
        dimensions=said.dimensions,
        k=said.method.k,
        cells=said.cells,
        service_plan=said.service_plan,
        latest=bool(newest) and newest[0].position == one.kept.position,
    )


def file_list(snapshot: Snapshot, *, before: int, limit: int, sha256: str | None) -> FileList:
    """Return events that carry files, or those that carry one of this digest.

    Whoever knows a digest may learn which event carries it, also of class personal: that shows nothing of its content.
    """
    found = look(snapshot, (AttachmentShared,), before=before, limit=limit)
    closed = {one: _closed(snapshot, one, sha256) for one in found.unreadable if sha256 is not None}
    lines = [
        *(_shared_file(snapshot, one) for one in found.laid if sha256 in {None, one.said.sha256}),
        *(one for one in closed.values() if one is not None),
    ]
    return FileList(
        files=tuple(sorted(lines, key=lambda one: one.position, reverse=True)),
        unreadable=tuple(one for one in found.unreadable if closed.get(one) is None),
        next_since=found.next_since,
    )


def _closed(snapshot: Snapshot, envelope_id: str, sha256: str | None) -> SharedFile | None:
    kept = snapshot.event(envelope_id)
    said = event_in(kept) if kept is not None else None
    if kept is None or not isinstance(said, AttachmentShared) or said.sha256 != sha256:
        return None
    line = _shared_file(snapshot, Laid(kept, said))
    return line.model_copy(update={"name": None, "media_type": None, "size": None})


def _shared_file(snapshot: Snapshot, one: Laid[AttachmentShared]) -> SharedFile:
    said, kept = one.said, snapshot.files.file_of(one.kept.envelope.envelope_id)
    return SharedFile(
        **_head(one.kept),
        name=said.name,
        media_type=said.media_type,
        size=said.size,
        sha256=said.sha256,
        state=kept.state if kept else None,
    )


def _today(now: datetime) -> date:
    return now.astimezone(BEIJING).date()
