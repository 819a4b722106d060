"""Personal content is shown to who says why, after that was written down; and the log of it is shown to the auditor."""

from typing import Final

from schemas.access import Access
from schemas.base import InformationClass
from schemas.custody import Opening, OpeningReason
from schemas.envelope import PayloadType
from schemas.errors import Fault, RequestError
from schemas.officers import OfficerCredential
from schemas.records import StoredEvent
from services.domain.documents import open_payload
from services.domain.openings import NONE_YET, LogVerdict, go_on, next_opening
from services.domain.roles import may_open_personal
from services.domain.tokens import is_board
from services.gateway.gateway import Gateway
from services.ports import Directory, Store, Transaction

_PAGE: Final = 2000
"""Rows of one look at the log; between two of them others are served."""


def is_withheld(event: StoredEvent) -> bool:
    """Tell whether the content of an event is personal, and still here: then it is shown only with a reason."""
    return event.envelope.header.information_class is InformationClass.PERSONAL and bool(event.envelope.content)


def may_open(directory: Directory, access: Access) -> Fault | None:
    """Tell why personal content is shown to nobody by this access, whatever the reason, or None.

    It is a board's; or who is bound to it is an officer who keeps the system or only looks on: none of them has
    anything to do with people.
    """
    if is_board(access):
        mend = f"{access.name} is shown no personal content: open it as an officer who handles it"
        return Fault("access.role", "why", mend)
    document = directory.credential(access.officer) if access.officer else None
    if document is None:
        return None  # bound to nobody; or its officer's credential is gone, and then every token of his is, too
    credential = open_payload(document, PayloadType.OFFICER, OfficerCredential)
    if isinstance(credential, Fault):
        return credential
    if may_open_personal(credential.roles):
        return None
    mend = f"{'、'.join(credential.roles)} sees no personal content; ask an officer who handles it"
    return Fault("access.role", "why", mend)


async def write_down(gateway: Gateway, envelope_id: str, *, access: Access, reason: OpeningReason) -> Opening:
    """Append to the log that the content of an event is about to be shown; it is durable when this returns.

    Raises:
        RequestError: To this officer nothing about people is shown.
        UnavailableError: It cannot be written down now, so nothing is shown.
    """
    fault = may_open(gateway.directory, access)
    if fault is not None:
        raise RequestError(fault)
    clock = gateway.clock

    def work(tx: Transaction) -> Opening:
        last, now = tx.last_opening(), clock.now()
        row = next_opening(last, envelope_id=envelope_id, access=access, reason=reason, now=now)
        tx.custody.log_opening(row)
        return row

    return await gateway.store.write(work)


async def judged_log(store: Store) -> LogVerdict:
    """Walk over the whole log and tell whether every row follows the one before."""
    verdict = LogVerdict(0, NONE_YET)
    while verdict.holds:
        after = verdict.count
        rows = await store.read(lambda snapshot, after=after: snapshot.openings(after, _PAGE))  # type: ignore[misc]
        if not rows:
            break
        verdict = go_on(verdict, rows)
    return verdict
