"""``Entering``: from a password over the second factor to a session, and what a session is good for.

Each raise of strength gives a new secret, so nobody who planted or saw the old one comes in with it.

Source: docs/decisions/0040-let-officers-in-with-two-factors.md
"""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from pydantic import JsonValue

from schemas.consoles import ADDRESS_MAX, PASSWORD_MAX, Account, Factor, SecurityKey, Session, Stage
from schemas.errors import Fault
from services.console.factors import NO_KEY, Asked, put_challenge, take_answer, take_code
from services.console.lobby import (
    NO_SESSION,
    REFUSED,
    Caller,
    Lobby,
    begin_session,
    count_attempt,
    plain,
    seed_in,
    session_in,
    take_back,
    tidy,
    write_act,
)
from services.console.visitor import Visitor
from services.domain.encoding import to_base64url
from services.domain.governance import judge_officer
from services.domain.one_time import recovery_digest
from services.domain.passwords import normal
from services.domain.sessions import ENROLLING, HALF, SECRET_BYTES, access_of, digest_of_secret, is_over, is_to_be_noted
from services.ports import Snapshot, Transaction

_RECOVERY: Final = Fault("entering.recovery", "code", "it is none of your recovery codes, or was used before")
_ENROL: Final = Fault("entering.not_enrolled", "", "finish enrolling first: show the first one-time password")

Judge = Callable[[Transaction, Account, Session, datetime], Fault | str]
"""Looks at a second factor and uses it up; returns what the audit log says of it."""


@dataclass(frozen=True, slots=True)
class HalfWay:
    """The password was right.

    Attributes:
        secret: Goes into the cookie; it opens nothing but the second step.
        factors: What the officer may show now; empty while ``enrolling``.
        enrolling: No second factor was ever shown: ``Enrolling`` goes on.
    """

    secret: str
    officer: str
    display_name: str
    factors: tuple[Factor, ...]
    enrolling: bool


@dataclass(frozen=True, slots=True)
class Entered:
    """Two factors were shown.

    Attributes:
        secret: The new one: it takes the place of the old one in the cookie.
        recovery_left: How many recovery codes there are still.
    """

    secret: str
    officer: str
    recovery_left: int


