"""When is an event published again that a recipient has not proved to have? Pure: facts and times in, what is due out.

A chain that one recipient owes receipts for is looked at as a whole. As long as receipts come, nobody is hurried; once
none has come for half a minute, the first events without a receipt are published again, then less often and fewer, up
to every ten minutes. A sign of life makes it due sooner, but not more often than twice a minute.

Source: docs/decisions/0018-prove-completeness.md, docs/protocol.md, section "Completeness".
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from schemas.completeness import Owing

FIRST_SECONDS: Final = 30.0
CAP_SECONDS: Final = 600.0
AFTER_CONTACT_SECONDS: Final = 30.0
"""A sign of life makes a chain due again, but never sooner than that after it was published again."""
_AFTER_CONTACT_SHARE: Final = 4
"""Nor sooner than a quarter of its wait: who lives and never receipts must not get everything with every beacon."""
AFTER_PROGRESS_SECONDS: Final = 5.0
"""Receipts came for what was published again: what is owed next waits no longer than that."""
WINDOW_MOST: Final = 100
WINDOW_LEAST: Final = 4
RUN_MOST: Final = 500
"""Events of one run, whoever they are for."""

Pair = tuple[int, str]
"""Number of a chain of ours, and a recipient."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one recipient has been waited for on one chain. Times are seconds of a clock that never goes back.

    Attributes:
        first_seq: The first sequence that it owed when it was last looked at.
        attempt: How often that was published again.
        last_at: When it was published again last, or first seen.
        due_at: When it is due.
    """

    first_seq: int
    attempt: int
    last_at: float
    due_at: float


@dataclass(frozen=True, slots=True)
class Resend:
    """What is to be published again: the first ``count`` events of a chain that a recipient owes receipts for."""

    chain_number: int
    recipient: str
    first_seq: int
    count: int


def backoff(attempt: int, jitter: float, first_seconds: float = FIRST_SECONDS) -> float:
    """Return how many seconds to wait: ``first_seconds``, doubled with every attempt up to the cap, ±25 %.

    Args:
        attempt: How often it was published again already.
        jitter: From 0 to 1, so that those who failed together do not come back together.
        first_seconds: The first wait.
    """
    doubled: float = min(CAP_SECONDS, first_seconds * 2.0 ** min(attempt, 16))
    return doubled * (0.75 + jitter / 2)


def window(attempt: int) -> int:
    """Return how many events of one chain are published again at once: half as many each time nothing came of it."""
    return max(WINDOW_LEAST, WINDOW_MOST >> min(attempt, 16))


def looked_at(
    known: Mapping[Pair, Patience], owing: Iterable[Owing], *, now: float, jitter: float, first_seconds: float
) -> dict[Pair, Patience]:
    """Return the patience with everybody who owes something now; who owes nothing is forgotten.

    Args:
        known: As it was left.
        owing: Who owes what now.
        now: Seconds.
        jitter: From 0 to 1.
        first_seconds: The first wait.
    """
    found: dict[Pair, Patience] = {}
    for one in owing:
        pair = one.chain_number, one.recipient
        before = known.get(pair)
        if before is not None and before.first_seq == one.first_seq:
            found[pair] = before
            continue
        wait = AFTER_PROGRESS_SECONDS if before is not None and before.attempt else backoff(0, jitter, first_seconds)
        found[pair] = Patience(one.first_seq, 0, now, now + wait)
    return found


def woken(patience: Mapping[Pair, Patience], counties: Iterable[str], now: float) -> dict[Pair, Patience]:
    """Return the patience after a sign of life of ``counties``: what was published again before is due soon."""
    alive = frozenset(counties)
    return {pair: _woken(one, now) if pair[1] in alive and one.attempt else one for pair, one in patience.items()}


def _woken(one: Patience, now: float) -> Patience:
    wait = max(AFTER_CONTACT_SECONDS, (one.due_at - one.last_at) / _AFTER_CONTACT_SHARE)
    return replace(one, due_at=min(one.due_at, max(now, one.last_at + wait)))


def due(patience: Mapping[Pair, Patience], now: float, most: int = RUN_MOST) -> list[Resend]:
    """Return what is to be published again now, at most ``most`` events, the longest waiting first.

    Every recipient has the same share, so that one who is away starves nobody; what finds no room stays due.
    """
    by_recipient: dict[str, list[tuple[Pair, Patience]]] = {}
    for pair, one in sorted(patience.items(), key=lambda item: (item[1].due_at, item[0])):
        if one.due_at <= now:
            by_recipient.setdefault(pair[1], []).append((pair, one))
    share = max(WINDOW_LEAST, most // max(1, len(by_recipient)))
    found = [resend for waiting in by_recipient.values() for resend in _within(share, waiting)]
    return list(_first(found, most))


def _within(share: int, waiting: Sequence[tuple[Pair, Patience]]) -> list[Resend]:
    found: list[Resend] = []
    for (chain, recipient), one in waiting:
        count = min(share, window(one.attempt))
        if count == 0:
            break
        share -= count
        found.append(Resend(chain, recipient, one.first_seq, count))
    return found


def _first(resends: Iterable[Resend], most: int) -> Iterable[Resend]:
    for one in resends:
        if one.count > most:
            return
        most -= one.count
        yield one


def resent(one: Patience, *, now: float, jitter: float, first_seconds: float) -> Patience:
    """Return the patience after its events were published again."""
    attempt = one.attempt + 1
    return Patience(one.first_seq, attempt, now, now + backoff(attempt, jitter, first_seconds))
