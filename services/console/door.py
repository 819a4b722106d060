"""``Door``: the one thing that pages hold to let people in, and to put on record what they do."""

from dataclasses import dataclass
from typing import Self

from services.console.accounts import Accounts
from services.console.enrolling import Enrolling
from services.console.entering import Entering
from services.console.lobby import Lobby, write_act
from services.console.proving import Proving
from services.console.tokens import Tokens
from services.console.visitor import Visitor
from services.ports import Clock, Store


class AuditLog:
    """Every act of a person in the console becomes a line of the log, bound to the one before."""

    def __init__(self, store: Store, clock: Clock) -> None:
        """Take ready-made ports; open nothing."""
        self._store, self._clock = store, clock

    async def note(self, by: Visitor, act: str, about: str = "", note: str = "") -> None:
        """Put on record what a visitor has done; it is durable when this returns.

        Args:
            by: Who.
            act: ``family.verb_done``, e.g. ``event.submitted``.
            about: On what, e.g. an envelope id; at most 128 characters are kept.
            note: A few plain words, never content; at most 200 characters are kept.

        Raises:
            UnavailableError: It cannot be written now.
        """
        now = self._clock.now()
        await self._store.write(lambda tx: write_act(tx, by.officer, act, about, note, now=now))


@dataclass(frozen=True, slots=True)
class Door:
    """Attributes are the services; see each."""

    entering: Entering
    enrolling: Enrolling
    accounts: Accounts
    tokens: Tokens
    proving: Proving
    audit: AuditLog

    @classmethod
    def of(cls, lobby: Lobby) -> Self:
        """Make them of the same ports."""
        return cls(
            Entering(lobby),
            Enrolling(lobby),
            Accounts(lobby),
            Tokens(lobby),
            Proving(lobby),
            AuditLog(lobby.store, lobby.clock),
        )
