"""The part of the route table about cases of joint mediation."""

from collections.abc import Sequence
from typing import Final

from schemas.access import Scope
from schemas.drafts import CaseEventDraft
from services.gateway.answers import Accepted
from services.gateway.api import cases
from services.gateway.api.asked import CasePaperQuery, CasePath, CaseQuery, ShowQuery
from services.gateway.api.route import BASE, BYTES, PDF, Route
from services.gateway.case_answers import CaseDetail, CaseList

OF_CASES: Final = (
    "case.not_found",
    "case.type",
    "case.late",
    "case.link_split",
    "case.entries_missing",
    "case.not_now",
    "case.no_consent",
    "case.unsigned",
    "case.time_over",
)


def cases_of(of_submission: Sequence[str]) -> tuple[Route, ...]:
    """Return the routes; an entry can be refused for whatever refuses an event, too."""
    return (
        Route(
            "GET",
            f"{BASE}/cases",
            "list_cases",
            "List cases of joint mediation.",
            cases.get_cases,
            Scope.EVENTS_READ,
            CaseList,
            query=CaseQuery,
        ),
        Route(
            "GET",
            f"{BASE}/cases/{{id}}",
            "show_case",
            "Show one case: its story, what may come next and why not, its days. No name and no text.",
            cases.get_case,
            Scope.EVENTS_READ,
            CaseDetail,
            path_model=CasePath,
            codes=("case.not_found",),
        ),
        Route(
            "GET",
            f"{BASE}/cases/{{id}}/evidence",
            "export_case",
            "Export a case as evidence that verifies offline; with a reason also what opens its contents.",
            cases.get_case_evidence,
            Scope.EVENTS_READ,
            None,
            media_type=BYTES,
            path_model=CasePath,
            query=ShowQuery,
            codes=("case.not_found", "evidence.too_large"),
        ),
        Route(
            "GET",
            f"{BASE}/cases/{{id}}/paper",
            "print_case",
            "Print the agreement of a case, with its places to sign, or the whole file; every opening is written down.",
            cases.get_paper,
            Scope.EVENTS_READ,
            None,
            media_type=PDF,
            path_model=CasePath,
            query=CasePaperQuery,
            codes=("case.not_found", "case.no_agreement", "access.no_reason", "node.no_printer"),
        ),
        Route(
            "POST",
            f"{BASE}/cases/{{id}}/events",
            "write_case_entry",
            "Write the next entry of a case; who has not seen the newest one is refused.",
            cases.post_entry,
            Scope.EVENTS_WRITE,
            Accepted,
            status=202,
            path_model=CasePath,
            body=CaseEventDraft,
            codes=(*OF_CASES, *of_submission),
            idempotent_by_key=True,
        ),
    )