class Entering:
    """Satisfies ``services.console.visitor.Entrance``."""

    def __init__(self, lobby: Lobby) -> None:
        """Take ready-made ports; open nothing."""
        self._lobby = lobby

    async def log_in(self, officer: str, password: str, came: Caller) -> HalfWay | Fault:
        """Check a password; whether the officer is known shows neither in the answer nor in its time."""
        lobby, now, officer = self._lobby, self._lobby.clock.now(), plain(officer, ADDRESS_MAX)
        locked = await lobby.store.write(lambda tx: count_attempt(tx, officer, came.address, now))
        if locked is not None:
            return locked
        account = await lobby.store.read(lambda snapshot: snapshot.console.account(officer))
        usable = account is not None and account.disabled_at is None
        text = normal(password[: PASSWORD_MAX + 1])
        matched = await lobby.hasher.matches(account.password_hash if account and usable else "", text)
        if account is None or not matched:
            about = officer if account else ""  # what was typed may be a password in the wrong field
            await lobby.store.write(
                lambda tx: write_act(tx, "", "entering.refused", about, f"password, from {came.address}", now=now)
            )
            return REFUSED
        key = await lobby.hasher.derive(text, account.key_salt)
        seed = lobby.sealer.open(key, account.sealed_key, own_context(officer))
        if seed is None:
            return Fault("entering.key_damaged", "", "your own key does not open: have the administrator reset you")
        return await lobby.store.write(lambda tx: self._half(tx, account, seed, came, now))

    def _half(self, tx: Transaction, judged: Account, seed: bytes, came: Caller, now: datetime) -> HalfWay | Fault:
        account = tx.console.account(judged.officer)
        if account is None or account.password_hash != judged.password_hash or account.disabled_at:
            return REFUSED  # it was changed while the password was being looked at
        take_back(tx, account.officer, came.address, whole=False)
        tidy(tx, self._lobby, now)
        return half_way(tx, self._lobby, account, seed, came, now)

    async def half_way(self, secret: str) -> HalfWay | None:
        """Return how far a half session has come: what the page of the second step shows."""

        def look(snapshot: Snapshot) -> HalfWay | None:
            session = snapshot.console.session(digest_of_secret(secret))
            account = snapshot.console.account(session.officer) if session else None
            if session is None or account is None or session.stage is not Stage.HALF or account.disabled_at:
                return None
            if is_over(session, account.roles, self._lobby.clock.now()):
                return None
            return half_of(snapshot, account, secret)

        return await self._lobby.store.read(look)

    async def by_totp(self, secret: str, code: str, came: Caller) -> Entered | Fault:
        """Take the second step by a one-time password."""
        lobby = self._lobby

        def judge(tx: Transaction, account: Account, _: Session, now: datetime) -> Fault | str:
            return take_code(tx, lobby, account, code, now)

        return await self._second(secret, came, judge)

    async def by_recovery(self, secret: str, code: str, came: Caller) -> Entered | Fault:
        """Take the second step by a recovery code, which is used up."""

        def judge(tx: Transaction, account: Account, _: Session, __: datetime) -> Fault | str:
            used = tx.console.use_recovery(account.officer, recovery_digest(account.officer, code[:PASSWORD_MAX]))
            return Factor.RECOVERY.value if used else _RECOVERY

        return await self._second(secret, came, judge)

    async def begin_key(self, secret: str) -> dict[str, JsonValue] | Fault:
        """Return what the browser asks the officer's security keys; the answer comes to ``by_key``."""
        lobby, now = self._lobby, self._lobby.clock.now()
        challenge = lobby.ids.hex(SECRET_BYTES)

        def work(tx: Transaction) -> list[SecurityKey] | Fault:
            found = session_in(tx, secret, stage=Stage.HALF, now=now)
            if found is None:
                return NO_SESSION
            session, account = found
            held = tx.console.security_keys(account.officer)
            if not held:
                return NO_KEY
            put_challenge(tx, session, Asked.ENTER, challenge)
            return held

        held = await lobby.store.write(work)
        if isinstance(held, Fault):
            return held
        return lobby.security_keys.begin_assertion(held, bytes.fromhex(challenge))

    async def by_key(self, secret: str, answer: dict[str, JsonValue], came: Caller) -> Entered | Fault:
        """Take the second step by a security key that ``begin_key`` has asked; a challenge is answered once."""
        lobby = self._lobby

        def judge(tx: Transaction, _: Account, session: Session, __: datetime) -> Fault | str:
            return take_answer(tx, lobby, session, Asked.ENTER, answer)

        return await self._second(secret, came, judge)

    async def _second(self, secret: str, came: Caller, judge: Judge) -> Entered | Fault:
        now = self._lobby.clock.now()

        def work(tx: Transaction) -> Entered | Fault:
            found = session_in(tx, secret, stage=Stage.HALF, now=now)
            if found is None:
                return NO_SESSION
            session, account = found
            if account.confirmed_at is None:
                return _ENROL
            locked = count_attempt(tx, account.officer, came.address, now)
            if locked is not None:
                return locked
            said = judge(tx, account, session, now)
            if isinstance(said, Fault):
                note = f"{said.code}, from {came.address}"
                write_act(tx, account.officer, "entering.second_refused", account.officer, note, now=now)
                return said
            return raise_session(tx, self._lobby, session, account, secret, came=came, note=said, now=now)

        return await self._lobby.store.write(work)

    async def visitor_of(self, secret: str, *, at_work: bool = True) -> Visitor | None:
        """Return whose session a cookie's secret opens, or None; what a page asks by itself puts no end off."""
        lobby, now, digest = self._lobby, self._lobby.clock.now(), digest_of_secret(secret)

        def look(snapshot: Snapshot) -> tuple[Session | None, Account | None]:
            session = snapshot.console.session(digest)
            return session, snapshot.console.account(session.officer) if session else None

        session, account = await lobby.store.read(look)
        if session is None or account is None or not self._counts(session, account, now):
            return None
        if at_work and is_to_be_noted(session, now):
            await lobby.store.write(lambda tx: _note_seen(tx, digest, now))
        access = access_of(account, session)
        return Visitor(account.officer, account.display_name, frozenset(account.roles), access, csrf_of(secret))

    def _counts(self, session: Session, account: Account, now: datetime) -> bool:
        if session.stage is not Stage.FULL or account.disabled_at or account.confirmed_at is None:
            return False
        return not is_over(session, account.roles, now) and self._is_certified(account, now)

    def _is_certified(self, account: Account, now: datetime) -> bool:
        """Tell whether the credential of this account's key is in force: revoking it ends every session."""
        directory = self._lobby.directory
        document = directory.credential(account.officer)
        if document is None:
            return False
        credential = judge_officer(document, directory.trust(), self._lobby.county, now)
        if isinstance(credential, Fault):
            return False
        return (credential.officer, credential.public) == (account.officer, to_base64url(account.public))

    async def signed(self, secret: str, message: bytes) -> bytes | None:
        """Return the officer's own signature, or None if the session does not count or opens no key."""
        if await self.visitor_of(secret) is None:
            return None
        session = await self._lobby.store.read(lambda snapshot: snapshot.console.session(digest_of_secret(secret)))
        seed = seed_in(self._lobby, session, secret) if session else None
        return await asyncio.to_thread(self._lobby.own_keys.sign, seed, message) if seed else None

    async def log_out(self, secret: str) -> None:
        """End a session, half ones too."""
        now, digest = self._lobby.clock.now(), digest_of_secret(secret)

        def work(tx: Transaction) -> None:
            session = tx.console.session(digest)
            if session is not None:
                tx.console.drop_session(digest)
                write_act(tx, session.officer, "entering.logged_out", digest[:16], now=now)

        await self._lobby.store.write(work)


