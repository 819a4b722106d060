"""``Agreements``: draft them, put signed copies together, and put in force what its parties have signed.

No key is here, and none is needed: whatever counts was signed elsewhere, and is judged by the registry in force.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import structlog

from schemas.access import Access
from schemas.agreements import Agreement
from schemas.documents import SignedDocument
from schemas.errors import Fault, RequestError, UnavailableError
from services.acknowledging import judge_bound
from services.domain.agreement_adopting import (
    collected_here,
    judge_adoption,
    judge_heard,
    judge_keeper,
    judge_suspending,
)
from services.domain.agreement_differences import differences
from services.domain.agreement_drafts import judge_draft, read_draft, unsigned
from services.domain.audit import next_entry
from services.domain.documents import document_digest
from services.domain.trust import Trust
from services.domain.trust_files import Files
from services.gateway.agreement_answers import (
    AdoptedAgreement,
    CollectedAgreement,
    DraftedAgreement,
    SuspendedAgreement,
)
from services.gateway.bodies import without_prefix
from services.ports import Clock, Directory, Store, Transaction
from services.signing_ports import Filed, TrustFolder

log = structlog.get_logger()

T = TypeVar("T")
F = TypeVar("F", bound=Filed)
_AT_ONCE: Final = 2
"""Requests that are judged at the same time: each may bring a thousand signatures."""


class Agreements:
    """What the office does with agreements on this node."""

    def __init__(self, *, store: Store, directory: Directory, folder: TrustFolder, clock: Clock, county: str) -> None:
        """Take ready-made ports; open nothing.

        Args:
            store: Has the audit log.
            directory: Knows what is trusted, and the officers' credentials.
            folder: The documents of trust on disk.
            clock: Reads the time.
            county: Ourselves.
        """
        self._store, self._directory, self._folder = store, directory, folder
        self._clock, self._county = clock, county
        self._busy = 0

    def draft(self, body: bytes) -> DraftedAgreement:
        """Fix a draft as the document to be signed; nothing of it is kept.

        Raises:
            RequestError: Everything that is wrong with it, each by its field.
        """
        agreement = read_draft(body, what="body")
        if isinstance(agreement, tuple):
            raise RequestError(*without_prefix(agreement, "draft"))
        faults = judge_draft(agreement, self._directory.trust())
        if faults:
            raise RequestError(*faults)
        document = unsigned(agreement)
        return DraftedAgreement(agreement=agreement, document=document, digest=document_digest(document))

    async def collect(self, copies: Sequence[SignedDocument]) -> CollectedAgreement:
        """Put copies together and say what adopting them would change; nothing of them is kept.

        Raises:
            RequestError: They are no copies of one agreement.
            UnavailableError: Others are being judged.
        """
        trust = self._directory.trust()
        return await self._judged(lambda: self._collected(copies, trust))

    def _collected(self, copies: Sequence[SignedDocument], trust: Trust) -> CollectedAgreement:
        found = collected_here(copies, trust)
        if isinstance(found, Fault):
            raise RequestError(found)
        held = trust.agreement(found.agreement.id)
        before: Agreement | None = held.agreement if held else None
        judged = judge_adoption([found.document], self._folder.read(), self._county)
        refusal = judged if isinstance(judged, Fault) else None
        version = before.version if before else None
        return CollectedAgreement.of(found, version, differences(before, found.agreement), refusal)

    async def adopt(self, copies: Sequence[SignedDocument], heard: str, access: Access) -> AdoptedAgreement:
        """Put an agreement in force that every party has signed.

        Args:
            copies: Of it; together they have every signature.
            heard: Of its digest, as it was read out by telephone.
            access: Of whoever asks.

        Raises:
            RequestError: It cannot be; nothing has changed.
            UnavailableError: Others are being judged, or the disk is full or failing.
        """
        officer = self._keeper(access)
        fault = judge_heard(heard, document_digest(copies[0]))
        if fault is not None:
            raise RequestError(fault)
        done = await self._put(lambda files: judge_adoption(copies, files, self._county))
        agreement = done.in_force.agreement
        name, digest = f"{agreement.id}@{agreement.version}", document_digest(done.document)
        await self._note(officer, "agreement.adopted", name, digest)
        log.info("gateway.agreement_adopted", agreement=name, digest=digest, officer=officer, access=access.name)
        return AdoptedAgreement.of(done)

    async def suspend(self, agreement_id: str, document: SignedDocument, access: Access) -> SuspendedAgreement:
        """Let a suspension count that its party has signed.

        Args:
            agreement_id: The agreement that is meant.
            document: The suspension.
            access: Of whoever asks.

        Raises:
            RequestError: It cannot; nothing has changed.
            UnavailableError: Others are being judged, or the disk is full or failing.
        """
        officer = self._keeper(access)
        done = await self._put(lambda files: judge_suspending(document, files, agreement_id))
        one = done.suspension
        name, digest = f"{one.agreement_id}@{one.version}", document_digest(done.document)
        await self._note(officer, "agreement.suspended", name, f"by {one.county}, {digest}")
        log.info("gateway.agreement_suspended", agreement=name, county=one.county, digest=digest, officer=officer)
        return SuspendedAgreement.of(done)

    def _keeper(self, access: Access) -> str:
        """Return the officer who asks, if agreements are his business."""
        if access.officer is None:
            mend = "this token is bound to no officer; an officer of role liaison puts agreements in force"
            raise RequestError(Fault("access.no_officer", "Authorization", mend))
        document = self._directory.credential(access.officer)
        if document is None:
            mend = f"{access.officer} has no certified credential here; have one certified, or ask why it was revoked"
            raise RequestError(Fault("officer.unknown", "officer", mend))
        now, trust = self._clock.now(), self._directory.trust()
        found = judge_bound(document, access.officer, self._county, trust=trust, now=now, answered_at=now)
        fault = found if isinstance(found, Fault) else judge_keeper(found)
        if fault is not None:
            raise RequestError(fault)
        return access.officer

    async def _put(self, judge: Callable[[Files], F | Fault]) -> F:
        found = await self._judged(lambda: self._folder.put(judge))
        if isinstance(found, Fault):
            raise RequestError(found)
        return found

    async def _judged(self, work: Callable[[], T]) -> T:
        """Do work in a thread: a thousand signatures must not hold up an alert."""
        if self._busy >= _AT_ONCE:
            raise UnavailableError("other agreements are being judged")
        self._busy += 1
        try:
            return await asyncio.to_thread(work)
        finally:
            self._busy -= 1

    async def _note(self, officer: str, act: str, about: str, note: str) -> None:
        now = self._clock.now()

        def work(tx: Transaction) -> None:
            tx.console.log_act(
                next_entry(tx.console.last_audit(), officer=officer, act=act, about=about, note=note, now=now)
            )

        await self._store.write(work)
