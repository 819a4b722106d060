"""``Lobby``: everything that entering works with, and the few steps that logging in, enrolling and accounts share."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from schemas.base import format_time
from schemas.consoles import ADDRESS_MAX, AGENT_MAX, Account, Session, Stage
from schemas.errors import Fault
from services.console_ports import OfficerDesk, OwnKeys, PasswordHasher, Sealer, SecurityKeys
from services.domain.audit import PRUNED, next_entry
from services.domain.lockout import ADDRESS, OFFICER, Rule, address_key, locked_until, officer_key, taken_back, tried
from services.domain.sessions import SECRET_BYTES, WHOLE, digest_of_secret, is_over
from services.ports import Clock, Directory, Ids, Signer, Store, Transaction

_PRUNE_AT_ONCE: Final = 1000
_TALLIES_KEPT: Final = timedelta(days=1)
_INVITATIONS_KEPT: Final = timedelta(days=30)

REFUSED: Final = Fault("entering.refused", "password", "officer or password is wrong; type both again")
"""The same for an officer whom nobody knows, one who is disabled, and a wrong password."""
NO_SESSION: Final = Fault("entering.no_session", "", "this took too long, or was ended: log in once more")


@dataclass(frozen=True, slots=True)
class Lobby:
    """Ready-made ports and plain facts.

    Attributes:
        signer: The county's event key: it certifies officers.
        county: Ourselves, six digits.
        audit_days: So long the audit log is kept at the least.
        credential_days: So long an officer is certified.
        invitation_hours: So long an invitation counts.
    """

    store: Store
    clock: Clock
    ids: Ids
    directory: Directory
    hasher: PasswordHasher
    sealer: Sealer
    own_keys: OwnKeys
    security_keys: SecurityKeys
    papers: OfficerDesk
    signer: Signer
    county: str
    audit_days: int = 1095
    credential_days: int = 365
    invitation_hours: int = 24


@dataclass(frozen=True)
class Caller:
    """From where somebody comes: the address and the browser's own name for itself, cut, with nothing unseen."""

    address: str
    agent: str = ""

    def __post_init__(self) -> None:
        """Take whatever a header may hold."""
        object.__setattr__(self, "address", plain(self.address, ADDRESS_MAX))
        object.__setattr__(self, "agent", plain(self.agent, AGENT_MAX))


def plain(text: str, most: int) -> str:
    """Return a text that came from outside as a row can hold it: cut, and a mark for each sign that has no face."""
    return "".join(char if char.isprintable() else "?" for char in text[:most])


def begin_session(
    lobby: Lobby,
    account: Account,
    seed: bytes,
    *,
    stage: Stage,
    came: Caller,
    now: datetime,
    lasts: timedelta = WHOLE,
) -> tuple[str, Session]:
    """Return a new secret, and what is kept of it: the officer's key lies in there as only the secret opens it."""
    secret = lobby.ids.hex(SECRET_BYTES)
    digest = digest_of_secret(secret)
    sealed = lobby.sealer.seal(bytes.fromhex(secret), seed, f"session:{digest}")
    return secret, Session(digest, account.officer, stage, now, now, now + lasts, came.address, came.agent, sealed)


def seed_in(lobby: Lobby, session: Session, secret: str) -> bytes | None:
    """Return the officer's own key as a session's secret opens it."""
    try:
        return lobby.sealer.open(bytes.fromhex(secret), session.sealed_key, f"session:{session.digest}")
    except ValueError:
        return None


def session_in(tx: Transaction, secret: str, *, stage: Stage, now: datetime) -> tuple[Session, Account] | None:
    """Return a session of this stage that has not ended, and the account behind it."""
    session = tx.console.session(digest_of_secret(secret))
    account = tx.console.account(session.officer) if session else None
    if session is None or account is None or session.stage is not stage:
        return None
    return None if account.disabled_at or is_over(session, account.roles, now) else (session, account)


def count_attempt(tx: Transaction, officer: str, address: str, now: datetime) -> Fault | None:
    """Count an attempt before it is looked at; refuse it if there were too many."""
    rules: Iterable[tuple[str, Rule]] = ((officer_key(officer), OFFICER), (address_key(address), ADDRESS))
    held = [(key, rule, tx.console.tally(key)) for key, rule in rules]
    until = max((end for _, _, tally in held if (end := locked_until(tally, now))), default=None)
    if until is not None:
        return Fault("entering.locked", "", f"too many attempts failed; try again after {format_time(until)}")
    for key, rule, tally in held:
        tx.console.keep_tally(tried(tally, key, rule, now))
    return None


def take_back(tx: Transaction, officer: str, address: str, *, whole: bool) -> None:
    """An attempt was good. After two factors (``whole``) the officer is counted from nothing again."""
    if whole:
        tx.console.drop_tally(officer_key(officer))
    for key in (officer_key(officer), address_key(address)):
        tally = tx.console.tally(key)
        if tally is not None:
            tx.console.keep_tally(taken_back(tally))


def write_act(tx: Transaction, officer: str, act: str, about: str = "", note: str = "", *, now: datetime) -> None:
    """Append to the audit log."""
    entry = next_entry(tx.console.last_audit(), officer=officer, act=act, about=about, note=note, now=now)
    tx.console.log_act(entry)


def tidy(tx: Transaction, lobby: Lobby, now: datetime) -> None:
    """Forget what has ended, and of the audit log what is older than it must be kept."""
    tx.console.tidy(now, tallies_before=now - _TALLIES_KEPT, invitations_before=now - _INVITATIONS_KEPT)
    before = now - timedelta(days=lobby.audit_days)
    old = [one for one in tx.console.audit(0, _PRUNE_AT_ONCE) if one.at < before]
    if old:
        write_act(tx, "", PRUNED, str(old[-1].number), old[-1].digest, now=now)
        tx.console.prune_audit(old[-1].number)
