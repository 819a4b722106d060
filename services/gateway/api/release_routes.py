"""The part of the route table about drafts and the second officer."""

from collections.abc import Sequence
from typing import Final

from schemas.access import Scope
from schemas.drafts import CountersignatureDraft, DraftText, ReviewDraft, SendingDraft, SubmissionDraft
from services.gateway.answers import Accepted
from services.gateway.api import releases
from services.gateway.api.asked import EventPath
from services.gateway.api.release_asked import DraftPath, DraftQuery
from services.gateway.api.route import BASE, OF_KEYS, Route
from services.gateway.release_answers import DraftDetail, DraftList, ReleaseList

OF_RELEASE: Final = (
    "release.second_officer",
    "release.role",
    "release.alone_not_needed",
    "release.alone_bulletin",
    "access.no_officer",
    "officer.unknown",
)
_OF_OFFICER: Final = ("access.no_officer", "officer.unknown", "release.role")
_OF_SIGNATURES: Final = (
    "release.other_statement",
    "release.other_event",
    "release.signature",
    "release.signed_at",
)
"""Refusals of an officer's own signature."""
_OF_A_DRAFT: Final = ("request.not_found", "release.state", *_OF_OFFICER)
_OF_TEXT: Final = (
    "release.type",
    "release.in_draft",
    "event.unknown_type",
    "request.control_type",
    "guard.banned_name",
    "guard.personal_number",
    "guard.secret_label",
)


def releases_of(of_submission: Sequence[str]) -> tuple[Route, ...]:
    """Return the routes; ``of_submission`` are the refusals of an event that is sent."""
    return (
        Route(
            "POST",
            f"{BASE}/drafts",
            "begin_draft",
            "Keep a draft of an event that another officer is to approve; its content may still be incomplete.",
            releases.post_draft,
            Scope.EVENTS_WRITE,
            DraftDetail,
            status=201,
            body=DraftText,
            codes=(*_OF_OFFICER, *_OF_TEXT, *OF_KEYS, "release.too_many"),
            idempotent_by_key=True,
        ),
        Route(
            "GET",
            f"{BASE}/drafts",
            "list_drafts",
            "List drafts, the one that changed last first.",
            releases.get_drafts,
            Scope.EVENTS_READ,
            DraftList,
            query=DraftQuery,
        ),
        Route(
            "GET",
            f"{BASE}/drafts/{{id}}",
            "show_draft",
            "Show one draft, and what the caller may do with it.",
            releases.get_draft,
            Scope.EVENTS_READ,
            DraftDetail,
            path_model=DraftPath,
            codes=("request.not_found",),
        ),
        Route(
            "POST",
            f"{BASE}/drafts/{{id}}/content",
            "change_draft",
            "Put another text in place of a draft's; an approval of the text before is void.",
            releases.post_draft_content,
            Scope.EVENTS_WRITE,
            DraftDetail,
            path_model=DraftPath,
            body=DraftText,
            codes=(*_OF_A_DRAFT, "release.not_author", *_OF_TEXT),
        ),
        Route(
            "POST",
            f"{BASE}/drafts/{{id}}/submission",
            "hand_in_draft",
            "Hand a draft in for review; it must be what could be sent now.",
            releases.post_draft_submission,
            Scope.EVENTS_WRITE,
            DraftDetail,
            path_model=DraftPath,
            body=SubmissionDraft,
            body_required=False,
            codes=(
                *_OF_A_DRAFT,
                "release.not_author",
                "release.changed",
                "release.terms_changed",
                *_OF_SIGNATURES,
                *of_submission,
            ),
        ),
        Route(
            "POST",
            f"{BASE}/drafts/{{id}}/review",
            "review_draft",
            "Approve a draft of another officer, and send it at once if so asked; or return it with a note.",
            releases.post_draft_review,
            Scope.EVENTS_WRITE,
            DraftDetail,
            path_model=DraftPath,
            body=ReviewDraft,
            codes=(
                *_OF_A_DRAFT,
                "release.same_officer",
                "release.changed",
                "release.terms_changed",
                "release.no_note",
                *_OF_SIGNATURES,
                *of_submission,
            ),
        ),
        Route(
            "POST",
            f"{BASE}/drafts/{{id}}/sending",
            "send_draft",
            "Send a draft that is approved, that needs no second officer, or, stating so, that its author sends alone.",
            releases.post_draft_sending,
            Scope.EVENTS_WRITE,
            Accepted,
            status=202,
            path_model=DraftPath,
            body=SendingDraft,
            body_required=False,
            codes=(
                *_OF_A_DRAFT,
                "release.not_author",
                "release.changed",
                "release.terms_changed",
                *OF_RELEASE,
                *of_submission,
            ),
        ),
        Route(
            "POST",
            f"{BASE}/drafts/{{id}}/withdrawal",
            "withdraw_draft",
            "Take a draft back for good; its text is gone.",
            releases.post_draft_withdrawal,
            Scope.EVENTS_WRITE,
            DraftDetail,
            path_model=DraftPath,
            codes=(*_OF_A_DRAFT, "release.not_author"),
        ),
        Route(
            "POST",
            f"{BASE}/events/{{id}}/countersignature",
            "countersign_event",
            "Put a second officer's name under an own alert that one officer sent alone; its recipients are told.",
            releases.post_countersignature,
            Scope.EVENTS_WRITE,
            ReleaseList,
            status=202,
            path_model=EventPath,
            body=CountersignatureDraft,
            body_required=False,
            codes=(
                "request.not_found",
                "release.not_ours",
                *_OF_SIGNATURES,
                "release.not_waiting",
                "release.same_officer",
                *_OF_OFFICER,
                "sharing.no_agreement",
            ),
        ),
    )
