"""Opens the monthly test page of a number when its turn has come."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import structlog

from schemas.base import BEIJING
from schemas.escalations import Escalation, Policy
from services.domain.coverage import DueTest
from services.domain.number_tests import LOOK_BACK, OpenedTest, choose, is_testable, office_from, open_test
from services.notifier.planning import Planner
from services.paging_ports import Duty
from services.ports import Clock, Store, Transaction

log = structlog.get_logger()

EVERY_SECONDS: Final = 60.0


class NumberTester:
    """Tests the numbers of the roster, one at a time."""

    def __init__(
        self, *, store: Store, planner: Planner, policy: Callable[[], Policy], duty: Duty, clock: Clock
    ) -> None:
        """Take ready-made ports; open nothing."""
        self._store, self._planner, self._policy, self._duty, self._clock = store, planner, policy, duty, clock

    async def run_once(self) -> bool:
        """Open the test of the next number, if one is due and it is time for it; tell whether one was opened.

        Raises:
            UnavailableError: The store cannot write now.
        """
        now = self._clock.now()
        if office_from(now, self._duty.is_workday, self._policy().quiet) > now:
            return False
        due = [one for one in self._duty.due_tests(now) if is_testable(one)]
        return bool(due) and await self._store.write(lambda tx: self._open(tx, due, now))

    def _open(self, tx: Transaction, due: Sequence[DueTest], now: datetime) -> bool:
        lately = [_tested(tx, one, now) for one in tx.paging.number_tests(now - LOOK_BACK)]
        chosen = choose(due, lately, now, is_busy=lambda officer: _has_open_code(tx, officer))
        if chosen is None:
            return False
        self._planner.write(tx, open_test(chosen, self._planner.county, now), now)
        log.info("notifier.number_tested", officer=chosen.owner, medium=chosen.number.medium.value)
        return True


def _tested(tx: Transaction, one: Escalation, now: datetime) -> OpenedTest:
    """Whose number it was counts on its own day alone."""
    is_today = one.opened_at.astimezone(BEIJING).date() == now.astimezone(BEIJING).date()
    pages = tx.paging.pages_of(one.key) if is_today else []
    return OpenedTest(one.key, pages[0].recipient if pages else "", one.opened_at)


def _has_open_code(tx: Transaction, officer: str) -> bool:
    return any(use.closed_at is None for use in tx.paging.uses_of(officer))
