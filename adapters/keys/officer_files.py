"""Officers' papers in the county's directory: credentials in force, those revoked, tokens, invitations by command.

The node and the commands change them by the same steps.
"""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from adapters.keys.access import AccessFile
from adapters.keys.county_files import CountyFiles
from adapters.keys.durable import PRIVATE, one_at_a_time, write_whole
from schemas.base import format_time
from schemas.consoles import InvitationPaper, InvitationPapers
from schemas.documents import SignedDocument
from schemas.errors import Fault, RequestError

REVOKED_FILE: Final = "officers/revoked.json"
INVITATIONS_FILE: Final = "invitations.json"


def credential_file(officer: str) -> str:
    """Return where an officer's credential is kept."""
    return f"officers/{officer}.json"


class OfficerFiles:
    """Satisfies ``services.console_ports.OfficerDesk``."""

    def __init__(
        self,
        root: Path,
        *,
        digest_of: Callable[[SignedDocument], str],
        in_force: Callable[[CountyFiles], dict[str, SignedDocument]],
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """Take a county's directory and the domain's rules; read nothing yet.

        Args:
            root: The county's directory.
            digest_of: The digest of a signed document.
            in_force: Reads the credentials that are not revoked, by officer.
            changed: Told after a change, so that it counts at once.
        """
        self._root, self._files, self._access = root, CountyFiles(root), AccessFile(root)
        self._digest_of, self._in_force, self._changed = digest_of, in_force, changed

    def keep(self, officer: str, document: SignedDocument, now: datetime) -> None:
        """Put an officer's credential into force; the one before is revoked."""
        before = self._in_force(self._files).get(officer)
        self._files.write(credential_file(officer), document.model_dump_json(indent=1).encode() + b"\n")
        if before is not None and self._digest_of(before) != self._digest_of(document):
            self._put_down(self._digest_of(before), now)
        self._changed()

    def revoke(self, officer: str, now: datetime) -> str | None:
        """Take an officer's credential, every token bound to the officer and every open invitation out of force."""
        document = self._in_force(self._files).get(officer)
        digest = self._digest_of(document) if document is not None else None
        if digest is not None:
            self._put_down(digest, now)
        self.revoke_tokens(officer, now)
        self._changed()
        self._drop_invitations(officer)  # last: a damaged file of them stops nothing of the above
        return digest

    def revoke_tokens(self, officer: str, now: datetime) -> None:
        """Take every token bound to an officer out of force."""
        if not any(one.officer == officer and one.revoked_at is None for one in self._access.read()):
            return
        self._access.change(
            lambda tokens: tuple(
                one.model_copy(update={"revoked_at": now}) if one.officer == officer and one.revoked_at is None else one
                for one in tokens
            )
        )

    def invited(self, digest: str) -> InvitationPaper | None:
        """Return the invitation that a command on this machine has made, or None."""
        return next((one for one in self._invitations() if one.digest == digest), None)

    def invite(self, paper: InvitationPaper, now: datetime) -> None:
        """Add an invitation; those that have ended go."""
        with one_at_a_time(self._root):
            kept = tuple(one for one in self._invitations() if one.ends_at > now and one.officer != paper.officer)
            self._write_invitations((*kept, paper))

    def take_back(self, officer: str, now: datetime) -> int:
        """Let every invitation of an officer by command count no more; return how many of them still counted."""
        open_ = sum(one.officer == officer and one.ends_at > now for one in self._invitations())
        self._drop_invitations(officer)
        return open_

    def _drop_invitations(self, officer: str) -> None:
        with one_at_a_time(self._root):
            found = self._invitations()
            kept = tuple(one for one in found if one.officer != officer)
            if kept != found:
                self._write_invitations(kept)

    def _write_invitations(self, papers: tuple[InvitationPaper, ...]) -> None:
        data = InvitationPapers(invitations=papers).model_dump_json(indent=1)
        write_whole(self._root / INVITATIONS_FILE, data.encode() + b"\n", mode=PRIVATE)

    def _invitations(self) -> tuple[InvitationPaper, ...]:
        try:
            return InvitationPapers.model_validate_json((self._root / INVITATIONS_FILE).read_bytes()).invitations
        except FileNotFoundError:
            return ()
        except ValidationError as exc:
            mend = "the file is damaged: take it away, and invite again"
            raise RequestError(Fault("invitation.malformed", INVITATIONS_FILE, mend)) from exc

    def _put_down(self, digest: str, now: datetime) -> None:
        def edit(old: bytes | None) -> bytes:
            revoked = json.loads(old) if old else {}
            return json.dumps(revoked | {digest: format_time(now)}, indent=1).encode() + b"\n"

        self._files.change(REVOKED_FILE, edit)
