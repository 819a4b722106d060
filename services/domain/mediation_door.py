"""What is judged about a case event by itself, at both ends: to whom it goes, what it names, whether it may be at all.

Source: docs/mediation.md, sections "At the door" and "Two writers"
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from schemas.base import Event, InformationClass
from schemas.cases import SEEN_MAX
from schemas.envelope import Header, Ref, RefRelation
from schemas.errors import Fault
from schemas.governance.mediation import CaseEvent, CaseRegistered
from schemas.governance.mediation_parts import OutOfScope, Screening

ADDRESSES: Final[Mapping[OutOfScope, str]] = {
    OutOfScope.BOUNDARY_LINE: "行政区域界线争议：由双方人民政府协商，协商不成的报共同的上一级人民政府（民政部门）处理",
    OutOfScope.OWNERSHIP: "土地、林木林地的所有权和使用权归属：由有权的人民政府处理；使用和补偿问题可以调解",
    OutOfScope.CRIMINAL: "涉嫌犯罪：公安机关",
    OutOfScope.IN_COURT: "法院已经受理：受理该案的人民法院",
    OutOfScope.LABOUR_PROCEDURE: "劳动争议：劳动争议调解组织或者劳动人事争议仲裁委员会",
    OutOfScope.PARTY_REFUSED: "一方明确拒绝调解：仲裁、行政、诉讼等途径",
    OutOfScope.NO_DISPUTE: "不属于民间纠纷：有关主管部门",
}
"""Where to go instead, in the words of an officer."""


@dataclass(frozen=True, slots=True)
class Carriage:
    """What a header, or what is to become one, says of a case event."""

    source: str
    to: tuple[str, ...]
    information_class: InformationClass
    refs: tuple[Ref, ...]

    @classmethod
    def of(cls, header: Header) -> "Carriage":
        """Read a header."""
        return cls(header.source, header.to, header.information_class, header.refs)


def judge_case_event(event: Event | None, carriage: Carriage) -> Fault | None:
    """Tell why an event of a case cannot stand, whatever the case; None if it can, or is of no case.

    Args:
        event: Its content, parsed.
        carriage: What its header says.
    """
    if not isinstance(event, CaseEvent):
        return None
    if len(carriage.to) != 1:
        return Fault("case.audience", "to", "a case is between two counties: address the other one alone")
    strict = event.information_class is InformationClass.PERSONAL
    if carriage.information_class is InformationClass.PUBLIC or (
        strict and carriage.information_class is not InformationClass.PERSONAL
    ):
        mend = f"this type goes as `{event.information_class.value}`; leave `class` out"
        return Fault("case.class", "class", mend)
    if isinstance(event, CaseRegistered):
        return _judge_registration(event, carriage)
    return _judge_refs(carriage.refs)


def seen_in(refs: Iterable[Ref]) -> tuple[str, ...]:
    """Return the entries that an event names as the newest its writer had seen, ascending."""
    return tuple(sorted(ref.id for ref in refs if ref.rel is RefRelation.REPLIES))


def thread_refs(case_id: str, seen: Iterable[str]) -> tuple[Ref, ...]:
    """Return the references that put an event into a case."""
    replies = tuple(Ref(rel=RefRelation.REPLIES, id=one) for one in sorted(seen))
    return (Ref(rel=RefRelation.CASE, id=case_id), *replies)


def out_of_scope(screening: Screening) -> OutOfScope | None:
    """Return why mediation is the wrong address, None if it is the right one."""
    return next((OutOfScope(name) for name, said in screening.model_dump().items() if said), None)


def _judge_registration(event: CaseRegistered, carriage: Carriage) -> Fault | None:
    reason = out_of_scope(event.screening)
    if reason is not None:
        return Fault("case.out_of_scope", f"content.screening.{reason.value}", f"not by mediation. {ADDRESSES[reason]}")
    counties = {one.county for one in event.parties}
    if counties != {carriage.source, carriage.to[0]}:
        mend = f"the parties are of {', '.join(sorted(counties))}; these two counties write the case, nobody else"
        return Fault("case.audience", "to", mend)
    if any(ref.rel in (RefRelation.CASE, RefRelation.REPLIES) for ref in carriage.refs):
        return Fault("case.refs", "refs", "a registration begins a case: leave `case` and `replies` out")
    return None


def _judge_refs(refs: tuple[Ref, ...]) -> Fault | None:
    named = [ref.id for ref in refs if ref.rel is RefRelation.CASE]
    if len(named) != 1:
        return Fault("case.refs", "refs", "name the event that registered the case, once, as `case`")
    seen = seen_in(refs)
    if not 1 <= len(seen) <= SEEN_MAX or len(set(seen)) != len(seen):
        return Fault("case.refs", "refs", f"name the newest entries you saw as `replies`, 1 to {SEEN_MAX}, each once")
    return None
