"""``Accounts``: what officers do with their own way in, and the administrator with everybody's.

What an administrator cannot do is come in as somebody else: a reset makes a new key, and the one before is revoked.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from pydantic import JsonValue

from schemas.consoles import (
    ADDRESS_MAX,
    CREDENTIAL_MAX,
    KEYS_MAX,
    LABEL_MAX,
    SECRET_MAX,
    Account,
    Invitation,
    NewKey,
    SecurityKey,
    Session,
    Stage,
)
from schemas.errors import Fault
from schemas.officers import Role
from services.console.enrolling import (
    NOT_YOURS,
    Invited,
    certify,
    keep_invitation,
    new_codes,
    new_invitation,
    withdraw_of_the_gone,
)
from services.console.entering import own_context
from services.console.factors import Asked, put_challenge, take_challenge
from services.console.lobby import NO_SESSION, Caller, Lobby, plain, seed_in, write_act
from services.console.proving import Proof, Proving, session_of
from services.console.visitor import Visitor
from services.domain.one_time import recovery_digest
from services.domain.passwords import judge_password, normal
from services.domain.roles import roles_fit
from services.domain.sessions import SECRET_BYTES, ends_at, is_over
from services.ports import Snapshot, Transaction

_SALT_BYTES: Final = 16
_NAME: Final = 16
"""Digits of a session's digest that name it."""
_UNKNOWN: Final = Fault("account.unknown", "officer", "there is no account of this officer")
_KEYS_FULL: Final = Fault("account.keys_full", "", f"take one away first: {KEYS_MAX} are the most")
_NO_SUCH_KEY: Final = Fault("account.no_such_key", "key", "you have no such security key")


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One account as the administrator sees it: no secret, sealed or not.

    Attributes:
        confirmed: Enrolling was finished.
        factors: How many security keys there are, and recovery codes left.
    """

    officer: str
    display_name: str
    roles: tuple[Role, ...]
    created_at: datetime
    password_at: datetime
    confirmed: bool
    disabled_at: datetime | None
    security_keys: int
    recovery_left: int


@dataclass(frozen=True, slots=True)
class SessionLine:
    """One session.

    Attributes:
        name: First digits of its digest: what ``revoke`` is given.
        here: It is the visitor's own, now.
        ends_at: If nothing more comes.
    """

    name: str
    officer: str
    stage: Stage
    created_at: datetime
    seen_at: datetime
    ends_at: datetime
    address: str
    agent: str
    here: bool


@dataclass(frozen=True, slots=True)
class KeyLine:
    """One security key."""

    credential_id: str
    label: str
    created_at: datetime


class Accounts:
    """Passwords, keys, sessions, roles."""

    def __init__(self, lobby: Lobby) -> None:
        """Take ready-made ports; open nothing."""
        self._lobby, self._proving = lobby, Proving(lobby)

    # -- one's own ----------------------------------------------------------------------------------

    async def change_password(self, by: Visitor, secret: str, old: str, new: str, came: Caller) -> Fault | None:
        """Take a new password: the own key is sealed under it, and every other session of the officer ends."""
        lobby, now = self._lobby, self._lobby.clock.now()
        account = await self._proving.judge(by, secret, Proof(old), came, factor=False)
        if isinstance(account, Fault):
            return account
        fault = judge_password(new, officer=by.officer, display_name=by.display_name)
        if fault is not None:
            return replace(fault, field="new_password")
        text, salt = normal(new), bytes.fromhex(lobby.ids.hex(_SALT_BYTES))
        kept, key = await lobby.hasher.hash(text), await lobby.hasher.derive(text, salt)

        def work(tx: Transaction) -> Fault | None:
            found = session_of(tx, by, secret, now)
            if isinstance(found, Fault) or found[1].password_hash != account.password_hash:
                return NO_SESSION
            seed = seed_in(lobby, found[0], secret)
            if seed is None:
                return NO_SESSION
            sealed = lobby.sealer.seal(key, seed, own_context(by.officer))
            changed = replace(found[1], password_hash=kept, key_salt=salt, sealed_key=sealed, password_at=now)
            tx.console.keep_account(changed)
            for one in tx.console.sessions(by.officer):
                if one.digest != found[0].digest:
                    tx.console.drop_session(one.digest)
            write_act(tx, by.officer, "account.password_changed", by.officer, f"from {came.address}", now=now)
            return None

        return await lobby.store.write(work)

    async def renew_recovery(self, by: Visitor, secret: str, proof: Proof, came: Caller) -> tuple[str, ...] | Fault:
        """Return new recovery codes, shown this once; those before count no more."""
        now = self._lobby.clock.now()
        account = await self._proving.judge(by, secret, proof, came, factor=True)
        if isinstance(account, Fault):
            return account
        codes = new_codes(self._lobby)

        def work(tx: Transaction) -> tuple[str, ...]:
            tx.console.put_recovery(by.officer, [recovery_digest(by.officer, one) for one in codes])
            write_act(tx, by.officer, "account.recovery_renewed", by.officer, now=now)
            return codes

        return await self._lobby.store.write(work)

    async def security_keys(self, by: Visitor) -> list[KeyLine]:
        """Return the visitor's security keys."""
        held = await self._lobby.store.read(lambda snapshot: snapshot.console.security_keys(by.officer))
        return [KeyLine(one.credential_id, one.label, one.created_at) for one in held]

    async def begin_key(self, by: Visitor, secret: str, proof: Proof, came: Caller) -> dict[str, JsonValue] | Fault:
        """Return what the browser is to ask a new security key; its answer comes to ``add_key``.

        Only whoever gave the proof is told the challenge, so nobody else answers it.
        """
        lobby, now = self._lobby, self._lobby.clock.now()
        challenge = lobby.ids.hex(SECRET_BYTES)
        if len(await self.security_keys(by)) >= KEYS_MAX:
            return _KEYS_FULL
        account = await self._proving.judge(by, secret, proof, came, factor=True)
        if isinstance(account, Fault):
            return account

        def work(tx: Transaction) -> list[SecurityKey] | Fault:
            found = session_of(tx, by, secret, now)
            if isinstance(found, Fault):
                return found
            put_challenge(tx, found[0], Asked.REGISTER, challenge)
            return tx.console.security_keys(by.officer)

        held = await lobby.store.write(work)
        if isinstance(held, Fault):
            return held
        return lobby.security_keys.begin_registration(by.officer, by.display_name, held, bytes.fromhex(challenge))

    async def add_key(self, by: Visitor, secret: str, label: str, answer: dict[str, JsonValue]) -> KeyLine | Fault:
        """Register the security key that has answered ``begin_key``; a challenge is answered once."""
        lobby, now = self._lobby, self._lobby.clock.now()

        def work(tx: Transaction) -> KeyLine | Fault:
            found = session_of(tx, by, secret, now)
            challenge = None if isinstance(found, Fault) else take_challenge(tx, found[0], Asked.REGISTER)
            if challenge is None:
                return NO_SESSION
            new = lobby.security_keys.finish_registration(challenge, answer)
            if isinstance(new, Fault):
                return new
            return self._add(tx, by, label, new, now)

        return await lobby.store.write(work)

    def _add(self, tx: Transaction, by: Visitor, label: str, new: NewKey, now: datetime) -> KeyLine | Fault:
        if any(new.credential_id == key.credential_id for one in tx.console.accounts() for key in self._of(tx, one)):
            return Fault("account.key_known", "answer", "this security key is registered already")
        if len(tx.console.security_keys(by.officer)) >= KEYS_MAX:
            return _KEYS_FULL
        called = (
            plain(" ".join(label.split()), LABEL_MAX) or f"安全密钥 {len(tx.console.security_keys(by.officer)) + 1}"
        )
        key = SecurityKey(new.credential_id, by.officer, new.public_key, new.sign_count, called, now)
        tx.console.keep_security_key(key)
        write_act(tx, by.officer, "account.key_added", by.officer, new.credential_id[:16], now=now)
        return KeyLine(key.credential_id, key.label, now)

    @staticmethod
    def _of(tx: Transaction, account: Account) -> list[SecurityKey]:
        return tx.console.security_keys(account.officer)

    async def drop_key(self, by: Visitor, secret: str, credential_id: str, proof: Proof, came: Caller) -> Fault | None:
        """Take a security key of the visitor's away."""
        now, credential_id = self._lobby.clock.now(), plain(credential_id, CREDENTIAL_MAX)
        if all(one.credential_id != credential_id for one in await self.security_keys(by)):
            return _NO_SUCH_KEY
        account = await self._proving.judge(by, secret, proof, came, factor=True)
        if isinstance(account, Fault):
            return account

        def work(tx: Transaction) -> Fault | None:
            if not tx.console.drop_security_key(by.officer, credential_id):
                return _NO_SUCH_KEY
            write_act(tx, by.officer, "account.key_dropped", by.officer, credential_id[:16], now=now)
            return None

        return await self._lobby.store.write(work)

    # -- sessions -----------------------------------------------------------------------------------

    async def sessions(self, by: Visitor, *, of_all: bool = False) -> list[SessionLine]:
        """Return the visitor's sessions; the administrator may ask for everybody's."""
        now, everybody = self._lobby.clock.now(), of_all and Role.ADMINISTRATOR in by.roles

        def look(snapshot: Snapshot) -> list[SessionLine]:
            found = snapshot.console.sessions(None if everybody else by.officer)
            roles = {one.officer: one.roles for one in snapshot.console.accounts()}
            return [_line(one, roles[one.officer], by) for one in found if not is_over(one, roles[one.officer], now)]

        return await self._lobby.store.read(look)

    async def revoke(self, by: Visitor, name: str) -> Fault | None:
        """End a session of the visitor's, or, as administrator, anybody's."""
        now = self._lobby.clock.now()

        def work(tx: Transaction) -> Fault | None:
            found = tx.console.sessions(None if Role.ADMINISTRATOR in by.roles else by.officer)
            session = next((one for one in found if len(name) >= _NAME and one.digest.startswith(name)), None)
            if session is None:
                return Fault("account.no_such_session", "session", "there is no such session any more")
            tx.console.drop_session(session.digest)
            write_act(tx, by.officer, "session.revoked", session.officer, session.digest[:16], now=now)
            return None

        return await self._lobby.store.write(work)

    async def own(self, by: Visitor) -> AccountLine | None:
        """Return the visitor's account."""

        def look(snapshot: Snapshot) -> AccountLine | None:
            account = snapshot.console.account(by.officer)
            return _account_line(snapshot, account) if account else None

        return await self._lobby.store.read(look)

    async def is_any(self) -> bool:
        """Tell whether anybody has an account yet."""
        return bool(await self._lobby.store.read(lambda snapshot: snapshot.console.accounts()))

    # -- the administrator's --------------------------------------------------------------------------

    async def accounts(self, by: Visitor) -> list[AccountLine] | Fault:
        """Return every account."""
        if Role.ADMINISTRATOR not in by.roles:
            return NOT_YOURS

        def look(snapshot: Snapshot) -> list[AccountLine]:
            return [_account_line(snapshot, one) for one in snapshot.console.accounts()]

        return await self._lobby.store.read(look)

    async def invitations(self, by: Visitor) -> list[Invitation] | Fault:
        """Return the invitations that still count."""
        if Role.ADMINISTRATOR not in by.roles:
            return NOT_YOURS
        now = self._lobby.clock.now()
        return await self._lobby.store.read(lambda snapshot: snapshot.console.invitations(now))

    async def take_invitation_back(self, by: Visitor, digest: str) -> Fault | None:
        """Let an invitation count no more."""
        if Role.ADMINISTRATOR not in by.roles:
            return NOT_YOURS
        now = self._lobby.clock.now()

        def work(tx: Transaction) -> Fault | None:
            found = tx.console.invitation(plain(digest, SECRET_MAX))
            if found is None or found.used_at is not None:
                return Fault("invitation.used", "invitation", "it counts no more")
            tx.console.keep_invitation(replace(found, used_at=now))
            write_act(tx, by.officer, "account.invitation_taken_back", found.officer, now=now)
            return None

        return await self._lobby.store.write(work)

    async def reset(self, by: Visitor, officer: str) -> Invited | Fault:
        """Lock an account out and invite its officer anew: new password, new second factor, new key.

        Credential, sessions and tokens end first.
        """
        lobby, now = self._lobby, self._lobby.clock.now()
        account = await self._other(by, officer)
        if isinstance(account, Fault):
            return account
        made = new_invitation(lobby, officer, account.display_name, account.roles, by=by.officer, now=now)
        if isinstance(made, Fault):
            return made
        secret, invitation = made
        await self._end(by, officer, "account.reset", now)

        def work(tx: Transaction) -> Invited:
            keep_invitation(tx, invitation, now)
            write_act(tx, by.officer, "account.invited", officer, "anew", now=now)
            return Invited(secret, officer, invitation.ends_at)

        return await lobby.store.write(work)

    async def disable(self, by: Visitor, officer: str) -> Fault | None:
        """Lock an officer out for good: account, credential, sessions and tokens end, open invitations too."""
        account = await self._other(by, officer)
        if isinstance(account, Fault):
            return account
        await self._end(by, officer, "account.disabled", self._lobby.clock.now())
        return None

    async def change_roles(self, by: Visitor, officer: str, display_name: str, roles: Iterable[Role]) -> Fault | None:
        """Certify an officer anew, for a further year, with other roles or another name; the key stays."""
        lobby, now, held = self._lobby, self._lobby.clock.now(), tuple(dict.fromkeys(roles))
        account = await self._other(by, officer)
        fault = account if isinstance(account, Fault) else roles_fit(held)
        if fault is not None or isinstance(account, Fault):
            return fault
        if account.confirmed_at is None or account.disabled_at is not None:
            return _not_in_force(officer)
        changed = replace(account, roles=held, display_name=display_name)
        fault = await certify(lobby, changed, now)
        if fault is not None:
            return fault

        def work(tx: Transaction) -> Fault | None:
            now_kept = tx.console.account(officer)
            if now_kept is None or now_kept.disabled_at is not None or now_kept.public != changed.public:
                return _not_in_force(officer)  # another administrator was quicker
            tx.console.keep_account(replace(now_kept, roles=held, display_name=display_name))
            tx.console.drop_sessions(officer)
            write_act(tx, by.officer, "account.roles_changed", officer, "、".join(held), now=now)
            return None

        fault = await lobby.store.write(work)
        if fault is not None:
            await withdraw_of_the_gone(lobby, changed, now)
        return fault

    async def _other(self, by: Visitor, officer: str) -> Account | Fault:
        """Return somebody else's account: no administrator locks himself out by mistake."""
        if Role.ADMINISTRATOR not in by.roles:
            return NOT_YOURS
        if officer == by.officer:
            return Fault(
                "account.own", "officer", "have another administrator do it, or `sihu officer invite` yourself"
            )
        named = plain(officer, ADDRESS_MAX)
        account = await self._lobby.store.read(lambda snapshot: snapshot.console.account(named))
        return account or _UNKNOWN

    async def _end(self, by: Visitor, officer: str, act: str, now: datetime) -> None:
        """First what lets somebody in here, then what others believe: stopped between the two, nobody enters."""

        def work(tx: Transaction) -> None:
            account = tx.console.account(officer)
            if account is not None:
                tx.console.keep_account(replace(account, disabled_at=now))
            ended = tx.console.drop_sessions(officer)
            for one in tx.console.invitations(now):
                if one.officer == officer:
                    tx.console.keep_invitation(replace(one, used_at=now))
            write_act(tx, by.officer, act, officer, f"{ended} sessions ended", now=now)

        await self._lobby.store.write(work)
        await asyncio.to_thread(self._lobby.papers.revoke, officer, now)


def _not_in_force(officer: str) -> Fault:
    return Fault("account.not_in_force", "officer", f"{officer} is not enrolled; reset the account instead")


def _line(session: Session, roles: Iterable[Role], by: Visitor) -> SessionLine:
    return SessionLine(
        name=session.digest[:_NAME],
        officer=session.officer,
        stage=session.stage,
        created_at=session.created_at,
        seen_at=session.seen_at,
        ends_at=ends_at(session, roles),
        address=session.address,
        agent=session.agent,
        here=session.digest == by.access.digest,
    )


def _account_line(snapshot: Snapshot, account: Account) -> AccountLine:
    return AccountLine(
        officer=account.officer,
        display_name=account.display_name,
        roles=account.roles,
        created_at=account.created_at,
        password_at=account.password_at,
        confirmed=account.confirmed_at is not None,
        disabled_at=account.disabled_at,
        security_keys=len(snapshot.console.security_keys(account.officer)),
        recovery_left=snapshot.console.recovery_left(account.officer),
    )
