"""``Enrolling``: from an invitation to an account with a password, an own key, a second factor and a credential.

The county certifies an officer's key at the end, once the second factor was shown: what was begun and left half done
has no power.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from schemas.consoles import Account, Invitation, InvitationPaper, Stage
from schemas.envelope import PayloadType
from schemas.errors import Fault
from schemas.officers import OfficerCredential, Role
from services.console.entering import Entered, HalfWay, half_way, own_context, raise_session
from services.console.factors import totp_context
from services.console.lobby import (
    NO_SESSION,
    Caller,
    Lobby,
    count_attempt,
    session_in,
    write_act,
)
from services.console.visitor import Visitor
from services.domain.ceremony import credential
from services.domain.documents import add_signature, draft, open_payload
from services.domain.encoding import to_base64url
from services.domain.invitations import invitation_of, invitation_paper
from services.domain.one_time import (
    RECOVERY_BYTES,
    RECOVERY_CODES,
    TOTP_BYTES,
    accepted_step,
    otpauth_uri,
    qr_svg,
    recovery_code,
    recovery_digest,
    totp_secret,
)
from services.domain.passwords import judge_password, normal
from services.domain.sessions import SECRET_BYTES, digest_of_secret
from services.ports import Snapshot, Transaction

_SALT_BYTES: Final = 16
_USED: Final = Fault("invitation.used", "invitation", "it was used, taken back, or has ended; ask for another one")
_CODE: Final = Fault("entering.code", "code", "it is not what the app shows now; check the telephone's clock")
NOT_YOURS: Final = Fault("access.role", "", "only an administrator does this")


@dataclass(frozen=True, slots=True)
class Invited:
    """The secret is shown once, and handed over by hand."""

    secret: str
    officer: str
    ends_at: datetime

    @property
    def path(self) -> str:
        """Where it is used; what stands behind ``#`` is sent to no server."""
        return f"/enrol#{self.secret}"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an officer puts into an authenticator app.

    Attributes:
        secret: Base32, to be typed.
        uri: ``otpauth://``.
        qr: The same as a picture: SVG.
    """

    officer: str
    display_name: str
    secret: str
    uri: str
    qr: str


@dataclass(frozen=True, slots=True)
class Enrolled:
    """Enrolling is finished; the codes are shown this once."""

    entered: Entered
    recovery_codes: tuple[str, ...]


class Enrolling:
    """Invitations and what becomes of them."""

    def __init__(self, lobby: Lobby) -> None:
        """Take ready-made ports; open nothing."""
        self._lobby = lobby

    async def invite(self, by: Visitor, officer: str, display_name: str, roles: Iterable[Role]) -> Invited | Fault:
        """Invite somebody to make an account."""
        if Role.ADMINISTRATOR not in by.roles:
            return NOT_YOURS
        now = self._lobby.clock.now()
        made = new_invitation(self._lobby, officer, display_name, roles, by=by.officer, now=now)
        if isinstance(made, Fault):
            return made
        secret, invitation = made

        def work(tx: Transaction) -> Fault | None:
            if tx.console.account(officer) is not None:  # a disabled one, too: a reset asks for the second factor
                return Fault("account.exists", "officer", f"{officer} has an account; reset it, or take another id")
            keep_invitation(tx, invitation, now)
            write_act(tx, by.officer, "account.invited", officer, "、".join(invitation.roles), now=now)
            return None

        fault = await self._lobby.store.write(work)
        return fault or Invited(secret, officer, invitation.ends_at)

    async def invitation_of(self, secret: str) -> Invitation | Fault:
        """Return what an invitation says: what the page shows that asks for the new password."""
        now, digest = self._lobby.clock.now(), digest_of_secret(secret)
        paper = await asyncio.to_thread(self._lobby.papers.invited, digest)
        found = await self._lobby.store.read(lambda snapshot: _invitation(snapshot, digest, paper, now))
        return found or _USED

    async def enrol(self, secret: str, password: str, came: Caller) -> HalfWay | Fault:
        """Make the account; the half session leads to ``enrolment_of`` and ``confirm``."""
        lobby, now = self._lobby, self._lobby.clock.now()
        invited = await self.invitation_of(secret)
        if isinstance(invited, Fault):
            return invited
        fault = judge_password(password, officer=invited.officer, display_name=invited.display_name)
        if fault is not None:
            return fault
        seed, public = lobby.own_keys.fresh()
        text, salt = normal(password), bytes.fromhex(lobby.ids.hex(_SALT_BYTES))
        kept, key = await lobby.hasher.hash(text), await lobby.hasher.derive(text, salt)
        totp = totp_secret(bytes.fromhex(lobby.ids.hex(TOTP_BYTES))).encode()
        account = Account(
            officer=invited.officer,
            display_name=invited.display_name,
            roles=invited.roles,
            password_hash=kept,
            key_salt=salt,
            sealed_key=lobby.sealer.seal(key, seed, own_context(invited.officer)),
            public=public,
            sealed_totp=lobby.sealer.seal_here(totp, totp_context(invited.officer)),
            last_step=0,
            created_at=now,
            password_at=now,
        )
        return await lobby.store.write(lambda tx: self._make(tx, invited, account, seed, came, now))

    def _make(
        self, tx: Transaction, invited: Invitation, account: Account, seed: bytes, came: Caller, now: datetime
    ) -> HalfWay | Fault:
        officer, again = account.officer, tx.console.invitation(invited.digest)
        if again is not None and again.used_at is not None:
            return _USED  # two have pressed at once
        before = tx.console.account(officer)
        if before is not None and before.disabled_at is None and invited.made_by:
            return _USED
        if _is_void(invited, before):
            return _USED  # disabled while the password was typed
        tx.console.keep_invitation(replace(invited, used_at=now))
        tx.console.keep_account(account)
        tx.console.drop_sessions(officer)
        tx.console.put_recovery(officer, ())
        for key in tx.console.security_keys(officer):
            tx.console.drop_security_key(officer, key.credential_id)
        write_act(tx, officer, "account.enrolled", officer, f"password set, from {came.address}", now=now)
        return half_way(tx, self._lobby, account, seed, came, now)

    async def enrolment_of(self, secret: str) -> Enrolment | Fault:
        """Return what the app needs, for as long as it has not been confirmed."""
        now = self._lobby.clock.now()
        found = await self._lobby.store.write(lambda tx: session_in(tx, secret, stage=Stage.HALF, now=now))
        if found is None or found[1].confirmed_at is not None:
            return NO_SESSION
        account = found[1]
        opened = self._lobby.sealer.open_here(account.sealed_totp, totp_context(account.officer))
        if opened is None:
            return Fault("entering.totp_damaged", "", "the node's key is another one: ask for a new invitation")
        uri = otpauth_uri(opened.decode(), officer=account.officer, county=self._lobby.county)
        return Enrolment(account.officer, account.display_name, opened.decode(), uri, qr_svg(uri))

    async def confirm(self, secret: str, code: str, came: Caller) -> Enrolled | Fault:
        """Take the first one-time password: the county certifies the officer, and the session is whole."""
        lobby, now = self._lobby, self._lobby.clock.now()
        account = await lobby.store.write(lambda tx: self._shown(tx, secret, code, came, now))
        if isinstance(account, Fault):
            return account
        fault = await certify(lobby, account, now)
        if fault is not None:
            return fault
        codes = new_codes(lobby)

        def work(tx: Transaction) -> Entered | Fault:
            found = session_in(tx, secret, stage=Stage.HALF, now=now)
            if found is None or found[1].public != account.public:
                return NO_SESSION
            confirmed = replace(found[1], confirmed_at=now)
            tx.console.keep_account(confirmed)
            tx.console.put_recovery(account.officer, [recovery_digest(account.officer, one) for one in codes])
            write_act(tx, account.officer, "account.confirmed", account.officer, "certified", now=now)
            return raise_session(tx, lobby, found[0], confirmed, secret, came=came, note="totp", now=now)

        entered = await lobby.store.write(work)
        if isinstance(entered, Fault):
            await withdraw_of_the_gone(lobby, account, now)
            return entered
        return Enrolled(entered, codes)

    def _shown(self, tx: Transaction, secret: str, code: str, came: Caller, now: datetime) -> Account | Fault:
        found = session_in(tx, secret, stage=Stage.HALF, now=now)
        if found is None or found[1].confirmed_at is not None:
            return NO_SESSION
        account = found[1]
        locked = count_attempt(tx, account.officer, came.address, now)
        if locked is not None:
            return locked
        opened = self._lobby.sealer.open_here(account.sealed_totp, totp_context(account.officer)) or b""
        step = accepted_step(opened.decode(), code, now=now, last_step=account.last_step) if opened else None
        if step is None:
            note = f"first one-time password, from {came.address}"
            write_act(tx, account.officer, "entering.second_refused", account.officer, note, now=now)
            return _CODE
        shown = replace(account, last_step=step)
        tx.console.keep_account(shown)
        return shown


def new_invitation(
    lobby: Lobby, officer: str, display_name: str, roles: Iterable[Role], *, by: str, now: datetime
) -> tuple[str, Invitation] | Fault:
    """Return a secret and the invitation that is kept of it."""
    secret, ends_at = lobby.ids.hex(SECRET_BYTES), now + timedelta(hours=lobby.invitation_hours)
    paper = invitation_paper(secret, officer, display_name, roles, now=now, ends_at=ends_at)
    if isinstance(paper, Fault):
        return paper
    return secret, invitation_of(paper, by)


def keep_invitation(tx: Transaction, invitation: Invitation, now: datetime) -> None:
    """Keep an invitation; earlier ones of the same officer count no more."""
    for one in tx.console.invitations(now):
        if one.officer == invitation.officer:
            tx.console.keep_invitation(replace(one, used_at=now))
    tx.console.keep_invitation(invitation)


async def certify(lobby: Lobby, account: Account, now: datetime) -> Fault | None:
    """Have the county certify an account's key with its roles, in place of whatever was in force."""
    made = credential(
        county=lobby.county,
        officer=account.officer,
        name=account.display_name,
        roles=account.roles,
        public=account.public,
        now=now,
        until=now + timedelta(days=lobby.credential_days),
    )
    if isinstance(made, Fault):
        return Fault(
            f"officer.{made.code.rpartition('.')[2]}", made.field.replace("request.", "officer.", 1), made.mend
        )
    document = add_signature(draft(PayloadType.OFFICER, made), lobby.signer.kid, lobby.signer.sign)
    await asyncio.to_thread(lobby.papers.keep, account.officer, document, now)
    return None


