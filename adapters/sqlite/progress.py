"""Deliveries read back from their ranges."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from adapters.sqlite.reached import (
    ACKNOWLEDGED,
    DECLINED,
    EXHAUSTED,
    HANDED_OVER,
    REFUSED,
    SELECT_SPANS,
    STORED,
    Ask,
    Reached,
    Span,
    next_owed,
    reached_at,
    spans_of,
)
from adapters.sqlite.values import moment, moment_or_none
from schemas.completeness import Owing
from schemas.records import Delivery

_SELECT_UNSETTLED: Final = """
    SELECT s.chain_number, s.recipient, s.up_to FROM settled AS s
    WHERE EXISTS (SELECT 1 FROM expectations AS e WHERE e.chain_number = s.chain_number AND e.last_seq > s.up_to)"""
_SELECT_SETTLED: Final = "SELECT recipient, up_to FROM settled WHERE chain_number = ?"
_SELECT_LAST_STORED: Final = """
    SELECT s.recipient, max((
        SELECT r.at FROM reached AS r
        WHERE r.chain_number = s.chain_number AND r.recipient = s.recipient AND r.fact = 'stored'
        ORDER BY r.first_seq DESC LIMIT 1
    )) FROM settled AS s GROUP BY s.recipient"""
_SELECT_RECORDED_AT: Final = "SELECT recorded_at FROM envelopes WHERE chain_number = ? AND seq = ?"


def deliveries_of(ask: Ask, chain: int, seq: int) -> list[Delivery]:
    """Return the deliveries of one event, by recipient."""
    spans = [span for span in spans_of(ask(SELECT_SPANS, (chain,))) if span.first <= seq <= span.last]
    recipients = sorted({recipient for span in spans for recipient in span.recipients})
    return [_delivery(ask, chain, seq, recipient) for recipient in recipients]


def _delivery(ask: Ask, chain: int, seq: int, recipient: str) -> Delivery:
    stored = reached_at(ask, chain, recipient, STORED, seq)
    handed_over = reached_at(ask, chain, recipient, HANDED_OVER, seq)
    acknowledged = reached_at(ask, chain, recipient, ACKNOWLEDGED, seq)
    refused = reached_at(ask, chain, recipient, REFUSED, seq)
    declined = reached_at(ask, chain, recipient, DECLINED, seq)
    return Delivery(
        recipient=recipient,
        stored_at=_at(stored),
        handed_over_at=_at(handed_over),
        acknowledged_at=_at(acknowledged),
        acknowledged_by=acknowledged.officer if acknowledged else None,
        answer=acknowledged.answer if acknowledged else None,
        refused_code=refused.code if refused else None,
        declined_at=_at(declined),
        declined_by=declined.officer if declined else None,
        declined_answer=declined.answer if declined else None,
        exhausted_at=_at(reached_at(ask, chain, recipient, EXHAUSTED, seq)),
    )


def _at(reached: Reached | None) -> datetime | None:
    return moment_or_none(reached.at if reached else None)


def settled_below(ask: Ask, chain: int) -> Callable[[int], bool]:
    """Return what tells of a sequence of one chain that it is expected and nothing is owed at or before it."""
    spans = spans_of(ask(SELECT_SPANS, (chain,)))
    settled = dict(ask(_SELECT_SETTLED, (chain,)))
    owed = [
        first
        for recipient, up_to in settled.items()
        if (first := next_owed((span for span in spans if recipient in span.recipients), up_to)) is not None
    ]
    end = min(owed, default=None)
    return lambda seq: any(span.first <= seq <= span.last for span in spans) and (end is None or seq < end)


def owing(ask: Ask) -> list[Owing]:
    """Return who owes *stored* for which chain of ours, by chain and recipient."""
    spans: dict[int, tuple[Span, ...]] = {}
    found: list[Owing] = []
    for chain, recipient, settled in sorted(ask(_SELECT_UNSETTLED, ())):
        if chain not in spans:
            spans[chain] = spans_of(ask(SELECT_SPANS, (chain,)))
        seq = next_owed((span for span in spans[chain] if recipient in span.recipients), settled)
        if seq is not None:
            found.append(Owing(chain, recipient, seq))
    return found


def oldest_unstored(ask: Ask) -> dict[str, datetime]:
    """Return, per recipient that owes *stored*, when the first such event of a chain was accepted, the earliest."""
    found: dict[str, datetime] = {}
    for one in owing(ask):
        at = moment(ask(_SELECT_RECORDED_AT, (one.chain_number, one.first_seq)).get)
        found[one.recipient] = min(at, found.get(one.recipient, at))
    return found


def last_stored(ask: Ask) -> dict[str, datetime]:
    """Return, per recipient, when it stored the newest event of a chain that it has proved, the latest."""
    return {recipient: moment(at) for recipient, at in ask(_SELECT_LAST_STORED, ()) if at is not None}
