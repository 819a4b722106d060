"""Protected counts over more than one release: what does a second report give away of the first?

One report alone is judged by its own model. Two reports of the same people — a correction, or the
same period by other dimensions — are joined here and attacked as one table.

Limit, stated in docs/events.md: more than two releases are judged pair by pair, and a quarter is
not compared with its months.

Source: docs/decisions/0005-guard-people-first.md
"""

from collections.abc import Iterable

from schemas.errors import Fault
from schemas.information.margins import conclude, merge, order_of
from schemas.information.population import VALUES, PopulationFlowReported, hidden_places, knowledge_of


def judge_releases(report: PopulationFlowReported, earlier: Iterable[PopulationFlowReported]) -> Fault | None:
    """Tell whether a report, beside one released before, leaves a hidden count open.

    Args:
        report: About to be released.
        earlier: Reports released before; those of other people or periods are passed over.
    """
    for other in earlier:
        if _same_people(report, other) and (fault := _judge_pair(report, other)):
            return fault
    return None


def _same_people(one: PopulationFlowReported, other: PopulationFlowReported) -> bool:
    return all(
        getattr(one, field) == getattr(other, field)
        for field in ("period", "period_start", "origin_adcode", "destination_adcode")
    )


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