def own_context(officer: str) -> str:
    """Return to what an officer's sealed key is bound."""
    return f"own:{officer}"


def csrf_of(secret: str) -> str:
    """Return what stands in the forms of a session: it follows from the secret, which it does not tell."""
    return hashlib.sha256(b"sihu-csrf-v1\0" + secret.encode("utf-8", "replace")).hexdigest()


def half_way(tx: Transaction, lobby: Lobby, account: Account, seed: bytes, came: Caller, now: datetime) -> HalfWay:
    """Begin a half session."""
    lasts = HALF if account.confirmed_at else ENROLLING
    secret, session = begin_session(lobby, account, seed, stage=Stage.HALF, came=came, now=now, lasts=lasts)
    tx.console.keep_session(session)
    return half_of(tx, account, secret)


def half_of(snapshot: Snapshot, account: Account, secret: str) -> HalfWay:
    """Tell what an officer may show as the second factor."""
    enrolling = account.confirmed_at is None
    has = {
        Factor.TOTP: True,
        Factor.RECOVERY: snapshot.console.recovery_left(account.officer) > 0,
        Factor.SECURITY_KEY: bool(snapshot.console.security_keys(account.officer)),
    }
    factors = () if enrolling else tuple(factor for factor, there in has.items() if there)
    return HalfWay(secret, account.officer, account.display_name, factors, enrolling)


def raise_session(
    tx: Transaction,
    lobby: Lobby,
    session: Session,
    account: Account,
    secret: str,
    *,
    came: Caller,
    note: str,
    now: datetime,
) -> Entered | Fault:
    """Put a full session with a new secret in the place of a half one."""
    seed = seed_in(lobby, session, secret)
    if seed is None:
        return NO_SESSION
    new, full = begin_session(lobby, account, seed, stage=Stage.FULL, came=came, now=now)
    tx.console.drop_session(session.digest)
    tx.console.keep_session(full)
    take_back(tx, account.officer, came.address, whole=True)
    write_act(tx, account.officer, "entering.logged_in", full.digest[:16], f"{note}, from {came.address}", now=now)
    return Entered(new, account.officer, tx.console.recovery_left(account.officer))


def _note_seen(tx: Transaction, digest: str, now: datetime) -> None:
    session = tx.console.session(digest)
    if session is not None:  # it may have been revoked meanwhile
        tx.console.keep_session(replace(session, seen_at=max(session.seen_at, now)))
