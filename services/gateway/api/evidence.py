"""Handler: one event as an evidence file."""

import asyncio
from collections.abc import Sequence
from typing import Final

from aiohttp import web

from schemas.envelope import Envelope
from schemas.errors import Fault, NotFoundError, RequestError
from schemas.evidence import ANCESTORS_MAX, LINKS_MAX
from schemas.records import KeptLink
from services.domain.evidence_changes import ends_above
from services.domain.evidence_choosing import Gathered
from services.domain.evidence_opening import spell
from services.domain.evidence_writing import write_evidence
from services.domain.trust import Trust
from services.gateway.api.asked import EventPath, EvidenceQuery
from services.gateway.api.calls import JSON, Call
from services.gateway.desk import Desk
from services.ports import Snapshot

LEFT_OUT: Final = "Sihu-Receipts-Left-Out"
"""How many receipts and records of release could not go in; see ``services.domain.evidence_writing.Written``."""


async def get_evidence(desk: Desk, call: Call) -> web.StreamResponse:
    """Export one event with everything that proves it."""
    envelope_id, asked = call.path_as(EventPath).id, call.query_as(EvidenceQuery)
    trust, papers = desk.gateway.directory.trust(), desk.gateway.directory.papers()
    gathered = await desk.gateway.store.read(lambda snapshot: gather(snapshot, envelope_id, asked.links, trust))
    # In a thread: every signature of a large registry is verified, and that must not hold up an alert.
    written = await asyncio.to_thread(write_evidence, gathered, papers, with_content=asked.content)
    if isinstance(written, Fault):
        raise RequestError(written)
    headers = {
        "Content-Disposition": f'attachment; filename="evidence-{envelope_id[:10]}.json"',
        LEFT_OUT: str(written.left_out),
    }
    return web.Response(body=spell(written.evidence), content_type=JSON, headers=headers)


def gather(snapshot: Snapshot, envelope_id: str, links_before: int, trust: Trust) -> Gathered:
    """Read what is held about one event.

    Args:
        snapshot: One consistent view.
        envelope_id: Of the event.
        links_before: How many links before it, at most; those behind it follow from its receipts.
        trust: What is known of the ends of keys: what lies between them and what they signed is gathered, too.

    Raises:
        NotFoundError: No such event is here.
    """
    event = snapshot.event(envelope_id)
    if event is None:
        raise NotFoundError(Fault("request.not_found", "id", "no such event is here; see GET /api/v1/events"))
    seq, rows = event.envelope.header.seq, snapshot.receipts(envelope_id)
    furthest = min(max((row.seq for row in rows), default=seq), seq + LINKS_MAX)
    receipts = [found.envelope for row in rows if (found := snapshot.event(row.envelope_id)) is not None]
    source = event.envelope.header.source
    told = [row.record_id for row in snapshot.releases.of_event(envelope_id) if row.source == source]
    releases = [found.envelope for one in told if (found := snapshot.event(one)) is not None]
    return Gathered(
        event=event.envelope,
        links=snapshot.links(event.chain_number, max(0, seq - links_before), furthest),
        heads=_heads(snapshot, event.chain_number, event.envelope.header.channel, event.envelope.header.epoch),
        receipts=receipts,
        ancestors=_ancestors(snapshot, (event.envelope, *receipts, *releases), trust),
        releases=releases,
    )


def _ancestors(snapshot: Snapshot, signed: Sequence[Envelope], trust: Trust) -> list[KeptLink]:
    spans: dict[tuple[str, str], tuple[int, int]] = {}
    for one in signed:
        for end in ends_above(one, trust):
            if end.seq - one.header.seq > ANCESTORS_MAX:
                continue  # more than one file holds
            first, last = spans.get((end.channel, end.epoch), (end.seq, end.seq))
            spans[end.channel, end.epoch] = min(first, one.header.seq), max(last, end.seq)
    found: list[KeptLink] = []
    room = ANCESTORS_MAX
    for (channel, epoch), (first, last) in spans.items():
        if last - first > room:
            continue  # the event comes first, then its receipts as they came, as far as one file holds them
        room -= last - first
        chain = snapshot.chain(channel, epoch)
        found += snapshot.links(chain.number, first, last) if chain is not None else []
    return found


def _heads(snapshot: Snapshot, number: int, channel: str, epoch: str) -> list[KeptLink]:
    chain = snapshot.chain(channel, epoch)
    return [] if chain is None else snapshot.links(number, chain.head.seq, chain.head.seq)
