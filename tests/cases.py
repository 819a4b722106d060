"""Cases of joint mediation on paper: two counties that write one case, and what each of them has seen."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from schemas.base import BEIJING
from schemas.cases import CaseAct, CaseEntry, CaseFacts, CaseRef, CaseStage, DueFact
from schemas.governance.mediation_parts import (
    AgreementForm,
    CaseOutcome,
    ConsentMatter,
    DisputeKind,
    NoticeMatter,
    Performance,
)
from schemas.ids import CountyCode
from services.domain.mediation_state import CaseState
from services.domain.mediation_terms import RuleCode, term_of, unmoved_end
from services.domain.mediation_thread import CaseFile, Judged, replay

NANDAN: Final = CountyCode("451221")
DUSHAN: Final = CountyCode("522726")
PARTIES: Final = (CaseRef(ref="p1", county=NANDAN), CaseRef(ref="p2", county=DUSHAN))
PANEL: Final = (CaseRef(ref="m1", county=NANDAN), CaseRef(ref="m2", county=DUSHAN))
NEW_PANEL: Final = (CaseRef(ref="m3", county=NANDAN), CaseRef(ref="m2", county=DUSHAN))
DIGEST: Final = "d1" * 32
OTHER_DIGEST: Final = "d2" * 32
MONDAY: Final = date(2026, 3, 2)
BOTH: Final = ("p1", "p2")


def named(word: object) -> str:
    """Return an id that follows from a word."""
    return hashlib.sha256(repr(word).encode()).hexdigest()


CASE: Final = named("case")


def facts(act: CaseAct, on: date = MONDAY, **changes: Any) -> CaseFacts:  # noqa: ANN401 - any field
    """Return the facts of an act as an honest office would write it in a case of two parties."""
    given: dict[str, Any] = {"act": act, "on": on}
    return CaseFacts(**(given | _USUAL.get(act, {}) | _days(act, on) | changes))


_USUAL: Final[dict[CaseAct, dict[str, Any]]] = {
    CaseAct.REGISTERED: {"parties": PARTIES, "lead": NANDAN, "dispute": DisputeKind.FOREST},
    CaseAct.CONSENT_GIVEN: {"party": "p1", "matter": ConsentMatter.MEDIATION},
    CaseAct.CONSENT_REFUSED: {"party": "p1", "matter": ConsentMatter.MEDIATION},
    CaseAct.CONSENT_WITHHELD: {"party": "p1", "matter": ConsentMatter.MEDIATORS},
    CaseAct.PANEL_SET: {"mediators": PANEL},
    CaseAct.MEDIATOR_CHALLENGED: {"mediator": "m1", "party": "p2"},
    CaseAct.LEAD_OFFERED: {"lead": DUSHAN},
    CaseAct.LEAD_HANDED: {"lead": NANDAN},
    CaseAct.NOTICE_GIVEN: {"told": NoticeMatter.RIGHTS_AND_DUTIES, "refs": BOTH},
    CaseAct.EVIDENCE_ADDED: {"sha256": named("evidence")},
    CaseAct.SESSION_SET: {"session_no": 1},
    CaseAct.SESSION_HELD: {"session_no": 1, "refs": BOTH, "sat": ("m1", "m2")},
    CaseAct.WITHDRAWN: {"party": "p2"},
    CaseAct.DRAFTED_ORAL: {
        "sha256": DIGEST,
        "form": AgreementForm.ORAL,
        "refs": BOTH,
        "parties": PARTIES,
        "mediators": PANEL,
    },
    CaseAct.DRAFTED_WRITTEN: {
        "sha256": DIGEST,
        "form": AgreementForm.WRITTEN,
        "parties": PARTIES,
        "mediators": PANEL,
    },
    CaseAct.AGREEMENT_SIGNED: {"sha256": DIGEST},
    CaseAct.STAMPED: {"sha256": DIGEST},
    CaseAct.IN_FORCE: {"sha256": DIGEST, "refs": BOTH},
    CaseAct.CONFIRMATION_FILED: {"refs": BOTH},
    CaseAct.PERFORMANCE_REPORTED: {"item_no": 1, "performance": Performance.DONE},
    CaseAct.URGED: {"party": "p1"},
    CaseAct.BREACHED: {"party": "p1", "item_no": 1},
    CaseAct.CLOSED: {"outcome": CaseOutcome.PERFORMED},
    CaseAct.ARCHIVED: {"sha256": named("file")},
}


def _days(act: CaseAct, on: date) -> dict[str, Any]:
    if act in (CaseAct.ACCEPTED, CaseAct.REOPENED):
        return {"until": unmoved_end(on, term_of(RuleCode.ONE_MONTH, on))}
    if act is CaseAct.IN_FORCE:
        return {"until": unmoved_end(on, term_of(RuleCode.CONFIRMATION, on))}
    if act is CaseAct.PERFORMANCE_DUE:
        return {"items": (DueFact(no=1, party="p1", due_on=on + timedelta(days=10)),)}
    return {}


def entry(
    facts_of_it: CaseFacts, county: str = NANDAN, seen: Sequence[str] = (), envelope_id: str = "", case_id: str = CASE
) -> CaseEntry:
    """Return an entry; its id follows from everything that it says."""
    at = datetime.combine(facts_of_it.on or MONDAY, time(9), BEIJING)
    made = envelope_id or named((facts_of_it.model_dump_json(), county, tuple(seen)))
    wire_type = f"cn.sihu.governance.case_{facts_of_it.act}.v1"
    return CaseEntry(made, case_id, county, wire_type, at, tuple(sorted(seen)), facts_of_it)


@dataclass
class Office:
    """What one county holds of the case; everything it writes names what it has seen."""

    county: str
    held: dict[str, CaseEntry] = field(default_factory=dict)
    own: list[CaseEntry] = field(default_factory=list)

    def file(self) -> CaseFile:
        """Return the case as it follows from what is here."""
        return replay(CASE, self.held.values())

    def write(self, act: CaseAct, on: date = MONDAY, **changes: Any) -> CaseEntry:  # noqa: ANN401
        """Write an entry, whatever the rules say of it."""
        said, heads = facts(act, on, **changes), self.file().heads
        first = act is CaseAct.REGISTERED and not self.held
        made = entry(said, self.county, heads, CASE if first else named((len(self.own), self.county, heads)))
        self.held[made.envelope_id] = made
        self.own.append(made)
        return made

    def take(self, *entries: CaseEntry) -> None:
        """Receive."""
        self.held.update({one.envelope_id: one for one in entries})


@dataclass
class Pair:
    """Two offices and what is on its way between them."""

    nandan: Office = field(default_factory=lambda: Office(NANDAN))
    dushan: Office = field(default_factory=lambda: Office(DUSHAN))

    def meet(self) -> None:
        """Let everything arrive."""
        self.nandan.take(*self.dushan.own)
        self.dushan.take(*self.nandan.own)

    def office(self, county: str) -> Office:
        """Return one of the two."""
        return self.nandan if county == NANDAN else self.dushan

    def play(self, *steps: tuple[str, CaseAct, dict[str, Any]], on: date = MONDAY) -> CaseFile:
        """Let the offices write in turn, each having seen everything; return the case."""
        for county, act, changes in steps:
            self.office(county).write(act, changes.pop("on", on), **changes)
            self.meet()
        assert self.nandan.file() == self.dushan.file()
        return self.nandan.file()


def step(county: str, act: CaseAct, **changes: Any) -> tuple[str, CaseAct, dict[str, Any]]:  # noqa: ANN401
    """Return one step for ``Pair.play``."""
    return county, act, changes


def consents(matter: ConsentMatter, **changes: Any) -> list[tuple[str, CaseAct, dict[str, Any]]]:  # noqa: ANN401
    """Return the steps in which both parties agree, each before its own office."""
    return [
        step(county, CaseAct.CONSENT_GIVEN, party=ref, matter=matter, **changes)
        for ref, county in (("p1", NANDAN), ("p2", DUSHAN))
    ]


def signatures(digest: str = DIGEST) -> list[tuple[str, CaseAct, dict[str, Any]]]:
    """Return the steps in which everybody signs, and a committee puts its stamp."""
    own = {NANDAN: ("p1", "m1"), DUSHAN: ("p2", "m2")}
    made = []
    for county, (party, mediator) in own.items():
        made += [
            step(county, CaseAct.AGREEMENT_SIGNED, party=party, sha256=digest),
            step(county, CaseAct.AGREEMENT_SIGNED, mediator=mediator, sha256=digest),
            step(county, CaseAct.AGREEMENT_SIGNED, sha256=digest),
        ]
    return [*made, step(NANDAN, CaseAct.STAMPED, sha256=digest)]


def road(to: CaseStage) -> list[tuple[str, CaseAct, dict[str, Any]]]:
    """Return the shortest honest way to a stage."""
    return [one for stage in _WAY_TO[to] for one in _LEGS[stage]()]


def reached(to: CaseStage) -> CaseState:
    """Return the state of a case that honestly came to a stage."""
    found = Pair().play(*road(to)).state if to is not CaseStage.DRAFTED else CaseState()
    assert found.stage is to
    return found


def _accepted() -> list[tuple[str, CaseAct, dict[str, Any]]]:
    return [*consents(ConsentMatter.MEDIATION), step(NANDAN, CaseAct.ACCEPTED)]


def _in_session() -> list[tuple[str, CaseAct, dict[str, Any]]]:
    return [
        *consents(ConsentMatter.MEDIATORS),
        step(DUSHAN, CaseAct.NOTICE_GIVEN),
        step(NANDAN, CaseAct.SESSION_SET),
        step(DUSHAN, CaseAct.SESSION_HELD),
    ]


_LEGS: Final[dict[CaseStage, Callable[[], list[tuple[str, CaseAct, dict[str, Any]]]]]] = {
    CaseStage.REGISTERED: lambda: [step(NANDAN, CaseAct.REGISTERED)],
    CaseStage.NOT_ACCEPTED: lambda: [step(DUSHAN, CaseAct.CONSENT_REFUSED, party="p2")],
    CaseStage.ACCEPTED: _accepted,
    CaseStage.PANEL_SET: lambda: [step(DUSHAN, CaseAct.PANEL_SET)],
    CaseStage.INVESTIGATING: lambda: [step(DUSHAN, CaseAct.VISIT_MADE)],
    CaseStage.IN_SESSION: _in_session,
    CaseStage.AGREED_ORAL: lambda: [step(NANDAN, CaseAct.DRAFTED_ORAL)],
    CaseStage.AGREED_WRITTEN_PENDING: lambda: [step(NANDAN, CaseAct.DRAFTED_WRITTEN)],
    CaseStage.IN_FORCE: lambda: [*signatures(), step(DUSHAN, CaseAct.IN_FORCE)],
    CaseStage.PERFORMING: lambda: [step(NANDAN, CaseAct.PERFORMANCE_DUE)],
    CaseStage.PERFORMED: lambda: [step(NANDAN, CaseAct.PERFORMANCE_REPORTED)],
    CaseStage.BREACHED: lambda: [step(DUSHAN, CaseAct.BREACHED, on=MONDAY + timedelta(days=11))],
    CaseStage.URGED: lambda: [step(NANDAN, CaseAct.URGED)],
    CaseStage.ADVISED_COURT: lambda: [step(NANDAN, CaseAct.COURT_ADVISED)],
    CaseStage.SUSPENDED: lambda: [step(NANDAN, CaseAct.SUSPENDED)],
    CaseStage.WITHDRAWN: lambda: [step(DUSHAN, CaseAct.WITHDRAWN)],
    CaseStage.FAILED: lambda: [step(NANDAN, CaseAct.FAILED)],
    CaseStage.CLOSED: lambda: [step(DUSHAN, CaseAct.CLOSED)],
    CaseStage.ARCHIVED: lambda: [step(NANDAN, CaseAct.ARCHIVED)],
}
_TO_SESSION: Final = (CaseStage.REGISTERED, CaseStage.ACCEPTED, CaseStage.PANEL_SET, CaseStage.IN_SESSION)
_TO_FORCE: Final = (*_TO_SESSION, CaseStage.AGREED_WRITTEN_PENDING, CaseStage.IN_FORCE)
_TO_URGE: Final = (*_TO_FORCE, CaseStage.PERFORMING, CaseStage.BREACHED, CaseStage.URGED)
_TO_END: Final = (*_TO_FORCE, CaseStage.PERFORMING, CaseStage.PERFORMED, CaseStage.CLOSED, CaseStage.ARCHIVED)
_WAY_TO: Final[dict[CaseStage, tuple[CaseStage, ...]]] = {
    **{stage: _TO_END[: _TO_END.index(stage) + 1] for stage in _TO_END},
    **{stage: _TO_URGE[: _TO_URGE.index(stage) + 1] for stage in _TO_URGE},
    CaseStage.NOT_ACCEPTED: (CaseStage.REGISTERED, CaseStage.NOT_ACCEPTED),
    CaseStage.INVESTIGATING: (*_TO_SESSION[:3], CaseStage.INVESTIGATING),
    CaseStage.AGREED_ORAL: (*_TO_SESSION, CaseStage.AGREED_ORAL),
    CaseStage.ADVISED_COURT: (*_TO_URGE, CaseStage.ADVISED_COURT),
    CaseStage.SUSPENDED: (*_TO_SESSION, CaseStage.SUSPENDED),
    CaseStage.WITHDRAWN: (*_TO_SESSION, CaseStage.WITHDRAWN),
    CaseStage.FAILED: (*_TO_SESSION, CaseStage.FAILED),
}


def verdict_on(file: CaseFile, one: CaseEntry) -> Judged:
    """Return an entry in its place of the story."""
    return next(judged for judged in file.story if judged.entry == one)


def code_of(file: CaseFile, one: CaseEntry) -> str | None:
    """Return why an entry does not count, None if it does."""
    fault = verdict_on(file, one).fault
    return fault.code if fault else None


def counted(file: CaseFile) -> Iterable[CaseEntry]:
    """Return the entries that count, in order."""
    return (judged.entry for judged in file.story if judged.fault is None)
