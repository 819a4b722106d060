"""Days of cases of joint mediation: whoever is on duty is told before one is over, until the step is taken.

Source: docs/mediation.md, section "Rules"
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final

import structlog

from schemas.base import BEIJING
from schemas.notices import Notice, NoticeKind
from services.casework import file_of
from services.domain.case_words import DAYS
from services.domain.mediation_next import reminders
from services.domain.telling import told_of_case
from services.ports import Snapshot, Store, Transaction

log = structlog.get_logger()

_CASES_MOST: Final = 1000
_NOTICES_MOST: Final = 500
_NEAR: Final = timedelta(days=30)
"""No reminder comes earlier before the last day that it is about."""


async def tell_case_days(store: Store, now: datetime) -> int:
    """Tell the days that have come and resolve those that are no matter any more; return how many notices changed.

    Raises:
        UnavailableError: The store cannot read or write now.
    """
    today = now.astimezone(BEIJING).date()
    told = await store.read(lambda snapshot: dict(_days(snapshot, today)))
    notices = await store.read(lambda snapshot: snapshot.notices(open_only=True, limit=_NOTICES_MOST))
    known = {one.about: one for one in notices if one.kind is NoticeKind.CASE_DUE}
    fresh = sorted(told.keys() - known.keys())
    over = [known[about] for about in sorted(known.keys() - told.keys())]
    if fresh or over:
        await store.write(lambda tx: _note(tx, {about: told[about] for about in fresh}, over, now))
    return len(fresh) + len(over)


def _days(snapshot: Snapshot, today: date) -> Iterator[tuple[str, str]]:
    """Yield what each day is filed under, and its line."""
    for row in snapshot.cases.newest(open_only=True, limit=_CASES_MOST):
        if row.due_on is None or row.due_on > today + _NEAR:
            continue
        for one in reminders(file_of(snapshot, row.case_id).state, today):
            about = f"{row.case_id}/{one.kind}/{one.on}/{one.item_no or ''}/{'over' if one.passed else 'near'}"
            yield about, told_of_case(row.case_id, DAYS[one.kind], one.on, one.source, passed=one.passed)


def _note(tx: Transaction, fresh: dict[str, str], over: list[Notice], now: datetime) -> None:
    for about, text in fresh.items():
        tx.waiting_room.tell(NoticeKind.CASE_DUE, about, "", text, now)
        log.warning("notifier.case_due", about=about)
    for notice in over:
        tx.waiting_room.resolve(notice.kind, notice.about, notice.county, now)
