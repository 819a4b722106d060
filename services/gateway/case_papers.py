"""A case on paper: its contents are opened one by one, each opening written down, and put on a sheet."""

import json
from collections.abc import Sequence
from typing import Final

from pydantic import JsonValue

from schemas.access import Access
from schemas.base import Status
from schemas.custody import OpeningReason
from schemas.errors import Fault, NotFoundError, RequestError
from schemas.governance.mediation_outcomes import CaseAgreementDrafted
from services.domain.case_sheets import FiledCase, FiledEntry, Paper, agreement_markup, file_markup
from services.domain.case_words import reason
from services.domain.reading import content_of
from services.gateway.case_answers import CaseDetail, CaseEntryLine
from services.gateway.cases import case_detail
from services.gateway.gateway import Gateway
from services.gateway.opening import is_withheld, write_down

_NO_AGREEMENT: Final = Fault("case.no_agreement", "id", "no agreement of this case counts, or its text was erased")


async def markup_of(gateway: Gateway, case_id: str, paper: Paper, *, why: OpeningReason, access: Access) -> str:
    """Return the HTML of a sheet.

    Args:
        gateway: Ports.
        case_id: Which case.
        paper: The agreement or the whole file.
        why: Written to the log with each content that is opened.
        access: Who asks.

    Raises:
        RequestError: There is no such case, or no agreement that counts.
        UnavailableError: The openings cannot be written down now.
    """
    now = gateway.clock.now()
    detail = await gateway.store.read(lambda snapshot: case_detail(snapshot, case_id, gateway, now))
    if isinstance(detail, Fault):
        raise NotFoundError(detail)
    wanted = detail.entries if paper is Paper.FILE else _drafts(detail)[-1:]
    if not wanted:
        raise NotFoundError(_NO_AGREEMENT)
    opened = [await _opened(gateway, one, why, access) for one in wanted]
    if paper is Paper.AGREEMENT:
        return _agreement(detail, *opened[0])
    entries = [_filed(one, content) for one, (content, _) in zip(wanted, opened, strict=True)]
    return _file(detail, entries, status=opened[-1][1], now_of=gateway)


def _drafts(detail: CaseDetail) -> list[CaseEntryLine]:
    """Return the entries that brought the newest text that counts."""
    return [
        one
        for one in detail.entries
        if one.counts
        and one.type == CaseAgreementDrafted.wire_type
        and one.facts.sha256 == detail.agreement_digest is not None
    ]


async def _opened(
    gateway: Gateway, entry: CaseEntryLine, why: OpeningReason, access: Access
) -> tuple[JsonValue, Status]:
    event = await gateway.store.read(lambda snapshot: snapshot.event(entry.envelope_id))
    if event is None:
        return None, Status.ACTUAL
    if is_withheld(event):
        await write_down(gateway, entry.envelope_id, access=access, reason=why)
    content = content_of(event)
    return (json.loads(content) if content else None), event.envelope.header.status


def _agreement(detail: CaseDetail, content: JsonValue, status: Status) -> str:
    if content is None:
        raise RequestError(_NO_AGREEMENT)
    drafted = CaseAgreementDrafted.model_validate_json(json.dumps(content))
    return agreement_markup(
        drafted.document, drafted.sha256, drafted.form, counties=detail.case.counties, status=status
    )


def _filed(one: CaseEntryLine, content: JsonValue) -> FiledEntry:
    void = reason(one.fault.code) if one.fault else ""
    return FiledEntry(one.envelope_id, one.county, one.title, one.time, void, content)


def _file(detail: CaseDetail, entries: Sequence[FiledEntry], *, status: Status, now_of: Gateway) -> str:
    line = detail.case
    return file_markup(
        FiledCase(
            case_id=line.case_id,
            counties=line.counties,
            lead=line.lead,
            stage=line.stage,
            confirmation=line.confirmation,
            due_on=line.due_on,
            agreement_digest=detail.agreement_digest,
            entries=entries,
            printed_at=now_of.clock.now(),
            status=status,
        )
    )
