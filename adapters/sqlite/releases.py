# ruff: noqa: S608 - only names of columns are put into statements; every value is bound
"""Drafts, and who stands behind what was sent."""

import json
from collections.abc import Collection
from datetime import datetime
from typing import Final

from adapters.sqlite.batch import Batch
from adapters.sqlite.reached import Ask
from adapters.sqlite.values import Row, first, micros, moment
from schemas.control import ReleaseMode
from schemas.officers import Role
from schemas.releases import ENDED, Approval, Countersigning, Draft, DraftState, Fixed, ReleasedBy, ReleaseRow
from schemas.statements import SignedStatement

_COLUMNS: Final = (
    "draft_id, wire_type, body, author, author_name, created_at, changed_at, state, digest, reviewer, note, "
    "approved_by, approved_name, approved_digest, approved_at, event_id, "
    "content_id, content_key, salt, submission, approved_own"
)
_SELECT_DRAFT: Final = f"SELECT {_COLUMNS} FROM drafts WHERE draft_id = ?"
_SELECT_DRAFTS: Final = f"""
    SELECT {_COLUMNS} FROM drafts WHERE state IN (SELECT value FROM json_each(?))
    ORDER BY changed_at DESC, draft_id LIMIT ?"""
_COUNT_OPEN: Final = "SELECT count(*) FROM drafts WHERE state IN (SELECT value FROM json_each(?))"
_SELECT_RELEASES: Final = """
    SELECT record_id, source, mode, officers, released_at, terms FROM releases
    WHERE envelope_id = ? ORDER BY released_at, record_id"""
_SELECT_UNDER: Final = """
    SELECT envelope_id FROM releases WHERE source = ? AND terms = ? ORDER BY released_at, record_id LIMIT 1"""
_SELECT_WAITING: Final = "SELECT envelope_id, officer, name, due_at FROM countersigning WHERE envelope_id = ?"
_SELECT_OVERDUE: Final = """
    SELECT envelope_id, officer, name, due_at FROM countersigning
    WHERE told = 0 AND due_at <= ? ORDER BY due_at, envelope_id LIMIT ?"""
_PUT: Final = f"INSERT OR REPLACE INTO drafts ({_COLUMNS}) VALUES ({', '.join('?' * 21)})"
_NOTE: Final = """
    INSERT OR IGNORE INTO releases (record_id, envelope_id, source, mode, officers, released_at, terms)
    VALUES (?, ?, ?, ?, ?, ?, ?)"""
_EXPECT: Final = "INSERT OR IGNORE INTO countersigning (envelope_id, officer, name, due_at) VALUES (?, ?, ?, ?)"
_TOLD: Final = "UPDATE countersigning SET told = 1 WHERE envelope_id = ?"
_DONE: Final = "DELETE FROM countersigning WHERE envelope_id = ?"
_OPEN: Final = json.dumps([state.value for state in DraftState if state not in ENDED])


class SqliteReleasesShown:
    """Satisfies ``services.release_ports.ReleasesShown``."""

    def __init__(self, ask: Ask) -> None:
        """Read by ``ask``: a statement and its bindings."""
        self._ask = ask

    def draft(self, draft_id: str) -> Draft | None:
        """Return one draft, or None."""
        row = first(self._ask(_SELECT_DRAFT, (bytes.fromhex(draft_id),)))
        return _draft(row) if row else None

    def drafts(self, states: Collection[DraftState], limit: int) -> list[Draft]:
        """Return drafts in these states, the one that changed last first."""
        named = json.dumps(sorted(one.value for one in states))
        return [_draft(row) for row in self._ask(_SELECT_DRAFTS, (named, limit))]

    def open_count(self) -> int:
        """Return how many drafts are neither sent nor withdrawn."""
        return int(self._ask(_COUNT_OPEN, (_OPEN,)).get)

    def of_event(self, envelope_id: str) -> list[ReleaseRow]:
        """Return what was put on record about an event, in the order of its time."""
        rows = self._ask(_SELECT_RELEASES, (bytes.fromhex(envelope_id),))
        return [
            ReleaseRow(
                record_id.hex(),
                source,
                ReleaseMode(mode),
                _officers(officers),
                moment(released_at),
                "" if terms is None else terms.hex(),
            )
            for record_id, source, mode, officers, released_at, terms in rows
        ]

    def released_under(self, source: str, terms: str) -> str | None:
        """Return the event of a source that was released under terms that an officer signed, or None."""
        row = first(self._ask(_SELECT_UNDER, (source, bytes.fromhex(terms))))
        return None if row is None else str(row[0].hex())

    def countersigning(self, envelope_id: str) -> Countersigning | None:
        """Return what still waits for a second officer's name, or None."""
        row = first(self._ask(_SELECT_WAITING, (bytes.fromhex(envelope_id),)))
        return _countersigning(row) if row else None

    def overdue(self, now: datetime, limit: int) -> list[Countersigning]:
        """Return those whose time has passed and of which nobody was told, the longest overdue first."""
        return [_countersigning(row) for row in self._ask(_SELECT_OVERDUE, (micros(now), limit))]


