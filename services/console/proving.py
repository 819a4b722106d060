"""``Proving``: what changes a way in asks again for what whoever stole a session does not have.

The cookie of an open session opens every page; it must not be enough to add a way in that outlives it. Password and
second factor are counted together with the failures at the entrance, and the password alone forgives none of them:
else somebody with cookie and password would guess one-time passwords without end.

Source: docs/decisions/0048-ask-again-for-what-a-session-has-not.md
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from pydantic import JsonValue

from schemas.consoles import PASSWORD_MAX, Account, Factor, SecurityKey, Session, Stage
from schemas.errors import Fault
from services.console.factors import NO_KEY, Asked, put_challenge, take_answer, take_code
from services.console.lobby import NO_SESSION, Caller, Lobby, count_attempt, session_in, take_back, write_act
from services.console.visitor import Visitor
from services.domain.passwords import normal
from services.domain.sessions import SECRET_BYTES
from services.ports import Transaction

_WRONG: Final = Fault("account.wrong_password", "password", "it is not your password; type it again")
_NO_FACTOR: Final = Fault("account.no_factor", "code", "type the one-time password, or use a security key")


@dataclass(frozen=True, slots=True)
class Proof:
    """What an officer shows again.

    Attributes:
        password: As typed.
        code: A one-time password; empty if there is none.
        answer: What a security key has answered to ``Proving.begin``; None if none was asked.
    """

    password: str = field(repr=False)
    code: str = field(default="", repr=False)
    answer: dict[str, JsonValue] | None = field(default=None, repr=False)


class Proving:
    """Ask again, and judge."""

    def __init__(self, lobby: Lobby) -> None:
        """Take ready-made ports; open nothing."""
        self._lobby = lobby

    async def begin(self, by: Visitor, secret: str) -> dict[str, JsonValue] | Fault:
        """Return what the browser asks the visitor's security keys; the answer belongs into a ``Proof``."""
        lobby, now = self._lobby, self._lobby.clock.now()
        challenge = lobby.ids.hex(SECRET_BYTES)

        def work(tx: Transaction) -> list[SecurityKey] | Fault:
            found = session_of(tx, by, secret, now)
            if isinstance(found, Fault):
                return found
            held = tx.console.security_keys(by.officer)
            if not held:
                return NO_KEY
            put_challenge(tx, found[0], Asked.PROVE, challenge)
            return held

        held = await lobby.store.write(work)
        if isinstance(held, Fault):
            return held
        return lobby.security_keys.begin_assertion(held, bytes.fromhex(challenge))

    async def judge(self, by: Visitor, secret: str, proof: Proof, came: Caller, *, factor: bool) -> Account | Fault:
        """Return the visitor's account if the proof is good; what was shown is used up by it.

        Args:
            by: Who.
            secret: Of the session that asks.
            proof: The password, and with ``factor`` a one-time password or a security key's answer.
            came: From where; failures are counted for this address, too.
            factor: A second factor is asked for.
        """
        if factor and not proof.code and proof.answer is None:
            return _NO_FACTOR
        lobby, now = self._lobby, self._lobby.clock.now()
        locked = await lobby.store.write(lambda tx: count_attempt(tx, by.officer, came.address, now))
        if locked is not None:
            return locked
        account = await lobby.store.read(lambda snapshot: snapshot.console.account(by.officer))
        text = normal(proof.password[: PASSWORD_MAX + 1])
        if account is None or not await lobby.hasher.matches(account.password_hash, text):
            note = f"password asked for again, from {came.address}"
            await lobby.store.write(lambda tx: write_act(tx, by.officer, "entering.refused", by.officer, note, now=now))
            return _WRONG
        judged = account.password_hash

        def work(tx: Transaction) -> Account | Fault:
            found = session_of(tx, by, secret, now)
            if isinstance(found, Fault) or found[1].password_hash != judged:
                return NO_SESSION  # ended or changed while the password was looked at
            if factor:
                said = self._take(tx, found[0], found[1], proof, now)
                if isinstance(said, Fault):
                    note = f"{said.code}、asked for again, from {came.address}"
                    write_act(tx, by.officer, "entering.second_refused", by.officer, note, now=now)
                    return said
            take_back(tx, by.officer, came.address, whole=factor)
            return found[1]

        return await lobby.store.write(work)

    def _take(self, tx: Transaction, session: Session, account: Account, proof: Proof, now: datetime) -> Fault | Factor:
        if proof.answer is not None:
            return take_answer(tx, self._lobby, session, Asked.PROVE, proof.answer)
        return take_code(tx, self._lobby, account, proof.code, now)


def session_of(tx: Transaction, by: Visitor, secret: str, now: datetime) -> tuple[Session, Account] | Fault:
    """Return a visitor's own session, and the account behind it."""
    found = session_in(tx, secret, stage=Stage.FULL, now=now)
    return NO_SESSION if found is None or found[0].officer != by.officer else found
