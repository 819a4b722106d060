"""Protected counts over more than one release: what does a second report give away of the first?

One report alone is judged by its own model. Two reports of the same people — a correction, or the
same period by other dimensions — are joined here and attacked as one table.

Limit, stated in docs/events.md: more than two releases are judged pair by pair, and a quarter is
not compared with its months.

Source: docs/decisions/0005-guard-people-first.md
"""

from collections.abc import Iterable
from typing import Final

from schemas.errors import Fault
from schemas.information.margins import conclude, merge, order_of
from schemas.information.population import VALUES, PopulationFlowReported, hidden_places, knowledge_of
from schemas.records import FlowPeople, StoredEvent
from services.domain.reading import event_in

MOST_RELEASES: Final = 8
"""Of the same people: every further one tells more, and each is judged beside all before it."""


def judge_releases(report: PopulationFlowReported, earlier: Iterable[PopulationFlowReported]) -> Fault | None:
    """Tell whether a report, beside one released before, leaves a hidden count open.

    Args:
        report: About to be released.
        earlier: Reports released before; those of other people or periods are passed over.
    """
    same = [other for other in earlier if people_of(other) == people_of(report)]
    if len(same) >= MOST_RELEASES:
        mend = f"{len(same)} reports of these people are out already; no more are released"
        return Fault("content.rule", "content.period_start", mend)
    return next((fault for other in same if (fault := _judge_pair(report, other))), None)


def people_of(report: PopulationFlowReported) -> FlowPeople:
    """Return whom a report counts."""
    return FlowPeople(report.period, report.period_start, report.origin_adcode, report.destination_adcode)


def reports_of(events: Iterable[StoredEvent]) -> list[PopulationFlowReported]:
    """Read stored reports again; one that today's model cannot read is passed over."""
    found = (event_in(one) for one in events)
    return [one for one in found if isinstance(one, PopulationFlowReported)]


def _judge_pair(report: PopulationFlowReported, other: PopulationFlowReported) -> Fault | None:
    known = merge((knowledge_of(report), knowledge_of(other)))
    hidden = hidden_places(report) | hidden_places(other)
    if known is None or not hidden:
        return None  # corrected figures contradict the earlier ones, so nothing follows from both
    found = conclude(known, order_of(report.dimensions, other.dimensions), VALUES, hidden)
    k = max(report.method.k, other.method.k)
    if found is None or all(high - low + 1 >= k for low, high in found):
        return None
    mend = "with the report released before, a hidden count can be computed; hide the same counts again, or a total"
    return Fault("content.rule", "content.cells", mend)
