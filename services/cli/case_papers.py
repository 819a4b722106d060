"""A case on paper: its contents are opened one by one, each opening written down, and put on a sheet."""

import json
from datetime import datetime

from pydantic import JsonValue

from schemas.base import Status
from schemas.custody import OpeningReason
from schemas.errors import Fault, NotFoundError, RequestError
from schemas.governance.mediation_outcomes import CaseAgreementDrafted
from services.bootstrap.printing import FILE_PAGES_MAX, print_page
from services.cli.client import Api
from services.domain.case_sheets import FiledCase, FiledEntry, Paper, agreement_markup, file_markup
from services.domain.case_words import reason
from services.gateway.case_answers import CaseDetail


async def paper_of(api: Api, detail: CaseDetail, paper: Paper, why: OpeningReason | None, *, now: datetime) -> str:
    """Return the HTML of a sheet.

    Raises:
        RequestError: Contents are personal and no reason was given.
        NotFoundError: There is no agreement that counts.
    """
    if why is None:
        mend = "the contents are personal: say why they are opened, e.g. --why handling"
        raise RequestError(Fault("access.no_reason", "--why", mend))
    if paper is Paper.AGREEMENT:
        return await _agreement(api, detail, why)
    entries: list[FiledEntry] = []
    status = Status.ACTUAL
    for one in detail.entries:
        event = await api.event(one.envelope_id, why)
        status = event.header.status
        void = reason(one.fault.code) if one.fault else ""
        entries.append(FiledEntry(one.envelope_id, one.county, one.title, one.time, void, event.content))
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
            printed_at=now,
            status=status,
        )
    )


async def _agreement(api: Api, detail: CaseDetail, why: OpeningReason) -> str:
    drafts = [
        one
        for one in detail.entries
        if one.counts and one.type == CaseAgreementDrafted.wire_type and one.facts.sha256 == detail.agreement_digest
    ]
    if not drafts:
        raise NotFoundError(Fault("case.no_agreement", "ID", "no agreement of this case counts"))
    event = await api.event(drafts[-1].envelope_id, why)
    drafted = _read(event.content)
    counties = detail.case.counties
    return agreement_markup(
        drafted.document, drafted.sha256, drafted.form, counties=counties, status=event.header.status
    )


def _read(content: JsonValue) -> CaseAgreementDrafted:
    if content is None:
        raise NotFoundError(Fault("case.no_agreement", "ID", "the content of the agreement was erased"))
    return CaseAgreementDrafted.model_validate_json(json.dumps(content))


async def printed(html: str) -> bytes:
    """Return a sheet as PDF."""
    return await print_page(html, pages_max=FILE_PAGES_MAX)
