"""What entering the console needs from outside, as Protocols; see services.ports."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from pydantic import JsonValue

from schemas.access import Access
from schemas.consoles import Account, AuditEntry, Invitation, InvitationPaper, NewKey, SecurityKey, Session, Tally
from schemas.documents import SignedDocument
from schemas.errors import Fault


class ConsoleShown(Protocol):
    """Accounts, invitations, sessions, failures, and the audit log."""

    def account(self, officer: str) -> Account | None:
        """Return an officer's account, or None."""

    def accounts(self) -> list[Account]:
        """Return every account, by officer."""

    def security_keys(self, officer: str) -> list[SecurityKey]:
        """Return an officer's security keys, the oldest first."""

    def recovery_left(self, officer: str) -> int:
        """Return how many recovery codes an officer has left."""

    def invitation(self, digest: str) -> Invitation | None:
        """Return an invitation, used ones too."""

    def invitations(self, now: datetime) -> list[Invitation]:
        """Return those that still count, the newest first."""

    def session(self, digest: str) -> Session | None:
        """Return a session, or None."""

    def sessions(self, officer: str | None = None) -> list[Session]:
        """Return sessions of one officer or of all, those seen last first."""

    def tally(self, key: str) -> Tally | None:
        """Return what was counted, or None."""

    def audit(self, after: int, limit: int) -> list[AuditEntry]:
        """Return the audit log behind a number, in order."""

    def audit_of(self, act: str, limit: int) -> list[AuditEntry]:
        """Return the newest entries of one act, the newest first."""

    def last_audit(self) -> AuditEntry | None:
        """Return the newest entry, or None."""


class ConsoleBook(ConsoleShown, Protocol):
    """Writing the same."""

    def keep_account(self, account: Account) -> None:
        """Keep an account, in place of what there was."""

    def keep_security_key(self, key: SecurityKey) -> None:
        """Keep a security key, in place of what there was."""

    def drop_security_key(self, officer: str, credential_id: str) -> bool:
        """Forget one of an officer; tell whether there was one."""

    def put_recovery(self, officer: str, digests: Sequence[str]) -> None:
        """Keep these recovery codes in place of all that the officer had."""

    def use_recovery(self, officer: str, digest: str) -> bool:
        """Use a code up; tell whether there was one."""

    def keep_invitation(self, invitation: Invitation) -> None:
        """Keep an invitation, in place of what there was."""

    def keep_session(self, session: Session) -> None:
        """Keep a session, in place of what there was."""

    def drop_session(self, digest: str) -> bool:
        """End a session; tell whether there was one."""

    def drop_sessions(self, officer: str) -> int:
        """End every session of an officer; return how many there were."""

    def keep_tally(self, tally: Tally) -> None:
        """Keep what was counted, in place of what there was."""

    def drop_tally(self, key: str) -> None:
        """Count from nothing again."""

    def tidy(self, now: datetime, *, tallies_before: datetime, invitations_before: datetime) -> None:
        """Forget sessions that ended by ``now``, failures and invitations that are older than these."""

    def log_act(self, entry: AuditEntry) -> None:
        """Append to the audit log."""

    def prune_audit(self, up_to: int) -> None:
        """Forget the entries up to this number; an entry that says so is the caller's to write."""


class ShowsConsole(Protocol):
    """What a snapshot shows of it."""

    @property
    def console(self) -> ConsoleShown:
        """Who enters the console."""


class KeepsConsole(ShowsConsole, Protocol):
    """What a transaction does with it."""

    @property
    def console(self) -> ConsoleBook:
        """Who enters the console."""


class PasswordHasher(Protocol):
    """Argon2id, off the event loop, few at once: each takes 64 MiB and a tenth of a second, on purpose."""

    async def hash(self, password: str) -> str:
        """Return what is kept of a password."""

    async def matches(self, kept: str, password: str) -> bool:
        """Tell whether it is the password; an empty ``kept`` takes as long and never matches."""

    async def derive(self, password: str, salt: bytes) -> bytes:
        """Return 32 bytes that nobody has without the password; ``salt`` has 16."""


class Sealer(Protocol):
    """AES-256-GCM under a key that HKDF makes of a secret; what is sealed is bound to a context."""

    def seal(self, secret: bytes, plain: bytes, context: str) -> bytes:
        """Return ``plain`` as only the owner of ``secret`` (32 bytes) can read it."""

    def open(self, secret: bytes, sealed: bytes, context: str) -> bytes | None:
        """Return what was sealed; None if the secret or the context is another one, or it was changed."""

    def seal_here(self, plain: bytes, context: str) -> bytes:
        """Return ``plain`` as only this node can read it, once its passphrase was given."""

    def open_here(self, sealed: bytes, context: str) -> bytes | None:
        """Return what was sealed by ``seal_here``, None if it cannot be opened."""


class OwnKeys(Protocol):
    """Officers' own Ed25519 keys, which are never in memory longer than they are used."""

    def fresh(self) -> tuple[bytes, bytes]:
        """Return a new seed and its public key, 32 bytes each."""

    def sign(self, seed: bytes, to_be_signed: bytes) -> bytes:
        """Return the 64-byte signature."""


class SecurityKeys(Protocol):
    """WebAuthn, for one origin. Options and answers are the JSON of the browser's own interface."""

    def begin_registration(
        self, officer: str, display_name: str, held: Sequence[SecurityKey], challenge: bytes
    ) -> dict[str, JsonValue]:
        """Return what ``navigator.credentials.create`` is called with."""

    def finish_registration(self, challenge: bytes, answer: dict[str, JsonValue]) -> NewKey | Fault:
        """Return the new key, or why it is refused."""

    def begin_assertion(self, held: Sequence[SecurityKey], challenge: bytes) -> dict[str, JsonValue]:
        """Return what ``navigator.credentials.get`` is called with."""

    def finish_assertion(
        self, challenge: bytes, held: Sequence[SecurityKey], answer: dict[str, JsonValue]
    ) -> tuple[SecurityKey, int] | Fault:
        """Return the key that signed and what it has counted, or why it is refused."""


class OfficerDesk(Protocol):
    """Where officers' credentials and tokens are kept: files that the commands change, too."""

    def keep(self, officer: str, document: SignedDocument, now: datetime) -> None:
        """Put an officer's credential into force, durable before this returns; the one before is revoked.

        Raises:
            UnavailableError: The disk is full or failing.
        """

    def revoke(self, officer: str, now: datetime) -> str | None:
        """Take an officer's credential, every token bound to the officer and every open invitation out of force.

        Returns:
            The digest of the credential, None if none was in force.
        """

    def invited(self, digest: str) -> InvitationPaper | None:
        """Return the invitation that a command on this machine has made, or None."""


class TokenFile(Protocol):
    """Where the API's tokens are kept: a file that the commands change, too."""

    def fresh(self) -> str:
        """Return a new token, which nobody can guess."""

    def read(self) -> tuple[Access, ...]:
        """Return every token, revoked and expired ones too.

        Raises:
            RequestError: The file is damaged.
        """

    def change(self, edit: Callable[[tuple[Access, ...]], tuple[Access, ...]]) -> tuple[Access, ...]:
        """Replace the list by what ``edit`` makes of it, durable before this returns; return the new list.

        Raises:
            RequestError: The file is damaged.
            UnavailableError: The disk is full or failing.
        """
