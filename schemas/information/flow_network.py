"""A network of flows between bounds: how small and how large can each one be?

Flows are integers, every node passes on exactly what it receives, and each flow lies in a known
interval. The answers are exact to the integer, because such networks are totally unimodular.

Source: the circulation theorem of Hoffman (1960); shortest augmenting paths after Edmonds and Karp.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final

Interval = tuple[int, int]
"""Smallest and largest possible count, both included."""

MOST: Final = 100_000_000
"""No county counts more; the upper end of what is not known at all."""

UNKNOWN: Final[Interval] = (0, MOST)


class Network:
    """Counts as arcs between named nodes; every node passes on what it receives."""

    def __init__(self) -> None:
        """Begin without nodes."""
        self._nodes: dict[str, int] = {}
        self._edges: list[list[int]] = []  # node -> edges leaving it; edge ^ 1 is its reverse
        self._heads: list[int] = []
        self._room: list[int] = []
        self._arcs: list[tuple[int, Interval]] = []

    def add(self, tail: str, head: str, known: Interval) -> int:
        """Add a count and what is known of it; return its number."""
        low, high = known
        edge = self._edge(self._node(tail), self._node(head), high - low)
        self._arcs.append((edge, known))
        return len(self._arcs) - 1

    def bounds(self, wanted: Iterable[int]) -> list[Interval] | None:
        """Return what can be concluded of some counts; None if the known intervals contradict each other."""
        if not self._balance():
            return None
        return [self._bounds_of(arc) for arc in wanted]

    def _node(self, name: str) -> int:
        if name not in self._nodes:
            self._nodes[name] = len(self._edges)
            self._edges.append([])
        return self._nodes[name]

    def _edge(self, tail: int, head: int, room: int) -> int:
        edge = len(self._heads)
        self._heads += [head, tail]
        self._room += [room, 0]
        self._edges[tail].append(edge)
        self._edges[head].append(edge + 1)
        return edge

    def _balance(self) -> bool:
        """Find one circulation: send every lower end through a source and a drain of their own."""
        source, drain = self._node("\x00source"), self._node("\x00drain")
        surplus = [0] * len(self._edges)
        for edge, (low, _) in self._arcs:
            surplus[self._heads[edge]] += low
            surplus[self._heads[edge ^ 1]] -= low
        first = len(self._heads)
        for node, extra in enumerate(surplus):
            if extra > 0:
                self._edge(source, node, extra)
            elif extra < 0:
                self._edge(node, drain, -extra)
        wanted = sum(extra for extra in surplus if extra > 0)
        found = self._push(source, drain, wanted, self._room)
        self._room[first:] = [0] * (len(self._room) - first)
        return found == wanted

    def _bounds_of(self, arc: int) -> Interval:
        edge, (low, high) = self._arcs[arc]
        tail, head = self._heads[edge ^ 1], self._heads[edge]
        flow = low + self._room[edge ^ 1]
        room = list(self._room)
        room[edge] = room[edge ^ 1] = 0
        less = self._push(tail, head, flow - low, list(room))
        more = self._push(head, tail, high - flow, room)
        return flow - less, flow + more

    def _push(self, start: int, end: int, limit: int, room: list[int]) -> int:
        """Push up to ``limit`` from start to end by shortest augmenting paths; ``room`` is used up."""
        pushed = 0
        while pushed < limit:
            path = self._path(start, end, room)
            if not path:
                break
            amount = min(limit - pushed, *(room[edge] for edge in path))
            for edge in path:
                room[edge] -= amount
                room[edge ^ 1] += amount
            pushed += amount
        return pushed

    def _path(self, start: int, end: int, room: Sequence[int]) -> list[int]:
        came_by = {start: -1}
        queue = deque([start])
        while queue and end not in came_by:
            node = queue.popleft()
            for edge in self._edges[node]:
                head = self._heads[edge]
                if room[edge] > 0 and head not in came_by:
                    came_by[head] = edge
                    queue.append(head)
        return self._walk_back(end, came_by) if end in came_by else []

    def _walk_back(self, end: int, came_by: dict[int, int]) -> list[int]:
        path, node = [], end
        while (edge := came_by[node]) >= 0:
            path.append(edge)
            node = self._heads[edge ^ 1]
        return path
