"""Second factors: what is asked, and how an answer is judged and used up, in one transaction.

Logging in and proving oneself again share these, so a one-time password that was taken by the one is not taken by the
other.
"""

from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from pydantic import JsonValue

from schemas.consoles import Account, Factor, Session
from schemas.errors import Fault
from services.console.lobby import NO_SESSION, Lobby
from services.domain.one_time import accepted_step
from services.ports import Transaction

NO_KEY: Final = Fault("entering.no_key", "", "no security key is registered; take the one-time password")
_CODE: Final = Fault("entering.code", "code", "it is wrong, too old, or was used before; wait for the next one")
_DAMAGED: Final = Fault("entering.totp_damaged", "code", "use a recovery code, then have yourself reset")


class Asked(StrEnum):
    """For what a security key was asked; what it answers to one question is no answer to another."""

    ENTER = "enter"
    PROVE = "prove"
    REGISTER = "register"


def totp_context(officer: str) -> str:
    """Return to what the sealed secret of an officer's one-time passwords is bound."""
    return f"totp:{officer}"


def put_challenge(tx: Transaction, session: Session, asked: Asked, challenge: str) -> None:
    """Remember what a security key was asked in this session (hex), in place of any question before."""
    tx.console.keep_session(replace(session, challenge=f"{asked}:{challenge}"))


def take_challenge(tx: Transaction, session: Session, asked: Asked) -> bytes | None:
    """Return what was asked, once; None if nothing was, or something else."""
    if not session.challenge:
        return None
    tx.console.keep_session(replace(session, challenge=""))
    question, _, challenge = session.challenge.partition(":")
    return bytes.fromhex(challenge) if question == asked else None


def take_code(tx: Transaction, lobby: Lobby, account: Account, code: str, now: datetime) -> Fault | Factor:
    """Judge a one-time password; one that is good is never good again, nor are those before it."""
    opened = lobby.sealer.open_here(account.sealed_totp, totp_context(account.officer))
    if opened is None:
        return _DAMAGED
    step = accepted_step(opened.decode(), code, now=now, last_step=account.last_step)
    if step is None:
        return _CODE
    tx.console.keep_account(replace(account, last_step=step))
    return Factor.TOTP


def take_answer(
    tx: Transaction, lobby: Lobby, session: Session, asked: Asked, answer: dict[str, JsonValue]
) -> Fault | Factor:
    """Judge what a security key has answered; a challenge is answered once, well or badly."""
    challenge = take_challenge(tx, session, asked)
    if challenge is None:
        return NO_SESSION
    found = lobby.security_keys.finish_assertion(challenge, tx.console.security_keys(session.officer), answer)
    if isinstance(found, Fault):
        return found
    key, count = found
    tx.console.keep_security_key(replace(key, sign_count=count))
    return Factor.SECURITY_KEY
