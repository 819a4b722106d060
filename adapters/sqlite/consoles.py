"""Who enters the console, and the audit log. A few rows a day: written at once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from adapters.sqlite.batch import Batch
from adapters.sqlite.mapped import Mapped
from adapters.sqlite.reached import Ask
from adapters.sqlite.values import first, micros
from schemas.consoles import Account, AuditEntry, Invitation, SecurityKey, Session, Tally

_ACCOUNTS: Final = Mapped(Account, "console_accounts", key=("officer",))
_KEYS: Final = Mapped(SecurityKey, "console_security_keys", key=("credential_id",))
_INVITATIONS: Final = Mapped(Invitation, "console_invitations", key=("digest",))
_SESSIONS: Final = Mapped(Session, "console_sessions", key=("digest",))
_TALLIES: Final = Mapped(Tally, "console_tallies", key=("key",))
_AUDIT: Final = Mapped(AuditEntry, "audit", key=("number",))

_COUNT_RECOVERY: Final = "SELECT count(*) FROM console_recovery WHERE officer = ?"
_PUT_RECOVERY: Final = "INSERT INTO console_recovery (officer, digest) VALUES (?, ?)"
_USE_RECOVERY: Final = "DELETE FROM console_recovery WHERE officer = ? AND digest = ?"
_DROP_RECOVERY: Final = "DELETE FROM console_recovery WHERE officer = ?"
_DROP_KEY: Final = "DELETE FROM console_security_keys WHERE officer = ? AND credential_id = ?"
_DROP_SESSION: Final = "DELETE FROM console_sessions WHERE digest = ?"
_DROP_SESSIONS: Final = "DELETE FROM console_sessions WHERE officer = ?"
_DROP_TALLY: Final = "DELETE FROM console_tallies WHERE key = ?"
_TIDY_SESSIONS: Final = "DELETE FROM console_sessions WHERE ends_at <= ?"
_TIDY_TALLIES: Final = "DELETE FROM console_tallies WHERE failed_at < ? AND coalesce(locked_until, 0) <= ?"
_TIDY_INVITATIONS: Final = "DELETE FROM console_invitations WHERE ends_at < ?"
_PRUNE: Final = "DELETE FROM audit WHERE number <= ?"


class SqliteConsoleShown:
    """Satisfies ``services.console_ports.ConsoleShown``."""

    def __init__(self, ask: Ask) -> None:
        """Read by ``ask``: a statement and its bindings."""
        self._ask = ask

    def account(self, officer: str) -> Account | None:
        """Return an officer's account, or None."""
        row = first(self._ask(f"{_ACCOUNTS.select} WHERE officer = ?", (officer,)))
        return _ACCOUNTS.value(row) if row else None

    def accounts(self) -> list[Account]:
        """Return every account, by officer."""
        return _ACCOUNTS.values(self._ask(f"{_ACCOUNTS.select} ORDER BY officer", ()))

    def security_keys(self, officer: str) -> list[SecurityKey]:
        """Return an officer's security keys, the oldest first."""
        where = "WHERE officer = ? ORDER BY created_at, credential_id"
        return _KEYS.values(self._ask(f"{_KEYS.select} {where}", (officer,)))

    def recovery_left(self, officer: str) -> int:
        """Return how many recovery codes an officer has left."""
        return int(self._ask(_COUNT_RECOVERY, (officer,)).get)

    def invitation(self, digest: str) -> Invitation | None:
        """Return an invitation, used ones too."""
        row = first(self._ask(f"{_INVITATIONS.select} WHERE digest = ?", (digest,)))
        return _INVITATIONS.value(row) if row else None

    def invitations(self, now: datetime) -> list[Invitation]:
        """Return those that still count, the newest first."""
        where = "WHERE used_at IS NULL AND ends_at > ? ORDER BY made_at DESC, digest"
        return _INVITATIONS.values(self._ask(f"{_INVITATIONS.select} {where}", (micros(now),)))

    def session(self, digest: str) -> Session | None:
        """Return a session, or None."""
        row = first(self._ask(f"{_SESSIONS.select} WHERE digest = ?", (digest,)))
        return _SESSIONS.value(row) if row else None

    def sessions(self, officer: str | None = None) -> list[Session]:
        """Return sessions of one officer or of all, those seen last first."""
        where = "WHERE ?1 IS NULL OR officer = ?1 ORDER BY seen_at DESC, digest"
        return _SESSIONS.values(self._ask(f"{_SESSIONS.select} {where}", (officer,)))

    def tally(self, key: str) -> Tally | None:
        """Return what was counted, or None."""
        row = first(self._ask(f"{_TALLIES.select} WHERE key = ?", (key,)))
        return _TALLIES.value(row) if row else None

    def audit(self, after: int, limit: int) -> list[AuditEntry]:
        """Return the audit log behind a number, in order."""
        return _AUDIT.values(self._ask(f"{_AUDIT.select} WHERE number > ? ORDER BY number LIMIT ?", (after, limit)))

    def audit_of(self, act: str, limit: int) -> list[AuditEntry]:
        """Return the newest entries of one act, the newest first."""
        return _AUDIT.values(self._ask(f"{_AUDIT.select} WHERE act = ? ORDER BY number DESC LIMIT ?", (act, limit)))

    def last_audit(self) -> AuditEntry | None:
        """Return the newest entry, or None."""
        row = first(self._ask(f"{_AUDIT.select} ORDER BY number DESC LIMIT 1", ()))
        return _AUDIT.value(row) if row else None


