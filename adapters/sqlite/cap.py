# ruff: noqa: S608 - only names of columns are put into statements; every value is bound
"""CAP documents that were taken, answers of foreign systems, and feeds. Few rows: written at once."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Final

from adapters.sqlite.batch import Batch
from adapters.sqlite.reached import Ask
from adapters.sqlite.values import Row, first, micros, moment, moment_or_none
from schemas.cap_records import CapAnswerRow, CapDocument, CapFigures, CapState, Seen
from schemas.control import ReceiptStage
from schemas.errors import Fault, InvariantError

_FACTS: Final = """
    key, meaning, digest, message_type, sender, identifier, sent_at, origin, signer, state, alert_id, event_id,
    faults, recorded_at, settled_at, settled_by"""
_WHOLE: Final = f"number, {_FACTS}, draft, original"
_SELECT_ONE: Final = f"SELECT {_WHOLE} FROM cap_documents WHERE number = ?"
_SELECT_BY_KEY: Final = f"SELECT {_WHOLE} FROM cap_documents WHERE key = ?"
_SELECT_BY_ALERT: Final = f"""
    SELECT {_WHOLE} FROM cap_documents WHERE alert_id = ? AND event_id IS NOT NULL ORDER BY number DESC LIMIT 1"""
_SELECT_NEWEST: Final = f"SELECT number, {_FACTS}, NULL, NULL FROM cap_documents ORDER BY number DESC LIMIT ?"
_SELECT_HELD: Final = f"""
    SELECT number, {_FACTS}, NULL, NULL FROM cap_documents WHERE state = 'held' ORDER BY number DESC LIMIT ?"""
_COUNT: Final = "SELECT state, count(*) FROM cap_documents GROUP BY state"
_COUNT_ANSWERS: Final = "SELECT count(*) FROM cap_answers"
_INSERT: Final = f"""
    INSERT INTO cap_documents ({_FACTS}, draft, original)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING number"""
_CLOSE: Final = """
    UPDATE cap_documents
    SET state = 'closed', event_id = ?, alert_id = ?, settled_by = ?, settled_at = ?, draft = NULL, original = NULL
    WHERE number = ? AND state = 'held'"""
FORGET_ORIGINAL: Final = "UPDATE cap_documents SET original = NULL, draft = NULL WHERE event_id = ?"
_ANSWER: Final = "key, stage, sender, identifier, sent_at, note, origin, signer, recorded_at"
_SELECT_ANSWERS: Final = f"""
    SELECT {_ANSWER} FROM cap_answers WHERE event_id = ? ORDER BY recorded_at, key LIMIT ?"""
_INSERT_ANSWER: Final = f"INSERT OR IGNORE INTO cap_answers (event_id, {_ANSWER}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_SELECT_EVENTS: Final = """
    SELECT e.envelope_id FROM alerts AS a CROSS JOIN envelopes AS e ON e.position = a.position
    WHERE a.alert_id = ? AND e.refused = 0 ORDER BY a.position LIMIT 16"""
_SELECT_FEED: Final = "SELECT entity_tag, modified, ids, failed FROM cap_feeds WHERE name = ? AND url = ?"
_KEEP_FEED: Final = """
    INSERT OR REPLACE INTO cap_feeds (name, url, entity_tag, modified, ids, failed) VALUES (?, ?, ?, ?, ?, ?)"""


class SqliteCapShown:
    """Satisfies ``services.cap_ports.CapShown``."""

    def __init__(self, ask: Ask) -> None:
        """Read by ``ask``: a statement and its bindings."""
        self._ask = ask

    def document(self, number: int) -> CapDocument | None:
        """Return one document with its bytes, or None."""
        row = first(self._ask(_SELECT_ONE, (number,)))
        return None if row is None else _document_of(row)

    def by_key(self, key: str) -> CapDocument | None:
        """Return the document of this sender, identifier and time, with its bytes, or None."""
        row = first(self._ask(_SELECT_BY_KEY, (bytes.fromhex(key),)))
        return None if row is None else _document_of(row)

    def by_alert(self, alert_id: str) -> CapDocument | None:
        """Return the newest document whose event bears this alert id, with its bytes, or None."""
        row = first(self._ask(_SELECT_BY_ALERT, (alert_id,)))
        return None if row is None else _document_of(row)

    def documents(self, *, held_only: bool, limit: int) -> list[CapDocument]:
        """Return documents without their bytes, the newest first."""
        return [_document_of(row) for row in self._ask(_SELECT_HELD if held_only else _SELECT_NEWEST, (limit,))]

    def answers(self, event_id: str, limit: int) -> list[CapAnswerRow]:
        """Return what foreign systems answered to an event, oldest first."""
        return [_answer_of(row) for row in self._ask(_SELECT_ANSWERS, (bytes.fromhex(event_id), limit))]

    def events_of(self, alert_id: str) -> list[str]:
        """Return the envelope ids of the alerts of this id, oldest first, at most 16."""
        return [row[0].hex() for row in self._ask(_SELECT_EVENTS, (alert_id,))]

    def feed(self, name: str, url: str) -> Seen:
        """Return what is known of a feed at this address; nothing if it was never asked."""
        row = first(self._ask(_SELECT_FEED, (name, url)))
        return Seen() if row is None else Seen(row[0], row[1], tuple(row[2].split()), tuple(row[3].split()))

    def figures(self) -> CapFigures:
        """Return figures for metrics."""
        counts = dict(self._ask(_COUNT, ()))
        return CapFigures(counts.get("sent", 0), counts.get("held", 0), self._ask(_COUNT_ANSWERS, ()).get)


class SqliteCap(SqliteCapShown):
    """Satisfies ``services.cap_ports.CapBook``."""

    def __init__(self, batch: Batch) -> None:
        """Write through ``batch``."""
        super().__init__(batch.ask)
        self._batch = batch

    def add(self, row: CapDocument) -> CapDocument:
        """Keep a document and return it with its number.

        Raises:
            InvariantError: There is one of this key already.
        """
        number = self._batch.run(_INSERT, _row_of(row)).get
        if number is None:
            raise InvariantError("a CAP document is taken once")
        return replace(row, number=number)

    def close(self, number: int, *, event_id: str | None, alert_id: str, by: str, at: datetime) -> None:
        """An officer has dealt with a held document: draft and bytes are destroyed."""
        self._batch.run(_CLOSE, (bytes.fromhex(event_id) if event_id else None, alert_id, by, micros(at), number))
        self._batch.scrub = True

    def add_answer(self, event_id: str, row: CapAnswerRow) -> bool:
        """Keep an answer; False, and nothing changes, if its key is known for this event."""
        said = row.stage.value, row.sender, row.identifier, micros(row.sent_at), row.note, row.origin, row.signer
        ids = bytes.fromhex(event_id), bytes.fromhex(row.key)
        self._batch.run(_INSERT_ANSWER, (*ids, *said, micros(row.recorded_at)))
        return bool(self._batch.connection.changes())

    def keep_feed(self, name: str, url: str, seen: Seen) -> None:
        """Keep what is known of a feed, instead of what was before."""
        lists = " ".join(seen.ids), " ".join(seen.failed)
        self._batch.run(_KEEP_FEED, (name, url, seen.entity_tag, seen.modified, *lists))


def _row_of(row: CapDocument) -> Row:
    return (
        *(bytes.fromhex(one) for one in (row.key, row.meaning, row.digest)),
        row.message_type,
        row.sender,
        row.identifier,
        micros(row.sent_at),
        row.origin,
        row.signer,
        row.state.value,
        row.alert_id,
        bytes.fromhex(row.event_id) if row.event_id else None,
        json.dumps([[one.code, one.field, one.mend] for one in row.faults], ensure_ascii=False),
        micros(row.recorded_at),
        micros(row.settled_at) if row.settled_at else None,
        row.settled_by,
        row.draft,
        row.original,
    )


def _document_of(row: Row) -> CapDocument:
    number, key, meaning, digest, kind, sender, identifier, sent_at, *rest = row
    origin, signer, state, alert_id, event_id, faults, recorded_at, settled_at, settled_by, draft, original = rest
    return CapDocument(
        number=number,
        key=key.hex(),
        meaning=meaning.hex(),
        digest=digest.hex(),
        message_type=kind,
        sender=sender,
        identifier=identifier,
        sent_at=moment(sent_at),
        origin=origin,
        signer=signer,
        state=CapState(state),
        alert_id=alert_id,
        event_id=event_id.hex() if event_id else None,
        faults=tuple(Fault(*one) for one in json.loads(faults)),
        recorded_at=moment(recorded_at),
        draft=draft,
        original=original,
        settled_at=moment_or_none(settled_at),
        settled_by=settled_by,
    )


def _answer_of(row: Row) -> CapAnswerRow:
    key, stage, sender, identifier, sent_at, note, origin, signer, recorded_at = row
    return CapAnswerRow(
        key.hex(),
        ReceiptStage(stage),
        sender,
        identifier,
        moment(sent_at),
        note,
        origin,
        signer,
        moment(recorded_at),
    )