async def withdraw_of_the_gone(lobby: Lobby, account: Account, now: datetime) -> None:
    """Revoke what ``certify`` has just made of an account that was disabled, reset or replaced meanwhile.

    Who disables first ends the account, then the credential: one that was certified in between would stay in force.
    """
    kept = await lobby.store.read(lambda snapshot: snapshot.console.account(account.officer))
    if kept is not None and kept.disabled_at is None and kept.public == account.public:
        return
    document = lobby.directory.credential(account.officer)
    certified = open_payload(document, PayloadType.OFFICER, OfficerCredential) if document is not None else None
    if isinstance(certified, OfficerCredential) and certified.public == to_base64url(account.public):
        await asyncio.to_thread(lobby.papers.revoke, account.officer, now)


def new_codes(lobby: Lobby) -> tuple[str, ...]:
    """Return fresh recovery codes."""
    return tuple(recovery_code(bytes.fromhex(lobby.ids.hex(RECOVERY_BYTES))) for _ in range(RECOVERY_CODES))


def _invitation(snapshot: Snapshot, digest: str, paper: InvitationPaper | None, now: datetime) -> Invitation | None:
    kept = snapshot.console.invitation(digest)
    found = kept or (invitation_of(paper, "") if paper else None)
    if found is None or found.used_at is not None or found.ends_at <= now:
        return None
    return None if _is_void(found, snapshot.console.account(found.officer)) else found


def _is_void(invitation: Invitation, account: Account | None) -> bool:
    """Tell whether an invitation by command is older than the end of the officer's account.

    One by an administrator is taken back when the account ends; that of a reset is as old as the end itself.
    """
    ended_at = account.disabled_at if account is not None else None
    return ended_at is not None and not invitation.made_by and invitation.made_at <= ended_at
