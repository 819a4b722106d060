# ruff: noqa: S608 - only names of columns are put into statements; every value is bound
"""Who is told what: escalations, pages, answers, and what providers said."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

import apsw

from adapters.sqlite.batch import Batch
from adapters.sqlite.mapped import Mapped
from adapters.sqlite.values import Row, first, micros, moment_or_none
from schemas.escalations import AnswerGiven, Escalation, PageRow, Silence, Transition
from schemas.officers import AnswerWord
from schemas.page_work import PageWork, PagingFigures, ReplyTaken
from schemas.pages import Report, Strength
from schemas.sms import CodeUse, PartTry, SmsTold, Suppression

Ask = Callable[[str, Row], apsw.Cursor]

ESCALATIONS: Final = Mapped(Escalation, "escalations", key=("key",))
PAGES: Final = Mapped(PageRow, "pages", key=("page_id",))
ANSWERS: Final = Mapped(AnswerGiven, "page_answers", key=("escalation", "number"))
CHANGES: Final = Mapped(Transition, "escalation_changes", key=())
SILENCES: Final = Mapped(Silence, "silences", key=("number",))
WORK: Final = Mapped(PageWork, "page_work", key=("page_id",))
TRIES: Final = Mapped(PartTry, "page_tries", key=("page_id", "part", "attempt"))
REPORTS: Final = Mapped(Report, "page_reports", key=("provider", "reference"))
CODES: Final = Mapped(CodeUse, "reply_codes", key=("number", "code", "opened_at"))
TOLD: Final = Mapped(SmsTold, "sms_told", key=())
HELD: Final = Mapped(Suppression, "suppressions", key=("page_id",))
REPLIES: Final = Mapped(ReplyTaken, "replies", key=("reply_id",))

_LIVE: Final = "state IN ('open', 'exhausted') AND kind <> 'number_test'"
_IS_MARK: Final = "kind = 'number_mark'"
_TO_PLAN: Final = f"""
    SELECT * FROM (
        {ESCALATIONS.select} WHERE wake_at <= ?1
        UNION {ESCALATIONS.select} WHERE wake_at IS NOT NULL AND planned_at > ?1)
    ORDER BY coalesce(level, 9), wake_at, key LIMIT ?2"""
_NEXT_ANSWER: Final = "SELECT coalesce(max(number), 0) + 1 FROM page_answers WHERE escalation = ?"
_NEXT_SILENCE: Final = "SELECT coalesce(max(number), 0) + 1 FROM silences"
_END_SILENCE: Final = "UPDATE silences SET ends_at = ?2 WHERE number = ?1 AND ends_at > ?2"
_WORK_DUE: Final = f"""
    {WORK.select} WHERE next_at <= ?1 AND (lease_until IS NULL OR lease_until <= ?1) AND NOT {_IS_MARK}
    ORDER BY level, next_at, page_id LIMIT ?2"""
_UNREPORTED: Final = f"""
    {TRIES.select} WHERE provider = ?1 AND reference <> '' AND tried_at >= ?2 AND tried_at < ?3 AND NOT EXISTS (
        SELECT 1 FROM page_reports AS said WHERE said.provider = page_tries.provider
        AND said.reference = page_tries.reference AND said.state IN ('delivered', 'failed'))
    ORDER BY tried_at, page_id, part LIMIT ?4"""
_IDLE: Final = f"""
    {PAGES.select} WHERE state = 'due' AND medium <> 'console'
    AND NOT EXISTS (SELECT 1 FROM page_work WHERE page_work.page_id = pages.page_id) ORDER BY due_at, page_id LIMIT ?"""
_TESTS: Final = f"{ESCALATIONS.select} WHERE kind = 'number_test' AND opened_at >= ? ORDER BY opened_at DESC, key"
_NEXT_DUE: Final = f"""
    SELECT min(at) FROM (
        SELECT min(max(next_at, coalesce(lease_until, 0))) AS at FROM page_work WHERE NOT {_IS_MARK}
        UNION ALL SELECT min(wake_at) FROM escalations WHERE wake_at IS NOT NULL)"""
_COUNT_STATES: Final = f"SELECT state, count(*) FROM escalations WHERE {_LIVE} GROUP BY state"
_COUNT_WORK: Final = f"SELECT count(*), min(next_at) FROM page_work WHERE NOT {_IS_MARK}"
_SPENT: Final = {
    "page_tries": "tried_at < ?1 AND page_id NOT IN (SELECT page_id FROM page_work)",
    "page_reports": "heard_at < ?1",
    "reply_codes": "closed_at < ?1",
    "sms_told": "told_at < ?1",
    "suppressions": "told_at < ?1",
    "replies": "heard_at < ?1",
}

_KEYS: Final = {
    "page_tries": "page_id, part, attempt",
    "page_reports": "provider, reference",
    "reply_codes": "number, code, opened_at",
    "sms_told": "rowid",
    "suppressions": "page_id",
    "replies": "reply_id",
}


class SqlitePagingShown:
    """Satisfies ``services.paging_ports.PagingShown``."""

    def __init__(self, ask: Ask) -> None:
        """Read by ``ask``."""
        self._ask = ask

    def escalation(self, key: str) -> Escalation | None:
        """Return one escalation, or None."""
        row = first(self._ask(f"{ESCALATIONS.select} WHERE key = ?", (key,)))
        return None if row is None else ESCALATIONS.value(row)

    def escalations(self, *, live_only: bool, limit: int) -> list[Escalation]:
        """Return escalations, the newest first."""
        where = f"WHERE {_LIVE}" if live_only else ""
        sql = f"{ESCALATIONS.select} {where} ORDER BY opened_at DESC, key LIMIT ?"
        return ESCALATIONS.values(self._ask(sql, (limit,)))

    def live_neighbours(self, limit: int) -> list[Escalation]:
        """Return live escalations about neighbours that did not answer, oldest first."""
        sql = f"{ESCALATIONS.select} WHERE kind = 'neighbour' AND {_LIVE} ORDER BY opened_at, key LIMIT ?"
        return ESCALATIONS.values(self._ask(sql, (limit,)))

    def of_incident(self, incident: str) -> list[Escalation]:
        """Return the escalations of one incident that are not cancelled, oldest first."""
        live = "incident = ? AND incident <> '' AND state <> 'cancelled'"
        return ESCALATIONS.values(self._ask(f"{ESCALATIONS.select} WHERE {live} ORDER BY opened_at, key", (incident,)))

    def of_version(self, envelope_id: str) -> Escalation | None:
        """Return the escalation that tells of this version of an alert, or None."""
        sql = f"{ESCALATIONS.select} WHERE version = ? AND kind <> 'neighbour' ORDER BY opened_at DESC LIMIT 1"
        row = first(self._ask(sql, (envelope_id,)))
        return None if row is None else ESCALATIONS.value(row)

    def key_of_alert(self, source: str, alert_id: str) -> str | None:
        """Return the key of the escalation that tells of a county's alert, or None."""
        row = first(self._ask("SELECT key FROM told_alerts WHERE source = ? AND alert_id = ?", (source, alert_id)))
        return None if row is None else str(row[0])

    def pages_of(self, key: str) -> list[PageRow]:
        """Return the pages of an escalation, by when they were due."""
        return PAGES.values(self._ask(f"{PAGES.select} WHERE escalation = ? ORDER BY due_at, page_id", (key,)))

    def page(self, page_id: str) -> PageRow | None:
        """Return one page, or None."""
        row = first(self._ask(f"{PAGES.select} WHERE page_id = ?", (page_id,)))
        return None if row is None else PAGES.value(row)

    def answers_to(self, key: str) -> list[AnswerGiven]:
        """Return the answers to an escalation in the order of their numbers."""
        return ANSWERS.values(self._ask(f"{ANSWERS.select} WHERE escalation = ? ORDER BY number", (key,)))

    def transitions_of(self, key: str) -> list[Transition]:
        """Return what happened to an escalation, in order."""
        return CHANGES.values(self._ask(f"{CHANGES.select} WHERE escalation = ? ORDER BY number", (key,)))

    def silences(self, now: datetime) -> list[Silence]:
        """Return the silences that have not ended."""
        return SILENCES.values(self._ask(f"{SILENCES.select} WHERE ends_at > ? ORDER BY number", (micros(now),)))

    def work_of(self, page_id: str) -> PageWork | None:
        """Return what is still to be handed over of a page, or None."""
        row = first(self._ask(f"{WORK.select} WHERE page_id = ?", (page_id,)))
        return None if row is None else WORK.value(row)

    def next_due_at(self) -> datetime | None:
        """Return when the earliest wake-up of an escalation, work or lease's end is due; None if nothing waits."""
        return moment_or_none(self._ask(_NEXT_DUE, ()).get)

    def tries_of(self, page_id: str) -> list[PartTry]:
        """Return what was handed to providers of a page, by part and attempt."""
        return TRIES.values(self._ask(f"{TRIES.select} WHERE page_id = ? ORDER BY part, attempt", (page_id,)))

    def report(self, provider: str, reference: str) -> Report | None:
        """Return the strongest report under a reference, or None."""
        row = first(self._ask(f"{REPORTS.select} WHERE provider = ? AND reference = ?", (provider, reference)))
        return None if row is None else REPORTS.value(row)

    def unreported(self, provider: str, since: datetime, until: datetime, limit: int) -> list[PartTry]:
        """Return what a provider took in a span and has not reported finally; oldest first."""
        return TRIES.values(self._ask(_UNREPORTED, (provider, micros(since), micros(until), limit)))

    def replies_of(self, officer: str, since: datetime) -> list[ReplyTaken]:
        """Return what came from an officer's number since then, oldest first."""
        sql = f"{REPLIES.select} WHERE officer = ? AND heard_at >= ? ORDER BY heard_at, reply_id"
        return REPLIES.values(self._ask(sql, (officer, micros(since))))

    def uses_of(self, number: str) -> list[CodeUse]:
        """Return the reply codes of a number, in use or resting, by when they were opened."""
        return CODES.values(self._ask(f"{CODES.select} WHERE number = ? ORDER BY opened_at, code", (number,)))

    def told_to(self, recipient: str, since: datetime) -> list[SmsTold]:
        """Return the SMS that an officer was sent since then, oldest first."""
        sql = f"{TOLD.select} WHERE recipient = ? AND told_at >= ? ORDER BY told_at, rowid"
        return TOLD.values(self._ask(sql, (recipient, micros(since))))

    def held_for(self, recipient: str) -> list[Suppression]:
        """Return the SMS that are held back for an officer and were not told of yet."""
        sql = f"{HELD.select} WHERE recipient = ? AND told_at IS NULL ORDER BY due_at, page_id"
        return HELD.values(self._ask(sql, (recipient,)))

    def figures(self) -> PagingFigures:
        """Return what waits now."""
        states = dict(self._ask(_COUNT_STATES, ()))
        waiting, oldest = next(self._ask(_COUNT_WORK, ()))
        held = int(self._ask("SELECT count(*) FROM suppressions WHERE told_at IS NULL", ()).get)
        return PagingFigures(states.get("open", 0), states.get("exhausted", 0), waiting, moment_or_none(oldest), held)

    def marks_due(self, limit: int) -> list[PageWork]:
        """Return the marks of numbers that are still to be recorded, oldest first."""
        return WORK.values(self._ask(f"{WORK.select} WHERE {_IS_MARK} ORDER BY next_at, page_id LIMIT ?", (limit,)))

    def number_tests(self, since: datetime) -> list[Escalation]:
        """Return the test pages of numbers that were opened since then, the newest first."""
        return ESCALATIONS.values(self._ask(_TESTS, (micros(since),)))

    def idle_pages(self, limit: int) -> list[PageRow]:
        """Return pages that are due and that nobody is to hand over, by when they were due."""
        return PAGES.values(self._ask(_IDLE, (limit,)))

    def suppression(self, page_id: str) -> Suppression | None:
        """Return why a page was held back, or None."""
        row = first(self._ask(f"{HELD.select} WHERE page_id = ?", (page_id,)))
        return None if row is None else HELD.value(row)


