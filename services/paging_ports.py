"""What the notifier needs from outside to reach people, as Protocols."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from schemas.pages import Capabilities, Dispatch, Health, Inbound, Medium, PartResult
from schemas.records import CallRow

Hear = Callable[[Inbound], Awaitable[None]]
"""Keeps what came back; once it returns, it is durable.

An adapter awaits it before it confirms to the far side. ``UnavailableError`` means: not kept; do not confirm, so that
the far side sends again.
"""


class Calls(Protocol):
    """Calls by telephone about events, made by us or by a source to us."""

    def note(self, envelope_id: str, row: CallRow) -> None:
        """Keep one; the same record again changes nothing. The event need not be here (yet)."""


class Pager(Protocol):
    """One configured way to reach people. Opens nothing before ``running``."""

    @property
    def name(self) -> str:
        """As configured, unique in this node, e.g. ``mobile-smpp``."""

    @property
    def medium(self) -> Medium:
        """What it reaches people by."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""

    def running(self, hear: Hear) -> AbstractAsyncContextManager[None]:
        """Keep the link for as long as the block lasts, reconnecting by itself; what comes back goes to ``hear``.

        A far side that is down or refuses us is no error here: ``health`` says it.
        """

    async def submit(self, dispatch: Dispatch) -> tuple[PartResult, ...]:
        """Hand one page over; one result for each of ``dispatch.parts``, or one for the whole.

        Expected outcomes are values. What the far side answered too late may have gone out all the same:
        then the result is ``Refused(TEMPORARY, code="timeout")``.
        """

    def health(self) -> Health:
        """Return how the link is doing now."""
