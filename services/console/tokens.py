"""``Tokens``: what the administrator does with the tokens of programs.

None that is issued here is bound to an officer: who holds such a token answers in the officer's name, and the
administrator would have seen it. Nor does any allow more than the administrator may himself, who could issue it to
himself. Those are made by a command on the node's machine.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from schemas.access import Access, Scope
from schemas.consoles import AuditEntry
from schemas.errors import Fault
from schemas.officers import Role
from services.console.enrolling import NOT_YOURS
from services.console.lobby import Lobby, write_act
from services.console.visitor import Visitor
from services.domain.tokens import (
    LeftOver,
    judge_of_console,
    judge_scopes,
    left_over,
    new_access,
    with_token,
    without_token,
)
from services.ports import Snapshot

DAYS_MAX: Final = 3650
_ISSUED: Final = "token.issued"
_LINES_MAX: Final = 4096
"""So many lines about tokens that were issued are looked through; the list itself holds a quarter of that."""
Edit = Callable[[tuple[Access, ...]], tuple[Access, ...] | Fault]


@dataclass(frozen=True, slots=True)
class Issued:
    """The token is shown once; what is kept holds its digest alone."""

    token: str = field(repr=False)
    access: Access


class Tokens:
    """Issue, list, revoke."""

    def __init__(self, lobby: Lobby) -> None:
        """Take ready-made ports; open nothing."""
        self._lobby = lobby

    async def all(self, by: Visitor) -> tuple[Access, ...] | Fault:
        """Return every token, the newest first; revoked and expired ones too."""
        if Role.ADMINISTRATOR not in by.roles:
            return NOT_YOURS
        found = await asyncio.to_thread(self._lobby.tokens.read)
        return tuple(sorted(found, key=lambda one: one.issued_at, reverse=True))

    async def left_over(self, by: Visitor) -> tuple[LeftOver, ...] | Fault:
        """Return the tokens in force that were issued here, or may have been, and that would be issued here no more.

        They are shown, not cut: an alarm's source may hang on one, and only people know.
        """
        tokens = await self.all(by)
        if isinstance(tokens, Fault):
            return tokens

        def look(snapshot: Snapshot) -> tuple[list[AuditEntry], AuditEntry | None]:
            oldest = snapshot.console.audit(0, 1)
            return snapshot.console.audit_of(_ISSUED, _LINES_MAX), oldest[0] if oldest else None

        issued, oldest = await self._lobby.store.read(look)
        return left_over(tokens, issued, oldest, self._lobby.clock.now())

    async def issue(self, by: Visitor, name: str, scopes: Iterable[Scope], days: int) -> Issued | tuple[Fault, ...]:
        """Issue a token to a program; it counts at once."""
        if Role.ADMINISTRATOR not in by.roles:
            return (NOT_YOURS,)
        lobby, now, held = self._lobby, self._lobby.clock.now(), tuple(dict.fromkeys(scopes))
        if not 1 <= days <= DAYS_MAX:
            return (Fault("token.days", "days", f"take at most {DAYS_MAX}, and one at the least"),)
        fault = judge_scopes(held, None)
        if fault is not None:
            return (fault,)
        token = lobby.tokens.fresh()
        access = new_access(name, token, held, None, now=now, until=now + timedelta(days=days))
        if isinstance(access, tuple):
            return access
        refused = judge_of_console(access) or await self._change(lambda tokens: with_token(tokens, access))
        if refused is not None:
            return (refused,)
        # Behind the file: of one that cannot be put on record nobody is told the token.
        note = "、".join(held)
        await lobby.store.write(lambda tx: write_act(tx, by.officer, _ISSUED, name, note, now=now))
        return Issued(token, access)

    async def revoke(self, by: Visitor, name: str) -> Fault | None:
        """Take a token out of force, at once; one that is bound to an officer, too."""
        if Role.ADMINISTRATOR not in by.roles:
            return NOT_YOURS
        lobby, now = self._lobby, self._lobby.clock.now()
        refused = await self._change(lambda tokens: without_token(tokens, name, now))
        if refused is None:
            await lobby.store.write(lambda tx: write_act(tx, by.officer, "token.revoked", name, now=now))
        return refused

    async def _change(self, edit: Edit) -> Fault | None:
        refused: list[Fault] = []

        def work(tokens: tuple[Access, ...]) -> tuple[Access, ...]:
            changed = edit(tokens)
            if isinstance(changed, Fault):
                refused.append(changed)
                return tokens
            return changed

        await asyncio.to_thread(self._lobby.tokens.change, work)
        return refused[0] if refused else None
