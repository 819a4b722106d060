"""Who enters the console, and the audit log, over the memory store's containers."""

from collections.abc import Sequence
from datetime import datetime

from adapters.memory.state import State
from schemas.consoles import Account, AuditEntry, Invitation, SecurityKey, Session, Tally


class MemoryConsole:
    """Satisfies ``services.console_ports.ConsoleBook``."""

    def __init__(self, state: State) -> None:
        """Work on ``state``."""
        self._state = state

    def account(self, officer: str) -> Account | None:
        """Return an officer's account, or None."""
        return self._state.console_accounts.get(officer)

    def accounts(self) -> list[Account]:
        """Return every account, by officer."""
        return [one for _, one in sorted(self._state.console_accounts.items())]

    def security_keys(self, officer: str) -> list[SecurityKey]:
        """Return an officer's security keys, the oldest first."""
        found = (one for one in self._state.security_keys.values() if one.officer == officer)
        return sorted(found, key=lambda one: (one.created_at, one.credential_id))

    def recovery_left(self, officer: str) -> int:
        """Return how many recovery codes an officer has left."""
        return sum(one == officer for one, _ in self._state.recovery_codes)

    def invitation(self, digest: str) -> Invitation | None:
        """Return an invitation, used ones too."""
        return self._state.invitations.get(digest)

    def invitations(self, now: datetime) -> list[Invitation]:
        """Return those that still count, the newest first."""
        found = (one for one in self._state.invitations.values() if one.used_at is None and one.ends_at > now)
        return sorted(sorted(found, key=lambda one: one.digest), key=lambda one: one.made_at, reverse=True)

    def session(self, digest: str) -> Session | None:
        """Return a session, or None."""
        return self._state.sessions.get(digest)

    def sessions(self, officer: str | None = None) -> list[Session]:
        """Return sessions of one officer or of all, those seen last first."""
        found = (one for one in self._state.sessions.values() if officer in {None, one.officer})
        return sorted(sorted(found, key=lambda one: one.digest), key=lambda one: one.seen_at, reverse=True)

    def tally(self, key: str) -> Tally | None:
        """Return what was counted, or None."""
        return self._state.tallies.get(key)

    def audit(self, after: int, limit: int) -> list[AuditEntry]:
        """Return the audit log behind a number, in order."""
        return [one for one in self._state.audit if one.number > after][:limit]

    def audit_of(self, act: str, limit: int) -> list[AuditEntry]:
        """Return the newest entries of one act, the newest first."""
        return [one for one in reversed(self._state.audit) if one.act == act][:limit]

    def last_audit(self) -> AuditEntry | None:
        """Return the newest entry, or None."""
        return self._state.audit[-1] if self._state.audit else None

    def keep_account(self, account: Account) -> None:
        """Keep an account, in place of what there was."""
        self._state.console_accounts[account.officer] = account

    def keep_security_key(self, key: SecurityKey) -> None:
        """Keep a security key, in place of what there was."""
        self._state.security_keys[key.credential_id] = key

    def drop_security_key(self, officer: str, credential_id: str) -> bool:
        """Forget one of an officer; tell whether there was one."""
        held = self._state.security_keys.get(credential_id)
        if held is None or held.officer != officer:
            return False
        del self._state.security_keys[credential_id]
        return True

    def put_recovery(self, officer: str, digests: Sequence[str]) -> None:
        """Keep these recovery codes in place of all that the officer had."""
        others = {one for one in self._state.recovery_codes if one[0] != officer}
        self._state.recovery_codes = others | {(officer, digest) for digest in digests}

    def use_recovery(self, officer: str, digest: str) -> bool:
        """Use a code up; tell whether there was one."""
        found = (officer, digest) in self._state.recovery_codes
        self._state.recovery_codes.discard((officer, digest))
        return found

    def keep_invitation(self, invitation: Invitation) -> None:
        """Keep an invitation, in place of what there was."""
        self._state.invitations[invitation.digest] = invitation

    def keep_session(self, session: Session) -> None:
        """Keep a session, in place of what there was."""
        self._state.sessions[session.digest] = session

    def drop_session(self, digest: str) -> bool:
        """End a session; tell whether there was one."""
        return self._state.sessions.pop(digest, None) is not None

    def drop_sessions(self, officer: str) -> int:
        """End every session of an officer; return how many there were."""
        found = self.sessions(officer)
        for one in found:
            del self._state.sessions[one.digest]
        return len(found)

    def keep_tally(self, tally: Tally) -> None:
        """Keep what was counted, in place of what there was."""
        self._state.tallies[tally.key] = tally

    def drop_tally(self, key: str) -> None:
        """Count from nothing again."""
        self._state.tallies.pop(key, None)

    def tidy(self, now: datetime, *, tallies_before: datetime, invitations_before: datetime) -> None:
        """Forget sessions that ended by ``now``, failures and invitations that are older than these."""
        state = self._state
        state.sessions = {key: one for key, one in state.sessions.items() if one.ends_at > now}
        state.tallies = {
            key: one
            for key, one in state.tallies.items()
            if one.failed_at >= tallies_before or (one.locked_until is not None and one.locked_until > now)
        }
        state.invitations = {key: one for key, one in state.invitations.items() if one.ends_at >= invitations_before}

    def log_act(self, entry: AuditEntry) -> None:
        """Append to the audit log."""
        self._state.audit.append(entry)

    def prune_audit(self, up_to: int) -> None:
        """Forget the entries up to this number."""
        self._state.audit = [one for one in self._state.audit if one.number > up_to]
