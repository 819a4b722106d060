"""Look after referrals and requests whose time has come: nobody has to think of it.

A referral that nobody ended by its time is ended by the county that offered it; what could not be erased because it
had not arrived is erased once it has; a neighbour that does not say that it erased is told of, and so is a request that
waits too long.
"""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Self

import structlog
from pydantic import JsonValue

from schemas.catalogue import parse_new
from schemas.courses import CourseKind, CourseRow
from schemas.drafts import EventDraft
from schemas.errors import Fault, RequestError, SihuError
from schemas.information.referrals import ReferralExpired
from services.courses import CourseFollower
from services.domain import referrals
from services.domain.drafting import Outgoing, complete
from services.domain.referrals import ReferralView
from services.domain.trust import Trust
from services.ports import Clock, Store, Transaction
from services.posting import Posting
from services.recurring import recurring

log = structlog.get_logger()

_STEP: Final = 50  # courses in one round, each in a transaction of its own
_EVERY_SECONDS: Final = 5.0
_LATER: Final = timedelta(hours=1)


class CourseWatch:
    """Does what is due."""

    def __init__(self, *, store: Store, posting: Posting, trust: Callable[[], Trust], clock: Clock) -> None:
        """Take ready-made ports; open nothing."""
        self._store, self._posting, self._trust, self._clock = store, posting, trust, clock

    async def run_once(self) -> int:
        """Look at every course that is due; return how many there were.

        Raises:
            UnavailableError: The store cannot write now; what is left goes next time.
        """
        now = self._clock.now()
        looked_at = 0
        for kind in CourseKind:
            rows = await self._store.read(lambda snapshot, kind=kind: snapshot.courses_due(kind, now, _STEP))  # type: ignore[misc]
            for row in rows:
                await self._look(row, now)
            looked_at += len(rows)
        return looked_at

    async def _look(self, row: CourseRow, now: datetime) -> None:
        try:
            await self._store.write(lambda tx: self._follow(tx, row, now))
        except RequestError as exc:  # no agreement or no key to say it by: later, perhaps
            log.warning("upkeep.course_deferred", course=row.course_id, code=exc.fault.code)
            await self._store.write(lambda tx: tx.course_book.keep(replace(row, look_at=now + _LATER)))

    def _follow(self, tx: Transaction, row: CourseRow, now: datetime) -> None:
        if row.kind is CourseKind.REFERRAL:
            view = referrals.view_of(tx.steps_of(row.kind, row.course_id))
            if view is not None and view.ended_at is None and now >= view.frame.expires_at:
                self._posting.post(tx, self._expired(view, now), now)
                log.info("upkeep.referral_expired", referral=row.course_id)
        CourseFollower(tx, posting=self._posting, trust=self._trust, now=now).follow(row.kind, row.course_id)

    def _expired(self, view: ReferralView, now: datetime) -> Outgoing:
        """Return the step that ends a referral.

        Raises:
            RequestError: It cannot be said now.
        """
        content: dict[str, JsonValue] = {"referral_id": view.frame.referral_id}
        given = {
            "type": ReferralExpired.wire_type,
            "agreement": view.agreement_id,
            "to": [view.target],
            "content": content,
        }
        body, event = json.dumps(content).encode(), parse_new(ReferralExpired.wire_type, content)
        if isinstance(event, tuple):
            raise RequestError(*event)
        draft = EventDraft.model_validate_json(json.dumps(given))
        made = complete(draft, event, content=body, trust=self._trust(), county=self._posting.county, now=now)
        if isinstance(made, Fault):
            raise RequestError(made)
        return made

    @asynccontextmanager
    async def running(self, every_seconds: float = _EVERY_SECONDS) -> AsyncIterator[Self]:
        """Look at once and every ``every_seconds`` until the block ends."""
        async with recurring(
            self.run_once, name="courses", clock=self._clock, every_seconds=every_seconds, deferred=_tell_deferred
        ):
            yield self


def _tell_deferred(error: SihuError) -> None:
    log.warning("upkeep.deferred", what="courses", code=error.code)
