"""流动人口服务通报: how many people are on the move between two counties, and which service they need.

Aggregates only: no list of persons, no area below a county, no free text. A count below ``k`` is
hidden, and no hidden count may be computed back from the others: the report is refused if the
shown counts and totals leave fewer than ``k`` possible values for any hidden one.

Source: docs/events.md, section "population"; docs/decisions/0005-guard-people-first.md
"""

from datetime import date
from enum import StrEnum
from math import prod
from typing import Annotated, ClassVar, Final, Self

from pydantic import Field, model_validator

from schemas.base import Event, InformationClass, Model
from schemas.faults import broken_rule
from schemas.forms import MethodVersion
from schemas.ids import CountyId
from schemas.information.flow_network import UNKNOWN, Interval
from schemas.information.margins import Place, conclude, order_of

MAX_CELLS: Final = 48  # 5 reasons × 7 needs, their totals and the grand total


class PeriodKind(StrEnum):
    """A calendar month or quarter."""

    MONTH = "month"
    QUARTER = "quarter"


class Dimension(StrEnum):
    """By what the people are counted; a report has at most two."""

    AGE_BAND = "age_band"
    SEX = "sex"
    REASON = "reason"
    SERVICE_NEED = "service_need"


class AgeBand(StrEnum):
    """Years completed."""

    CHILD = "0-14"
    WORKING = "15-59"
    OLDER = "60+"


class Sex(StrEnum):
    """As registered."""

    FEMALE = "female"
    MALE = "male"


class Reason(StrEnum):
    """Why they moved."""

    WORK = "work"
    SCHOOL = "school"
    CARE = "care"
    RETURN = "return"
    OTHER = "other"


class ServiceNeed(StrEnum):
    """The main service asked for; each person counts once."""

    SCHOOLING = "schooling"
    MEDICAL = "medical"
    INSURANCE = "insurance"
    HOUSING = "housing"
    WAGES = "wages"
    LEGAL_AID = "legal_aid"
    OTHER = "other"


class ServicePlan(StrEnum):
    """What the county offers them."""

    SCHOOL_PLACES = "school_places"
    CLINIC_DAYS = "clinic_days"
    INSURANCE_DESK = "insurance_desk"
    HOUSING_HELP = "housing_help"
    WAGE_DESK = "wage_desk"
    LEGAL_AID_DESK = "legal_aid_desk"
    JOB_FAIR = "job_fair"
    TRANSPORT = "transport"
    ONE_STOP_DESK = "one_stop_desk"
    OTHER = "other"


class CellState(StrEnum):
    """How a count is given."""

    SHOWN = "shown"
    SUPPRESSED = "suppressed"
    ROUNDED = "rounded"


VALUES: Final[dict[str, tuple[str, ...]]] = {
    Dimension.AGE_BAND: tuple(AgeBand),
    Dimension.SEX: tuple(Sex),
    Dimension.REASON: tuple(Reason),
    Dimension.SERVICE_NEED: tuple(ServiceNeed),
}


class CellKeys(Model):
    """Which count: a value per dimension of the report; null means the total over that dimension."""

    age_band: AgeBand | None = None
    sex: Sex | None = None
    reason: Reason | None = None
    service_need: ServiceNeed | None = None


class Cell(Model):
    """One count of persons."""

    keys: CellKeys
    value: Annotated[int, Field(ge=0, le=10_000_000)] | None = None
    """Null exactly if suppressed."""
    state: CellState


class Method(Model):
    """How small counts were protected."""

    k: Annotated[int, Field(ge=5, le=1000)] = 10
    """No count below k is shown, and none can be computed back more closely than k values."""
    round_to: Annotated[int, Field(ge=1, le=1000)] = 1
    """Rounded counts are multiples of this, halves upwards; 1 means none is rounded."""
    complementary: bool
    """True if larger counts were hidden too; false tells every reader that all hidden ones are small."""
    version: MethodVersion


