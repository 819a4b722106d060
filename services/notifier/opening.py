"""What has come and must be told: an alert opens an escalation, a newer version goes on in it, a cancellation ends it.

Works off incoming events behind a position of its own, so an event is opened once, whenever it came.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from schemas.base import Status
from schemas.catalogue import parse_received
from schemas.escalations import Escalation, EscalationKind, Plan, Policy
from schemas.information.alerts import Alert, AlertCancelled
from schemas.officers import AnswerWord
from schemas.pages import Strength
from schemas.records import Direction, EventSummary, StoredEvent
from services.acknowledging import give_answer
from services.domain.escalation import Opening, cancel, open_escalation, supersede
from services.domain.escalation_versions import NewVersion, carry_on, succession_of
from services.domain.levels import effective_level
from services.domain.neighbours import is_over, silence_in
from services.domain.ordinary import open_ordinary
from services.domain.reading import content_of
from services.domain.releasing import REHEARSED
from services.notifier.planning import Planner
from services.paging_ports import Duty
from services.ports import Transaction

log = structlog.get_logger()

POSITION: Final = "paged_up_to"
"""Setting of the store: up to which position incoming events were looked at."""
_BATCH: Final = 200
_LIVE_MOST: Final = 1000
_OLD: Final = timedelta(hours=24)
"""What came earlier than that before paging was set up is history."""


class Opener:
    """Opens, carries on and ends escalations for what has come."""

    def __init__(self, *, planner: Planner, policy: Callable[[], Policy], duty: Duty) -> None:
        """Take ready-made parts; open nothing."""
        self._planner, self._policy, self._duty = planner, policy, duty

    def open_new(self, tx: Transaction, now: datetime) -> bool:
        """Look at what has come since the last time; tell whether more of it may be left."""
        since = int(tx.memory.settings().get(POSITION, "0"))
        page = tx.events(direction=Direction.INCOMING, wire_type=None, since=since, limit=_BATCH)
        for summary in page.rows:
            self._open(tx, summary, now)
        if page.next_since != since:
            tx.memory.put_setting(POSITION, str(page.next_since))
        return len(page.rows) == _BATCH

    def end_neighbours(self, tx: Transaction, now: datetime) -> None:
        """What a neighbour had not said in time has come: nobody need call it any more."""
        for one in tx.paging.live_neighbours(_LIVE_MOST):
            silence = silence_in(one.key)
            if silence is not None and is_over(silence, tx.deliveries(silence.envelope_id)):
                ended = cancel(one, self._planner.facts(tx, one, now), "answered")
                self._write(tx, replace(ended, pages=()), now)  # an SMS that asks to call them would be wrong now

    def _open(self, tx: Transaction, summary: EventSummary, now: datetime) -> None:
        event = tx.event(summary.envelope_id)
        if event is None or not _is_to_be_told(summary, now):
            return
        parsed = parse_received(summary.wire_type, content_of(event), event.envelope.header.schema_ref.digest)
        alert = None if isinstance(parsed, tuple) else parsed.event
        if isinstance(alert, AlertCancelled):
            self._cancel(tx, alert, event, now)
        elif isinstance(alert, Alert):
            self._alert(tx, event, alert, now)
        elif event.level is not None:
            self._levelled(tx, event, event.level, now, read=not isinstance(parsed, tuple))
        else:
            self._ordinary(tx, event, now)
        self._heed_answer(tx, event, now)

    def _heed_answer(self, tx: Transaction, event: StoredEvent, now: datetime) -> None:
        """Whoever took it at the console before it was looked at here has taken it: nobody is paged for it."""
        first = tx.receipt_book.answered(event.chain_number, event.envelope.header.seq)
        opened = tx.paging.of_version(event.envelope.envelope_id) if first is not None else None
        if first is None or opened is None or tx.paging.answers_to(opened.key):
            return
        word = AnswerWord(first.answer) if first.answer else AnswerWord.RECEIVED
        give_answer(tx, opened, first.officer or "", word, strength=Strength.WEB_SIGNED, now=now)

    def _ordinary(self, tx: Transaction, event: StoredEvent, now: datetime) -> None:
        header = event.envelope.header
        opened = open_ordinary(
            event.envelope.envelope_id,
            self._policy(),
            now,
            source=header.source,
            is_workday=self._duty.is_workday,
            status=header.status,
            acknowledge_by=header.acknowledge_by,
        )
        tx.paging.keep(opened)

    def _levelled(self, tx: Transaction, event: StoredEvent, level: int, now: datetime, *, read: bool) -> None:
        """What has a level is told like an alert: danger in a dispute, or an alert of a newer kind than we can read."""
        header, envelope_id = event.envelope.header, event.envelope.envelope_id
        incident, kind = f"{header.source}/{envelope_id}", EscalationKind.ALERT
        opening = Opening(envelope_id, kind, incident, level, header.status, header.source, header.expires)
        tx.paging.keep(open_escalation(opening, self._policy(), now, header.acknowledge_by))
        if read:
            log.info("notifier.opened", envelope_id=envelope_id, level=level)
        else:
            log.warning("notifier.opened_unread", envelope_id=envelope_id, level=level)

    def _alert(self, tx: Transaction, event: StoredEvent, alert: Alert, now: datetime) -> None:
        header, envelope_id = event.envelope.header, event.envelope.envelope_id
        level = effective_level(alert)
        earlier = self._earlier(tx, event, alert)
        succession = succession_of(earlier, level)
        key = succession.carried or envelope_id
        incident = next((one.incident for one in earlier), f"{header.source}/{alert.alert_id}")
        if succession.carried is None:
            opening = Opening(
                envelope_id, EscalationKind.ALERT, incident, level, header.status, header.source, alert.expires
            )
            tx.paging.keep(open_escalation(opening, self._policy(), now, header.acknowledge_by))
        else:
            held = next(one for one in earlier if one.key == succession.carried)
            version = NewVersion(envelope_id, level, alert.expires)
            self._write(tx, carry_on(held, self._planner.facts(tx, held, now), version), now)
        for one in earlier:
            if one.key in succession.ended:
                self._write(tx, supersede(one, self._planner.facts(tx, one, now), key), now)
        if not self._is_meant_already(tx, event, alert):
            tx.paging.note_alert(header.source, alert.alert_id, key)
        log.info("notifier.opened", envelope_id=envelope_id, level=level, change=succession.change.value)

    def _cancel(self, tx: Transaction, alert: AlertCancelled, event: StoredEvent, now: datetime) -> None:
        for one in self._earlier(tx, event, alert):
            self._write(tx, cancel(one, self._planner.facts(tx, one, now), alert.alert_id), now)

    @staticmethod
    def _is_meant_already(tx: Transaction, event: StoredEvent, alert: Alert) -> bool:
        """Tell whether an exercise bears the id of a real alert: that keeps it, so that its end is heard."""
        header = event.envelope.header
        key = tx.paging.key_of_alert(header.source, alert.alert_id) if header.status in REHEARSED else None
        before = tx.paging.escalation(key) if key is not None else None
        return before is not None and before.status not in REHEARSED

    def _earlier(self, tx: Transaction, event: StoredEvent, alert: Alert) -> list[Escalation]:
        """Return the escalations of the alerts that this one names, each once; no exercise silences what was meant."""
        source, status = event.envelope.header.source, event.envelope.header.status
        names = [one.alert_id for one in getattr(alert, "predecessors", ())]
        keys = dict.fromkeys(key for name in names if (key := tx.paging.key_of_alert(source, name)) is not None)
        found = (one for key in keys if (one := tx.paging.escalation(key)) is not None)
        return [one for one in found if one.status is status]

    def _write(self, tx: Transaction, plan: Plan, now: datetime) -> None:
        self._planner.write(tx, plan, now)


def _is_to_be_told(summary: EventSummary, now: datetime) -> bool:
    if summary.status == Status.SYSTEM or summary.recorded_at < now - _OLD:
        return False
    return summary.expires is None or summary.expires > now
