"""The thread of a case: two chains of entries that name what their writers had seen, and one story that follows.

Whoever holds the same entries tells the same story, in whatever order they came. Entries are put in an order that
causality permits; of several that could be next the leading county's is. A gate counts only if its writer had seen
everything that the other county had written by then. Of two gates that did not see each other the first one in this
order counts, if table and rules let it.

Source: docs/decisions/0034-let-two-counties-write-one-case.md
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from operator import and_
from typing import Final

from schemas.cases import CaseEntry, CaseStage
from schemas.errors import Fault
from services.domain.mediation import GATES
from services.domain.mediation_rules import judge_entry
from services.domain.mediation_state import CaseState, advance

_UNSEEN: Final = Fault(
    "case.head_unseen",
    "refs",
    "its writer had not seen everything that the other county had written: look, and try again",
)
_TAKEN: Final = Fault("case.gate_taken", "refs", "another step was taken at the same time, and that one counts")


@dataclass(frozen=True, slots=True)
class Judged:
    """An entry in its place of the story.

    Attributes:
        fault: Why it does not count; None if it does.
        stage: Of the case behind it.
        settled: The other county has followed it and everything before it: no entry that is not here can change it.
    """

    entry: CaseEntry
    fault: Fault | None
    stage: CaseStage
    settled: bool


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case as it follows from the entries that are here.

    Attributes:
        state: What has become of it.
        story: Entries in order, those that do not count, too.
        heads: Ids of the newest entries, ascending: what the next entry names.
        waiting: Entries whose predecessors are not here: no part of the story yet.
    """

    case_id: str
    state: CaseState
    story: tuple[Judged, ...]
    heads: tuple[str, ...]
    waiting: tuple[CaseEntry, ...]


@dataclass(slots=True)
class _Graph:
    """Entries by number, and what each has in its past, as bits."""

    entries: list[CaseEntry]
    pasts: list[int] = field(default_factory=list)

    def concurrent(self, one: int) -> Iterable[int]:
        """Return who neither follows nor is followed."""
        bit = 1 << one
        for other, past in enumerate(self.pasts):
            if other != one and not self.pasts[one] >> other & 1 and not past & bit:
                yield other


def replay(case_id: str, entries: Iterable[CaseEntry]) -> CaseFile:
    """Tell the story of a case.

    Args:
        case_id: Which.
        entries: Everything that is here of it, in any order, each once. What others than its two counties wrote is
            passed over: nobody could have both of them see it.
    """
    by_id = {one.envelope_id: one for one in entries}
    begun = by_id.get(case_id)
    counties = {one.county for one in begun.facts.parties} if begun is not None else set()
    known = {at: one for at, one in by_id.items() if begun is None or one.county in counties}
    graph, waiting = _graph_of(case_id, known)
    state = CaseState()
    left, story, told = list(range(len(graph.entries))), list[int](), 0
    faults: dict[int, Fault | None] = {}
    stages: dict[int, CaseStage] = {}
    while left:
        number = _next(graph, left, told, state.lead)
        left.remove(number)
        told |= 1 << number
        entry = graph.entries[number]
        fault = _judge(graph, number, faults, state)
        state = state if fault else advance(state, entry)
        faults[number], stages[number] = fault, state.stage
        story.append(number)
    firm = accumulate((_is_followed(graph, at) for at in story), and_)
    judged = tuple(
        Judged(graph.entries[at], faults[at], stages[at], settled) for at, settled in zip(story, firm, strict=True)
    )
    return CaseFile(case_id, state, judged, _heads(graph), waiting)


def _graph_of(case_id: str, by_id: dict[str, CaseEntry]) -> tuple[_Graph, tuple[CaseEntry, ...]]:
    """Put entries behind their predecessors; whoever has none here, or stands in a circle, waits."""
    graph, numbers = _Graph([]), dict[str, int]()
    left = sorted(by_id.values(), key=lambda one: one.envelope_id)
    while True:
        ready = [one for one in left if _is_rooted(one, case_id) and all(seen in numbers for seen in one.seen)]
        if not ready:
            return graph, tuple(left)
        for one in ready:
            past = 0
            for seen in one.seen:
                past |= graph.pasts[numbers[seen]] | 1 << numbers[seen]
            numbers[one.envelope_id] = len(graph.entries)
            graph.entries.append(one)
            graph.pasts.append(past)
        left = [one for one in left if one.envelope_id not in numbers]


def _is_rooted(entry: CaseEntry, case_id: str) -> bool:
    """Tell whether an entry begins the case, or follows something."""
    return bool(entry.seen) != (entry.envelope_id == case_id)


def _next(graph: _Graph, left: Sequence[int], told: int, lead: str) -> int:
    ready = [at for at in left if graph.pasts[at] & ~told == 0]
    return min(ready, key=lambda at: (graph.entries[at].county != lead, graph.entries[at].envelope_id))


def _judge(graph: _Graph, number: int, faults: dict[int, Fault | None], state: CaseState) -> Fault | None:
    entry = graph.entries[number]
    if entry.facts.act in GATES:
        for other in graph.concurrent(number):
            if graph.entries[other].facts.act not in GATES:
                return _UNSEEN
            if other in faults and faults[other] is None:
                return _TAKEN
    return judge_entry(state, entry)


def _is_followed(graph: _Graph, number: int) -> bool:
    county, bit = graph.entries[number].county, 1 << number
    return any(past & bit and entry.county != county for entry, past in zip(graph.entries, graph.pasts, strict=True))


def _heads(graph: _Graph) -> tuple[str, ...]:
    followed = 0
    for past in graph.pasts:
        followed |= past
    return tuple(sorted(one.envelope_id for at, one in enumerate(graph.entries) if not followed >> at & 1))