class PopulationFlowReported(Event):
    """People from one county in another, in one period, as protected counts."""

    wire_type: ClassVar[str] = "cn.sihu.information.population_flow_reported.v1"
    title_zh: ClassVar[str] = "流动人口服务通报"
    information_class: ClassVar[InformationClass] = InformationClass.INTERNAL
    priority: ClassVar[int] = 4
    purposes: ClassVar[tuple[str, ...]] = ("population_service",)

    period: PeriodKind
    period_start: date
    origin_adcode: CountyId
    destination_adcode: CountyId
    dimensions: Annotated[tuple[Dimension, ...], Field(max_length=2)]
    cells: Annotated[tuple[Cell, ...], Field(min_length=1, max_length=MAX_CELLS)]
    method: Method
    service_plan: Annotated[tuple[ServicePlan, ...], Field(max_length=10)] = ()

    @model_validator(mode="after")
    def _rules(self) -> Self:
        _judge_frame(self)
        _judge_grid(self)
        for number, cell in enumerate(self.cells):
            _judge_cell(cell, self.method, f"cells.{number}.value")
        _judge_disclosure(self)
        return self


def place_of(keys: CellKeys) -> Place:
    """Return which count these keys name; the empty place is the grand total."""
    return frozenset((dimension, value) for dimension in Dimension if (value := getattr(keys, dimension)) is not None)


def known_of(cell: Cell, method: Method) -> Interval:
    """Return what a reader knows of the true count."""
    if cell.value is None:
        return UNKNOWN if method.complementary else (0, method.k - 1)
    if cell.state is CellState.ROUNDED:
        return cell.value - method.round_to // 2, cell.value + (method.round_to - 1) // 2
    return cell.value, cell.value


def _judge_frame(report: PopulationFlowReported) -> None:
    start = report.period_start
    first_months = range(1, 13) if report.period is PeriodKind.MONTH else (1, 4, 7, 10)
    if start.day != 1 or start.month not in first_months:
        raise broken_rule("period_start", f"write the first day of a {report.period}")
    if report.origin_adcode == report.destination_adcode:
        raise broken_rule("destination_adcode", "a flow runs between two different counties")
    for field in ("dimensions", "service_plan"):
        entries = getattr(report, field)
        if len(set(entries)) != len(entries):
            raise broken_rule(field, "give each entry once")


def _judge_grid(report: PopulationFlowReported) -> None:
    places = [place_of(cell.keys) for cell in report.cells]
    for number, place in enumerate(places):
        for dimension, _ in place:
            if dimension not in report.dimensions:
                raise broken_rule(f"cells.{number}.keys.{dimension}", "leave it out; the report has no such dimension")
    if len(set(places)) != len(places):
        raise broken_rule("cells", "give each count once")
    expected = prod(len(VALUES[dimension]) for dimension in report.dimensions)
    if sum(len(place) == len(report.dimensions) for place in places) != expected:
        mend = f"give all {expected} counts of these dimensions, hidden ones as suppressed; totals may be left out"
        raise broken_rule("cells", mend)


def _judge_cell(cell: Cell, method: Method, field: str) -> None:
    if (cell.value is None) != (cell.state is CellState.SUPPRESSED):
        raise broken_rule(field, "null and state suppressed belong together; a hidden count is never 0")
    if cell.value is None:
        return
    if cell.state is CellState.ROUNDED and (method.round_to == 1 or cell.value % method.round_to):
        raise broken_rule(field, "a rounded count is a multiple of method.round_to, which is above 1")
    if known_of(cell, method)[0] < method.k:
        raise broken_rule(field, f"a count that may be below {method.k} is hidden: null, state suppressed")


def knowledge_of(report: PopulationFlowReported) -> dict[Place, Interval]:
    """Return what a reader of this report alone knows; a total that is left out is not in it."""
    return {place_of(cell.keys): known_of(cell, report.method) for cell in report.cells}


def hidden_places(report: PopulationFlowReported) -> dict[Place, int]:
    """Return the hidden counts and where each stands in ``cells``."""
    return {place_of(cell.keys): number for number, cell in enumerate(report.cells) if cell.value is None}


def _judge_disclosure(report: PopulationFlowReported) -> None:
    hidden = hidden_places(report)
    found = conclude(knowledge_of(report), order_of(report.dimensions), VALUES, hidden)
    if found is None:
        raise broken_rule("cells", "the totals do not add up; correct them or leave them out")
    for number, (low, high) in zip(hidden.values(), found, strict=True):
        if high - low + 1 < report.method.k:
            mend = "this hidden count can be computed from the others; hide one more in its row and column, or a total"
            raise broken_rule(f"cells.{number}", mend)
