"""Who may go where: sets of roles that pages name, and the entries of the navigation."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from schemas.governance.mediation import CASE_PREFIX, CASE_PURPOSE
from schemas.governance.services import PURPOSE as SERVICE_PURPOSE
from schemas.governance.services import ServiceRequested
from schemas.information.population import PopulationFlowReported
from schemas.information.referrals import ReferralOffered
from schemas.officers import Role

EVERYBODY: Final = frozenset(Role)
WORKERS: Final = EVERYBODY - {Role.AUDITOR, Role.ADMINISTRATOR}
"""Who does the work of the four mutuals; the auditor only reads, the administrator only keeps the system."""
READERS: Final = EVERYBODY - {Role.ADMINISTRATOR}
ANSWERERS: Final = frozenset({Role.DUTY, Role.LIAISON, Role.REVIEWER})
CLOSERS: Final = frozenset({Role.DUTY, Role.LIAISON})
"""Who may say that a notice of the node has been dealt with."""
MEDIATORS: Final = frozenset({Role.MEDIATOR, Role.LIAISON})
CASE_OPENERS: Final = MEDIATORS | {Role.DUTY}
"""Who may open what is personal in a case."""
HANDLERS: Final = frozenset({Role.DUTY, Role.LIAISON})
"""Who handles referrals and requests, and sends counts."""
ERASERS: Final = frozenset({Role.LIAISON})
"""Who destroys content: whose role brings the scope ``content:erase``."""
LIAISONS: Final = frozenset({Role.LIAISON})
"""Who drafts agreements and puts in force what every party has signed."""
KEEPERS: Final = frozenset({Role.ADMINISTRATOR})
AUDITORS: Final = frozenset({Role.AUDITOR})
LOG_READERS: Final = AUDITORS | KEEPERS
"""Who may read what people did in the console."""


_OF_PEOPLE: Final = frozenset({ReferralOffered.wire_type, ServiceRequested.wire_type, PopulationFlowReported.wire_type})
_OPENERS: Final[Mapping[str, frozenset[Role]]] = {
    CASE_PURPOSE: CASE_OPENERS,
    SERVICE_PURPOSE: HANDLERS,
    **dict.fromkeys(ReferralOffered.purposes, HANDLERS),
}


def openers_of(purpose: str) -> frozenset[Role]:
    """Return who may open personal content that travels for a purpose: those whose work it is."""
    return _OPENERS.get(purpose, WORKERS)


def writers_of(wire_type: str) -> frozenset[Role]:
    """Return who may write events of a type at the console: those whose pages it belongs to."""
    if wire_type.startswith(CASE_PREFIX):
        return MEDIATORS
    return HANDLERS if wire_type in _OF_PEOPLE else WORKERS


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the navigation."""

    key: str
    title: str
    path: str
    group: str
    roles: frozenset[Role]


NAVIGATION: Final = (
    Entry("desk", "值班台", "/", "值守", READERS),
    Entry("inbox", "收件", "/inbox", "值守", READERS),
    Entry("sent", "已发", "/sent", "值守", READERS),
    Entry("compose", "发布", "/compose", "值守", WORKERS),
    Entry("drafts", "待审稿件", "/drafts", "值守", READERS),
    Entry("handover", "交接班", "/handover", "值守", READERS),
    Entry("roster", "值班表", "/roster", "值守", EVERYBODY),
    Entry("cases", "联合调解", "/cases", "协作", READERS),
    Entry("population", "流动人口服务", "/population", "协作", READERS),
    Entry("services", "跨省通办", "/services", "协作", READERS),
    Entry("plans", "联合应急", "/plans", "协作", READERS),
    Entry("campaigns", "活动日历", "/campaigns", "协作", READERS),
    Entry("development", "合作对接", "/development", "协作", READERS),
    Entry("ledger", "台账", "/ledger", "管理", READERS),
    Entry("partners", "协作方", "/partners", "管理", EVERYBODY),
    Entry("audit", "核验与审计", "/audit", "管理", EVERYBODY),
    Entry("system", "系统", "/system", "管理", EVERYBODY),
)


def home_of(roles: Iterable[Role]) -> str:
    """Return where somebody with these roles begins."""
    return "/system/officers" if Role.ADMINISTRATOR in roles else "/"
