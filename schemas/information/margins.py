"""What an attacker can compute from tables with hidden counts: solved as a flow.

A table with two axes and its totals is a network: every row receives its total and passes it on to
its columns, and every column passes on what it receives. A count is the flow along one arc, and
what is known of it is an interval. Two tables of the same people join in the axis that they share,
or in their grand total, so the attack on both is one network again.

Source: the questions are those of Fellegi (1972) and Cox (1980) on disclosure in published tables.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise, product

from schemas.information.flow_network import UNKNOWN, Interval, Network

Place = frozenset[tuple[str, str]]
"""Which count: its value on each axis that it is not a total over; the empty set is the grand total."""

Knowledge = Mapping[Place, Interval]

GRAND: Place = frozenset()


def merge(tables: Iterable[Knowledge]) -> dict[Place, Interval] | None:
    """Return what several tables tell together; None if they contradict each other outright."""
    merged: dict[Place, Interval] = {}
    for table in tables:
        for place, (low, high) in table.items():
            held_low, held_high = merged.get(place, UNKNOWN)
            merged[place] = (max(low, held_low), min(high, held_high))
    return merged if all(low <= high for low, high in merged.values()) else None


def order_of(first: Sequence[str], second: Sequence[str] = ()) -> list[str | None]:
    """Return the axes of one or two tables as one chain in which neighbours share a table; None is the grand total."""
    shared = [axis for axis in first if axis in second]
    if len(shared) == len(second):
        return [None, *first]
    if not shared:
        return [None, *first, None, *second]
    left = [axis for axis in first if axis not in shared]
    right = [axis for axis in second if axis not in shared]
    return [None, *left, *shared, *right]


def conclude(
    known: Knowledge, order: Sequence[str | None], values: Mapping[str, Sequence[str]], asked: Iterable[Place]
) -> list[Interval] | None:
    """Return the smallest interval that each asked count must lie in; None if what is known contradicts itself.

    Args:
        known: Counts and totals; what is missing is not known.
        order: From ``order_of``.
        values: Every value of every axis.
        asked: Counts of the tables.
    """
    network = Network()
    arcs: dict[Place, int] = {}
    layers = [_layer(axis, values) for axis in order]
    for number, layer in enumerate(layers):
        for place in layer:
            arcs[place] = network.add(
                _node(number, place, "in"), _node(number, place, "out"), known.get(place, UNKNOWN)
            )
    numbered = list(enumerate(layers))
    for (here, left), (there, right) in pairwise([*numbered, numbered[0]]):
        for one, other in product(left, right):
            place = one | other
            is_inner = one != GRAND != other
            interval = known.get(place, UNKNOWN) if is_inner else UNKNOWN
            arc = network.add(_node(here, one, "out"), _node(there, other, "in"), interval)
            if is_inner:
                arcs[place] = arc
    return network.bounds([arcs[place] for place in asked])


def _layer(axis: str | None, values: Mapping[str, Sequence[str]]) -> list[Place]:
    return [GRAND] if axis is None else [frozenset({(axis, value)}) for value in values[axis]]


def _node(layer: int, place: Place, side: str) -> str:
    return f"{layer} {sorted(place)} {side}"