class SqliteConsole(SqliteConsoleShown):
    """Satisfies ``services.console_ports.ConsoleBook``."""

    def __init__(self, batch: Batch) -> None:
        """Write through ``batch``."""
        super().__init__(batch.ask)
        self._batch = batch

    def keep_account(self, account: Account) -> None:
        """Keep an account, in place of what there was."""
        self._batch.run(_ACCOUNTS.upsert, _ACCOUNTS.row(account))

    def keep_security_key(self, key: SecurityKey) -> None:
        """Keep a security key, in place of what there was."""
        self._batch.run(_KEYS.upsert, _KEYS.row(key))

    def drop_security_key(self, officer: str, credential_id: str) -> bool:
        """Forget one of an officer; tell whether there was one."""
        return self._changed(_DROP_KEY, (officer, credential_id)) > 0

    def put_recovery(self, officer: str, digests: Sequence[str]) -> None:
        """Keep these recovery codes in place of all that the officer had."""
        self._batch.run(_DROP_RECOVERY, (officer,))
        for digest in digests:
            self._batch.run(_PUT_RECOVERY, (officer, digest))

    def use_recovery(self, officer: str, digest: str) -> bool:
        """Use a code up; tell whether there was one."""
        return self._changed(_USE_RECOVERY, (officer, digest)) > 0

    def keep_invitation(self, invitation: Invitation) -> None:
        """Keep an invitation, in place of what there was."""
        self._batch.run(_INVITATIONS.upsert, _INVITATIONS.row(invitation))

    def keep_session(self, session: Session) -> None:
        """Keep a session, in place of what there was."""
        self._batch.run(_SESSIONS.upsert, _SESSIONS.row(session))

    def drop_session(self, digest: str) -> bool:
        """End a session; tell whether there was one."""
        return self._changed(_DROP_SESSION, (digest,)) > 0

    def drop_sessions(self, officer: str) -> int:
        """End every session of an officer; return how many there were."""
        return self._changed(_DROP_SESSIONS, (officer,))

    def keep_tally(self, tally: Tally) -> None:
        """Keep what was counted, in place of what there was."""
        self._batch.run(_TALLIES.upsert, _TALLIES.row(tally))

    def drop_tally(self, key: str) -> None:
        """Count from nothing again."""
        self._batch.run(_DROP_TALLY, (key,))

    def tidy(self, now: datetime, *, tallies_before: datetime, invitations_before: datetime) -> None:
        """Forget sessions that ended by ``now``, failures and invitations that are older than these."""
        self._batch.run(_TIDY_SESSIONS, (micros(now),))
        self._batch.run(_TIDY_TALLIES, (micros(tallies_before), micros(now)))
        self._batch.run(_TIDY_INVITATIONS, (micros(invitations_before),))

    def log_act(self, entry: AuditEntry) -> None:
        """Append to the audit log."""
        self._batch.run(_AUDIT.insert, _AUDIT.row(entry))

    def prune_audit(self, up_to: int) -> None:
        """Forget the entries up to this number."""
        self._batch.run(_PRUNE, (up_to,))

    def _changed(self, sql: str, bindings: tuple[str, ...]) -> int:
        self._batch.run(sql, bindings)
        return self._batch.connection.changes()
