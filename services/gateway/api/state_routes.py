"""The part of the route table about the node itself, as one JSON answer: what its keeper looks at first."""

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from schemas.access import Scope
from schemas.base import Model, WireTime
from services.gateway.api.calls import Call, reply
from services.gateway.api.route import BASE, Route
from services.gateway.desk import Desk
from services.gateway.meters import Facts, read_facts


class NodeState(Model):
    """The node at one moment."""

    at: WireTime
    version: str
    checks: Mapping[str, bool]
    """Whether each thing that the node needs is there."""
    free_mib: int | None
    """Free on the disk of the database; null where nobody can tell."""
    counts: Mapping[str, int]
    """As /metrics names them, e.g. ``held_back``, ``notices_open``, ``waiting``, ``quarantined``."""
    search_indexed: int
    """Blocks of 256 positions whose words are indexed."""
    search_blocks: int
    files_arriving: int
    uploads_open: int
    cap_held: int
    pages_waiting: int
    sms_held: int
    escalations_open: int
    escalations_exhausted: int
    live_clients: int
    feeds: Mapping[str, bool]
    """Whether the last round of each CAP feed went well."""


async def get_state(desk: Desk, call: Call) -> web.StreamResponse:  # noqa: ARG001 - every handler has one shape
    """Tell how the node is doing."""
    gateway = desk.gateway
    facts = await gateway.store.read(read_facts)
    return reply(_state(desk, facts))


def _state(desk: Desk, facts: Facts) -> NodeState:
    gateway = desk.gateway
    node = gateway.facts
    return NodeState(
        at=gateway.clock.now(),
        version=node.version,
        checks=dict(node.ready()),
        free_mib=node.free_mib() if node.free_mib is not None else None,
        counts=dict(facts.counts),
        search_indexed=facts.search.indexed,
        search_blocks=facts.search.blocks,
        files_arriving=facts.files.arriving,
        uploads_open=facts.files.uploads,
        cap_held=facts.cap.held,
        pages_waiting=facts.paging.waiting,
        sms_held=facts.paging.held,
        escalations_open=facts.paging.open,
        escalations_exhausted=facts.paging.exhausted,
        live_clients=desk.live.open_count,
        feeds=dict(gateway.cap.feeds()) if gateway.cap else {},
    )


STATE: Final = (
    Route(
        "GET",
        f"{BASE}/node",
        "show_node",
        "Show how this node is doing: its checks, disk, what waits, how far the index has come.",
        get_state,
        Scope.OPERATE,
        NodeState,
    ),
)
