"""One of a hub's three servers judges its own copies of the streams. Pure: counts in, what is to be done out.

nats-server says nothing when a file of a copy was damaged: at its next start the damaged part is gone, the copy
counts as current, and the server as healthy. But an event stream is appended to and expires from its beginning, so
between its first and its last number nothing may be missing; and what the leading copy still has no other may lack.

Source: docs/decisions/0027-repair-the-hubs-streams.md
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final

from schemas.hub_copies import StreamCopy

_FROM: Final = 1 / 6
_TO: Final = 2 / 3  # of a turn: the leader needs a while to notice that the server before is away


class Step(StrEnum):
    """What a server does about its copies."""

    NOTHING = "nothing"
    WAIT = "wait"
    """One is damaged, but the others cannot do without this server now, or have no better copy."""
    HAND_OVER = "hand_over"
    """One that this server leads is damaged: start again, so that another one leads."""
    REFILL = "refill"
    """Another server leads and has everything: throw the copies away, and take them from there."""


def damaged(own: Mapping[str, StreamCopy], leading: Mapping[str, StreamCopy]) -> frozenset[str]:
    """Return the streams whose copy here lacks something.

    Args:
        own: This server's copies, as they were a while before ``leading`` was asked: what has expired meanwhile is
            missing nowhere. One that nats-server could not recover is not among them.
        leading: The leaders' own copies.
    """
    return frozenset(stream for stream, led in leading.items() if stream not in own or lacking(own[stream], led))


def lacking(copy: StreamCopy | None, led: StreamCopy) -> int:
    """Return how many messages a copy lacks that it should have; all, if it is not there."""
    if copy is None:
        return led.messages
    beginning = max(0, copy.first - led.first) if copy.messages and led.messages else 0
    return copy.missing + beginning


def step(server: str, bad: Collection[str], leading: Mapping[str, StreamCopy]) -> Step:
    """Return what ``server`` is to do about its copies now.

    Args:
        server: This server's name.
        bad: The streams whose copy here lacks something.
        leading: Of every event stream.
    """
    if not bad:
        return Step.NOTHING
    if any(not one.leader or set(one.behind) - {server} for one in leading.values()):
        return Step.WAIT
    if any(leading[stream].leader == server for stream in bad):
        return Step.HAND_OVER
    return Step.WAIT if any(leading[stream].missing for stream in bad) else Step.REFILL


def is_turn(server: str, servers: Collection[str], now: float, turn_seconds: float) -> bool:
    """Tell whether it is this server's turn: two that throw their copies away at once leave one without a majority.

    Args:
        server: This server's name.
        servers: The names of all.
        now: Seconds of a clock that all of them share, well within half a turn.
        turn_seconds: How long a turn is.
    """
    turn, passed = divmod(now, turn_seconds)
    return sorted(servers)[int(turn) % len(servers)] == server and _FROM <= passed / turn_seconds < _TO
