"""What the API answers about what counties lay before each other: material, plans, bulletins, reports, files.

Every line names its event: header, signatures and receipts stand at ``GET /api/v1/events/{id}``.
"""

from datetime import date
from enum import StrEnum

from pydantic import JsonValue

from schemas.base import Model, Status, WireTime
from schemas.files import FileState
from schemas.governance.plans import Hazard
from schemas.ids import ContentId, CountyId, Digest, EnvelopeId
from schemas.information.briefs import FigureName
from schemas.information.bulletins import BulletinKind
from schemas.information.population import Cell, Dimension, PeriodKind, ServicePlan
from schemas.outreach.materials import Licence, MaterialKind
from schemas.parts import Attachment, Period


class ShelfLine(Model):
    """One event of a shelf."""

    envelope_id: EnvelopeId
    source: CountyId
    at: WireTime
    """Its time, as the source states it."""
    status: Status
    position: int


class Shelf(Model):
    """A page, newest first."""

    unreadable: tuple[EnvelopeId, ...]
    """Events of this kind on this page of which nothing can be shown: erased, personal, or newer than this node."""
    next_since: int
    """Ask with it for the next page, also if this one is short or empty; 0 if there is none."""


class MaterialLine(ShelfLine):
    """Material that partners may use."""

    title: str
    kind: MaterialKind
    languages: tuple[str, ...]
    licence: Licence
    credit: str | None
    """Whom to name."""
    files: tuple[Attachment, ...]
    """``GET /api/v1/files?sha256=`` says which event carries one."""
    expires: WireTime | None
    expired: bool
    """It is not to be shown any more."""
    note: str | None


class MaterialList(Shelf):
    """宣传素材."""

    materials: tuple[MaterialLine, ...]


class PlanLine(ShelfLine):
    """The newest version of a joint plan that is here."""

    plan_id: ContentId
    version: int
    title: str
    hazard: Hazard
    areas: tuple[str, ...]
    counties: tuple[CountyId, ...]
    """Whose offices have a duty in it."""
    review_by: date
    review_due: bool
    """That day is over."""


class PlanList(Model):
    """联合应急预案, of each plan the newest version, the one that came last first."""

    plans: tuple[PlanLine, ...]
    unreadable: tuple[EnvelopeId, ...]
    """Versions of which nothing can be shown: erased, personal, or newer than this node."""
    complete: bool
    """False: there are more versions than were looked at, and old plans may be missing."""


class DrillLine(ShelfLine):
    """What a drill of a plan came to."""

    plan_id: ContentId
    plan_version: int
    started_at: WireTime
    ended_at: WireTime
    alerts: int
    steps: int
    done: int
    in_time: int
    findings: int


class DrillList(Shelf):
    """联合演练."""

    drills: tuple[DrillLine, ...]


class DrillDetail(DrillLine):
    """One drill, whole."""

    drill: JsonValue


class CheckLine(ShelfLine):
    """A check along the border."""

    line: str
    adcodes: tuple[str, ...]
    checked_at: WireTime
    counties: tuple[CountyId, ...]
    """Whose offices went."""
    findings: int
    major: int
    """Of these, those of the highest risk."""
    due: date | None
    """By when the last finding is to be mended."""
    plan_id: ContentId | None


class CheckList(Shelf):
    """边界联合排查."""

    checks: tuple[CheckLine, ...]


class CheckDetail(CheckLine):
    """One check, whole."""

    check: JsonValue


class PlanVersion(Model):
    """One version that is here."""

    envelope_id: EnvelopeId
    source: CountyId
    at: WireTime
    version: int


class PlanDetail(PlanLine):
    """A plan: its newest version whole, its versions, and what was drilled and checked under it."""

    plan: JsonValue
    versions: tuple[PlanVersion, ...]
    drills: tuple[DrillLine, ...]
    checks: tuple[CheckLine, ...]


class BulletinShelf(StrEnum):
    """政策通报, 工作动态, 态势简报."""

    POLICY = "policy"
    WORK = "work"
    BRIEF = "brief"


class BulletinLine(ShelfLine):
    """A bulletin."""

    kind: BulletinShelf
    title: str
    doc_no: str | None
    issuer: str | None
    work_kind: BulletinKind | None
    period: Period | None
    issued_on: date | None
    effective_on: date | None
    expires_on: date | None
    expired: bool
    """The policy is not in force any more."""
    repeals: tuple[str, ...]
    reply_due: WireTime | None
    files: tuple[Attachment, ...]


class BulletinList(Shelf):
    """政策通报, 工作动态 and 态势简报."""

    bulletins: tuple[BulletinLine, ...]


class FigureDiffering(Model):
    """A figure of a brief that is not the ledger's."""

    name: FigureName
    of: str | None
    county: CountyId | None
    said: int
    counted: int
    """By the ledger now; 0 for what it does not name."""


class BulletinDetail(BulletinLine):
    """One bulletin, whole."""

    bulletin: JsonValue
    differing: tuple[FigureDiffering, ...] | None
    """Of an own brief: figures that the ledger of its period does not show now; null for everything else."""


class FlowLine(ShelfLine):
    """A population report: counts that give nobody away."""

    period: PeriodKind
    period_start: date
    origin: CountyId
    destination: CountyId
    dimensions: tuple[Dimension, ...]
    k: int
    """No count below it is shown."""
    cells: tuple[Cell, ...]
    service_plan: tuple[ServicePlan, ...]
    latest: bool
    """No newer report of this source about the same people is here."""


class FlowList(Shelf):
    """流动人口服务通报."""

    flows: tuple[FlowLine, ...]


class SharedFile(ShelfLine):
    """An event that carries a file."""

    name: str | None
    """Null for a file of class personal, like the next two."""
    media_type: str | None
    size: int | None
    """Bytes."""
    sha256: Digest
    state: FileState | None
    """How far it is; ``GET /api/v1/events/{id}/content`` reads it once it is ``whole``."""


class FileList(Shelf):
    """附件."""

    files: tuple[SharedFile, ...]
