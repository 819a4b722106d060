"""Drafts and releases as answers of the API."""

import json
from collections.abc import Sequence

from pydantic import JsonValue, ValidationError

from schemas.base import Event
from schemas.catalogue import parse_new
from schemas.drafts import EventDraft
from schemas.officers import OfficerCredential
from schemas.releases import Approval, Draft, ReleaseRow
from services.domain.encoding import compact_json
from services.domain.reading import headline_of
from services.domain.release_records import awaits_second, counted
from services.domain.release_signing import Terms
from services.domain.releasing import needs_second, possible
from services.gateway.release_answers import ApprovalLine, DraftDetail, DraftLine, ReleaseLine, ReleaseList


def release_lines(rows: Sequence[ReleaseRow], source: str) -> tuple[ReleaseLine, ...]:
    """What counts about an event of ``source``."""
    return tuple(ReleaseLine.model_validate(row, from_attributes=True) for row in counted(rows, source))


def release_list(envelope_id: str, rows: Sequence[ReleaseRow], source: str) -> ReleaseList:
    """Everything that counts about one event."""
    counting = counted(rows, source)
    return ReleaseList(
        envelope_id=envelope_id, releases=release_lines(rows, source), awaits_second=awaits_second(counting)
    )


def draft_line(draft: Draft) -> DraftLine:
    """One line of a listing."""
    given = _given(draft)
    return DraftLine(
        id=draft.draft_id,
        type=draft.wire_type,
        title=headline_of(compact_json(given.content)) if given else "",
        state=draft.state,
        author=draft.author,
        author_name=draft.author_name,
        created_at=draft.created_at,
        changed_at=draft.changed_at,
        reviewer=draft.reviewer,
        note=draft.note,
        approval=_approval(draft.approval) if draft.approval else None,
        event_id=draft.event_id,
    )


def _approval(given: Approval) -> ApprovalLine:
    signed = given.own is not None
    return ApprovalLine(officer=given.officer, name=given.name, digest=given.digest, at=given.at, signed=signed)


def draft_detail(
    draft: Draft, caller: OfficerCredential | None, author: OfficerCredential | None, terms: Terms | None = None
) -> DraftDetail:
    """One draft, and what its reader may do with it.

    Args:
        draft: As it stands.
        caller: Who reads it; None if that is no officer with a credential in force.
        author: Who wrote it; None if that credential is not in force any more.
        terms: What an officer would sign of it now.
    """
    given = _given(draft)
    needed = _is_needed(given) if given else False
    event: JsonValue = json.loads(draft.body) if draft.body else None
    return DraftDetail(
        draft=draft_line(draft),
        digest=draft.digest,
        event=event,
        needs_second=needed,
        acts=possible(draft, caller, author, needed=needed),
        terms=terms.subject if terms else None,
        acknowledge_by=terms.acknowledge_by if terms else None,
        submission_signed=draft.submission is not None,
    )


def _given(draft: Draft) -> EventDraft | None:
    try:
        return EventDraft.model_validate_json(draft.body) if draft.body else None
    except ValidationError:  # kept by an older version
        return None


def _is_needed(given: EventDraft) -> bool:
    event = parse_new(given.type, given.content)
    return not isinstance(event, Event) or needs_second(given.type, event, given.status)