class SqliteReleases(SqliteReleasesShown):
    """Satisfies ``services.release_ports.Releases``. A few rows a day: written at once."""

    def __init__(self, batch: Batch) -> None:
        """Write through ``batch``."""
        super().__init__(batch.ask)
        self._batch = batch

    def put(self, draft: Draft) -> None:
        """Keep a draft, in place of what there was of it."""
        by = draft.approval
        approval = (None,) * 4 if by is None else (by.officer, by.name, bytes.fromhex(by.digest), micros(by.at))
        written = draft.author, draft.author_name, micros(draft.created_at), micros(draft.changed_at)
        stands = draft.state.value, bytes.fromhex(draft.digest), draft.reviewer, draft.note
        event_id = None if draft.event_id is None else bytes.fromhex(draft.event_id)
        fixed = draft.fixed
        drawn = (None,) * 3 if fixed is None else (bytes.fromhex(fixed.content_id), fixed.key, fixed.salt)
        signed = _statement_text(draft.submission), _statement_text(by.own if by else None)
        named = bytes.fromhex(draft.draft_id), draft.wire_type, draft.body
        row = (*named, *written, *stands, *approval, event_id, *drawn, *signed)
        self._batch.run(_PUT, row)

    def note(self, envelope_id: str, row: ReleaseRow) -> None:
        """Keep a record about an event; the same record again changes nothing."""
        officers = [_officer_text(one) for one in row.officers]
        ids = bytes.fromhex(row.record_id), bytes.fromhex(envelope_id)
        said = json.dumps(officers, ensure_ascii=False)
        terms = bytes.fromhex(row.terms) if row.terms else None
        self._batch.run(_NOTE, (*ids, row.source, row.mode.value, said, micros(row.released_at), terms))

    def expect(self, row: Countersigning) -> None:
        """From now on a second officer's name is missing."""
        self._batch.run(_EXPECT, (bytes.fromhex(row.envelope_id), row.officer, row.name, micros(row.due_at)))

    def mark_told(self, envelope_id: str) -> None:
        """The own duty officer was told that it is overdue."""
        self._batch.run(_TOLD, (bytes.fromhex(envelope_id),))

    def countersigned(self, envelope_id: str) -> None:
        """It is missing no more."""
        self._batch.run(_DONE, (bytes.fromhex(envelope_id),))


def _draft(row: Row) -> Draft:
    draft_id, wire_type, body, author, author_name, created_at, changed_at, state, digest, reviewer, note, *rest = row
    by, name, approved, at, event_id, content_id, key, salt, submission, own = rest
    return Draft(
        draft_id=draft_id.hex(),
        wire_type=wire_type,
        body=body,
        author=author,
        author_name=author_name,
        created_at=moment(created_at),
        changed_at=moment(changed_at),
        state=DraftState(state),
        digest=digest.hex(),
        reviewer=reviewer,
        note=note,
        approval=None if by is None else Approval(by, name, approved.hex(), moment(at), _statement(own)),
        event_id=None if event_id is None else event_id.hex(),
        fixed=None if content_id is None else Fixed(content_id.hex(), key, salt),
        submission=_statement(submission),
    )


def _statement(text: str | None) -> SignedStatement | None:
    return None if text is None else SignedStatement.model_validate_json(text)


def _statement_text(own: SignedStatement | None) -> str | None:
    return None if own is None else own.model_dump_json(exclude_none=True)


def _officer_text(one: ReleasedBy) -> dict[str, object]:
    said: dict[str, object] = {
        "officer": one.officer,
        "name": one.name,
        "roles": list(one.roles),
        "credential": one.credential_digest,
        "public": one.public,
    }
    return said if one.signed_at is None else said | {"signed_at": micros(one.signed_at)}


def _officers(text: str) -> tuple[ReleasedBy, ...]:
    return tuple(
        ReleasedBy(
            one["officer"],
            one["name"],
            tuple(Role(role) for role in one["roles"]),
            one["credential"],
            None if "signed_at" not in one else moment(one["signed_at"]),
            one.get("public", ""),
        )
        for one in json.loads(text)
    )


def _countersigning(row: Row) -> Countersigning:
    envelope_id, officer, name, due_at = row
    return Countersigning(envelope_id.hex(), officer, name, moment(due_at))