class SqlitePaging(SqlitePagingShown):
    """Satisfies ``services.paging_ports.Paging``."""

    def __init__(self, batch: Batch) -> None:
        """Write through ``batch``."""
        super().__init__(batch.ask)
        self._batch = batch

    def to_plan(self, now: datetime, limit: int) -> list[Escalation]:
        """Return escalations whose wake-up has passed, or that were planned by a clock set back since."""
        return ESCALATIONS.values(self._ask(_TO_PLAN, (micros(now), limit)))

    def keep(self, escalation: Escalation) -> None:
        """Keep a row in place of the one with its key."""
        self._batch.run(ESCALATIONS.upsert, ESCALATIONS.row(escalation))

    def note_alert(self, source: str, alert_id: str, key: str) -> None:
        """From now on this escalation tells of a county's alert."""
        self._batch.run("INSERT OR REPLACE INTO told_alerts VALUES (?, ?, ?)", (source, alert_id, key))

    def add_page(self, page: PageRow) -> bool:
        """Keep a new page; False, and nothing changes, if its id is known."""
        self._batch.run(PAGES.insert, PAGES.row(page))
        return bool(self._batch.connection.changes())

    def keep_page(self, page: PageRow) -> None:
        """Keep a page in place of the one with its id."""
        self._batch.run(PAGES.upsert, PAGES.row(page))

    def add_answer(
        self, key: str, officer: str, word: AnswerWord, *, strength: Strength, at: datetime, to_officer: str = ""
    ) -> AnswerGiven:
        """Keep an answer under the next number of its escalation."""
        number = int(self._ask(_NEXT_ANSWER, (key,)).get)
        answer = AnswerGiven(number, key, officer, word, strength, at, to_officer)
        self._batch.run(ANSWERS.insert, ANSWERS.row(answer))
        return answer

    def add_transition(self, one: Transition) -> None:
        """Write down what happened."""
        self._batch.run(CHANGES.insert, CHANGES.row(one))

    def add_silence(self, silence: Silence) -> Silence:
        """Keep a silence (its ``number`` is ignored) and return it with its number."""
        kept = replace(silence, number=int(self._ask(_NEXT_SILENCE, ()).get))
        self._batch.run(SILENCES.insert, SILENCES.row(kept))
        return kept

    def end_silence(self, number: int, at: datetime) -> None:
        """End a silence now; one that has ended stays as it is."""
        self._batch.run(_END_SILENCE, (number, micros(at)))

    def work_due(self, now: datetime, limit: int) -> list[PageWork]:
        """Return what may be handed over now and nobody is at, the highest level first, then what waits longest."""
        return WORK.values(self._ask(_WORK_DUE, (micros(now), limit)))

    def release(self) -> None:
        """End every lease."""
        self._batch.run("UPDATE page_work SET lease_until = NULL")

    def keep_work(self, work: PageWork) -> None:
        """Keep work in place of that of the same page."""
        self._batch.run(WORK.upsert, WORK.row(work))

    def drop_work(self, page_id: str) -> None:
        """Nothing more is handed over of a page."""
        self._batch.run("DELETE FROM page_work WHERE page_id = ?", (page_id,))

    def add_try(self, one: PartTry) -> None:
        """Keep what a provider said of a part."""
        self._batch.run(TRIES.insert, TRIES.row(one))

    def try_under(self, provider: str, reference: str) -> PartTry | None:
        """Return the newest try that a provider took under a reference, or None."""
        sql = f"{TRIES.select} WHERE provider = ? AND reference = ? AND reference <> '' ORDER BY tried_at DESC LIMIT 1"
        row = first(self._ask(sql, (provider, reference)))
        return None if row is None else TRIES.value(row)

    def keep_report(self, report: Report) -> None:
        """Keep a report in place of the one under its reference."""
        self._batch.run(REPORTS.upsert, REPORTS.row(report))

    def keep_use(self, use: CodeUse) -> None:
        """Keep a reply code in place of the same opening."""
        self._batch.run(CODES.upsert, CODES.row(use))

    def holders(self, holder: str) -> list[CodeUse]:
        """Return every open code of a holder, of whichever number."""
        sql = f"{CODES.select} WHERE holder = ? AND closed_at IS NULL ORDER BY number, opened_at"
        return CODES.values(self._ask(sql, (holder,)))

    def add_told(self, told: SmsTold) -> None:
        """Keep that an SMS went to an officer."""
        self._batch.run(TOLD.insert, TOLD.row(told))

    def keep_suppression(self, held: Suppression) -> None:
        """Keep that, why and until when a page is held back, or that it was told of."""
        self._batch.run(HELD.upsert, HELD.row(held))

    def members_of(self, bundle: str) -> list[Suppression]:
        """Return every page of a bundle, told of or not, by when it was due."""
        return HELD.values(self._ask(f"{HELD.select} WHERE bundle = ? ORDER BY due_at, page_id", (bundle,)))

    def take_reply(self, reply: ReplyTaken) -> bool:
        """Keep what came back; False, and nothing changes, if it came before."""
        self._batch.run(REPLIES.insert, REPLIES.row(reply))
        return bool(self._batch.connection.changes())

    def forget(self, before: datetime, limit: int) -> int:
        """Drop tries, reports, closed codes, told SMS and replies of before then; close codes opened before."""
        gone = 0
        self._batch.run(
            "UPDATE reply_codes SET closed_at = ?1 WHERE closed_at IS NULL AND opened_at < ?1", (micros(before),)
        )
        for table, spent in _SPENT.items():
            key = _KEYS[table]
            sql = f"DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE {spent} LIMIT ?2)"
            self._batch.run(sql, (micros(before), limit))
            gone += self._batch.connection.changes()
        return gone
